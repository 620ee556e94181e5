// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/body.hpp>
#include <typegrad/evaluators/thrust/launch.hpp>
#include <typegrad/evaluators/thrust/reduce.hpp>
#include <typegrad/training/optimizers/update.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

// An optimizer's step on the device: one pass over weights, gradients and slots, with the rule that
// the CPU has. A step that must change nothing is known by what lies in the device's memory, so
// that nobody has to wait for it.

TYPEGRAD_ON_THRUST_BEGIN

using training_detail::segment;

/// What comes with every batch: all that changes from step to step.
struct step_header {
  run_state state;
  std::int64_t number = 0;   ///< of the step, from 1
  std::int64_t samples = 0;  ///< of the batch
  float decay = 0;           ///< of the weights, before the rule: w -= w * decay
  float clip = 0;            ///< the limit that the clipping has, if there is one
  bool check_finite = true;
  alignas(16) std::byte rule[64] = {};
};

inline constexpr int max_results = 32;

/// What training keeps on the device besides arrays of weights.
struct training_control {
  std::int64_t failed_step = 0;  ///< the first step whose loss was not finite, from 1; 0 if none
  float failed_loss = 0;
  int overflows = 0;  ///< of scaled gradients, in this step
  float loss_scale = 1;
  int steps_since = 0;  ///< since the scale changed last
  std::int64_t samples = 0;
  double sums[max_results] = {};
  alignas(
      16) float results[max_results][4] = {};  ///< loss and metrics of the batch, the first of each
};

TYPEGRAD_DEVICE inline bool is_finite(float x) { return x - x == 0; }

/// Whether a step changes nothing.
TYPEGRAD_DEVICE inline bool refused(training_control const* c, step_header const* h) {
  return c->failed_step != 0 || c->overflows != 0 ||
         (h->check_finite && !is_finite(c->results[0][0]));
}

/// How gradients are limited: which one of an optimizer's three limits is set.
enum class clipping { none, by_value, by_norm, by_global_norm };

struct device_update {
  float* weights = nullptr;
  float* gradients = nullptr;
  std::array<float*, training_detail::max_slots> slots{};
  training_control* control = nullptr;
  step_header const* header = nullptr;
  std::vector<segment> const* variables = nullptr;  ///< the trainable weights, one each
  std::vector<segment> const* merged = nullptr;     ///< the same elements; neighbours joined
  segment const* chunks = nullptr;  ///< on the device: parts of variables, for norms
  std::int64_t chunk_count = 0;
  std::int64_t const* first_chunks = nullptr;  ///< on the device: per variable, and behind the last
  double* partial_sums = nullptr;              ///< on the device: per chunk
  float* scales = nullptr;                     ///< on the device: per variable, of its gradient
  clipping clip = clipping::none;
  bool decays = false;
  bool scaled_loss = false;
  int results = 1;  ///< loss and metrics

  /// Whether the pass over the weights closes the step's account, which saves a launch.
  bool closes_account() const { return !scaled_loss && !merged->empty(); }
};

// Norms -------------------------------------------------------------------------------------------

struct norm_kernel {
  struct arguments {
    float const* gradients;
    segment const* chunks;
    double* partial_sums;
  };
  static constexpr int threads = 256;
  using sum = reducer<op::reduce_sum, double>;
  static constexpr std::size_t shared_bytes() { return combined_bytes<sum, threads>(); }
  template <int Size>
  TYPEGRAD_DEVICE static void tile(group<Size> const& g, std::int64_t t, arguments const& a,
                                   no_plan) {
    segment const s = a.chunks[t];
    sum mine;
    mine.start();
    for (std::int64_t i = s.begin + g.rank(); i < s.end; i += group<Size>::size) {
      double const x = static_cast<double>(a.gradients[i]);
      mine.add(x * x, i);
    }
    sum const all = combined(g, mine, g.shared);
    if (g.rank() == 0) a.partial_sums[t] = all.finish();
  }
};

/// The factor of each variable's gradient, or of all of them, as Keras has it.
struct clip_kernel {
  struct arguments {
    double const* partial_sums;
    std::int64_t const* first_chunks;
    std::int64_t chunk_count;
    float* scales;
    step_header const* header;
    training_control const* control;
    bool all;
  };
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    std::int64_t const begin = a.all ? 0 : a.first_chunks[u];
    std::int64_t const end = a.all ? a.chunk_count : a.first_chunks[u + 1];
    double sum = 0;
    for (std::int64_t i = begin; i < end; ++i) sum += a.partial_sums[i];
    // the gradients are of the loss times its scale
    double const norm = std::sqrt(sum) / static_cast<double>(a.control->loss_scale);
    double const limit = static_cast<double>(a.header->clip);
    float scale = static_cast<float>(limit / (norm > limit ? norm : limit));
    if (a.all && !(norm - norm == 0)) scale = static_cast<float>(norm - norm);  // NaN, as in Keras
    a.scales[u] = scale;
  }
};

// The loss's scale --------------------------------------------------------------------------------

/// Gives the scale to the step that begins.
struct scale_kernel {
  struct arguments {
    step_header* header;
    training_control* control;
  };
  TYPEGRAD_DEVICE static void unit(std::int64_t, arguments const& a) {
    a.header->state.loss_scale = a.control->loss_scale;
    a.control->overflows = 0;
  }
};

/// Looks for gradients that are not finite.
struct overflow_kernel {
  struct arguments {
    float const* gradients;
    training_control* control;
  };
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    auto const g = *reinterpret_cast<pack<float, 4> const*>(a.gradients + 4 * u);
    bool finite = true;
    TYPEGRAD_UNROLLED
    for (int w = 0; w < 4; ++w) finite = finite && is_finite(g.at[w]);
    if (!finite) a.control->overflows = 1;  // whoever writes writes the same
  }
};

// The step's account ----------------------------------------------------------------------------

/// Adds up loss and metrics, and keeps what failed.
struct closing_kernel {
  struct arguments {
    training_control* control;
    step_header const* header;
    int results;
    bool training, scaled_loss;
  };
  TYPEGRAD_DEVICE static void unit(std::int64_t, arguments const& a) {
    training_control& c = *a.control;
    if (c.failed_step != 0) return;
    float const loss = c.results[0][0];
    if (a.training && a.header->check_finite && !is_finite(loss)) {
      c.failed_step = a.header->number;
      c.failed_loss = loss;
      return;
    }
    auto const samples = static_cast<double>(a.header->samples);
    c.sums[0] += static_cast<double>(loss) * samples;
    for (int i = 1; i < a.results; ++i) c.sums[i] += static_cast<double>(c.results[i][0]);
    c.samples += a.header->samples;
    if (!a.training || !a.scaled_loss) return;
    // Keras's LossScaleOptimizer: half after an overflow, twice after 2000 steps without one
    if (c.overflows != 0) {
      c.loss_scale = c.loss_scale * 0.5F;
      c.steps_since = 0;
    } else if (++c.steps_since >= 2000) {
      c.loss_scale = c.loss_scale * 2;
      c.steps_since = 0;
    }
  }
};

// The pass ----------------------------------------------------------------------------------------

template <class Rule, bool Conditioned>
struct update_kernel {
  static constexpr auto slot_count = static_cast<std::size_t>(Rule::slots);
  struct arguments {
    float* weights;
    float const* gradients;
    float* slots[slot_count > 0 ? slot_count : 1];
    float const* scale;  ///< of the gradients, besides the loss's; null for none
    training_control const* control;
    step_header const* header;
    std::int64_t begin;
    bool clip_value;
    bool decays;
    bool scaled_loss;
    std::int64_t closing_unit;  ///< which one closes the account; none if negative
    closing_kernel::arguments closing;
  };

  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    // It changes what the others ask only where they change nothing in any case.
    if (u == a.closing_unit) return closing_kernel::unit(0, a.closing);
    if (refused(a.control, a.header)) return;
    Rule const rule = *reinterpret_cast<Rule const*>(a.header->rule);
    std::int64_t const at = a.begin + 4 * u;
    using packed = pack<float, 4>;
    packed w = *reinterpret_cast<packed const*>(a.weights + at);
    packed g = *reinterpret_cast<packed const*>(a.gradients + at);
    packed slots[slot_count > 0 ? slot_count : 1];
    TYPEGRAD_UNROLLED
    for (std::size_t k = 0; k != slot_count; ++k)
      slots[k] = *reinterpret_cast<packed const*>(a.slots[k] + at);
    if constexpr (Conditioned) {
      float factor = a.scale == nullptr ? 1.0F : *a.scale;
      if (a.scaled_loss) factor /= a.control->loss_scale;
      float const limit = a.clip_value ? a.header->clip : 0.0F;
      float const decay = a.decays ? a.header->decay : 0.0F;
      TYPEGRAD_UNROLLED
      for (int i = 0; i < 4; ++i) {
        float x = g.at[i] * factor;
        if (a.clip_value) x = x > limit ? limit : x < -limit ? -limit : x;  // NaN stays
        g.at[i] = x;
        w.at[i] = training_detail::fnma(w.at[i], decay, w.at[i]);
      }
    }
    TYPEGRAD_UNROLLED
    for (int i = 0; i < 4; ++i) {
      std::array<float, slot_count> s;
      for (std::size_t k = 0; k != slot_count; ++k) s[k] = slots[k].at[i];
      rule(w.at[i], g.at[i], s);
      for (std::size_t k = 0; k != slot_count; ++k) slots[k].at[i] = s[k];
    }
    *reinterpret_cast<packed*>(a.weights + at) = w;
    TYPEGRAD_UNROLLED
    for (std::size_t k = 0; k != slot_count; ++k)
      *reinterpret_cast<packed*>(a.slots[k] + at) = slots[k];
  }
};

/// The pass of one optimizer's rule.
template <class Rule, bool Conditioned, class Used>
void launch_rule(queue& q, device_update const& t, Used const& used) {
  using kernel = update_kernel<Rule, Conditioned>;
  bool const each = t.clip == clipping::by_norm;
  auto const& segments = each ? *t.variables : *t.merged;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    typename kernel::arguments a{};
    a.weights = t.weights;
    a.gradients = t.gradients;
    for (std::size_t k = 0; k != kernel::slot_count; ++k)
      a.slots[k] = t.slots[static_cast<std::size_t>(used[k])];
    if (each)
      a.scale = t.scales + i;
    else if (t.clip == clipping::by_global_norm)
      a.scale = t.scales;
    a.control = t.control;
    a.header = t.header;
    a.begin = segments[i].begin;
    a.clip_value = t.clip == clipping::by_value;
    a.decays = t.decays;
    a.scaled_loss = t.scaled_loss;
    std::int64_t const units = (segments[i].end - segments[i].begin) / 4;
    bool const closes = t.closes_account() && i + 1 == segments.size();
    a.closing_unit = closes ? units : -1;
    a.closing = {t.control, t.header, t.results, true, t.scaled_loss};
    launch_units<kernel>(q, units + (closes ? 1 : 0), a);
  }
}

/// An optimizer whose type is forgotten.
struct optimizer_entry {
  /// Fills in what of a header the optimizer decides, for step `h.number`.
  void (*prepare)(void const* optimizer, step_header& h) = nullptr;
  clipping (*clip_of)(void const* optimizer) = nullptr;
  /// Gives the pass to a queue; `t.header` is on the device.
  void (*update)(void const* optimizer, queue& q, device_update const& t) = nullptr;
};

namespace detail {

// Classes rather than lambdas: nvcc 13 fails on generic ones here.
struct keep_rule {
  step_header& h;
  template <class Rule, class Used>
  void operator()(Rule const& rule, Used const&) const {
    static_assert(sizeof(Rule) <= sizeof(h.rule));
    std::memcpy(h.rule, &rule, sizeof(rule));
  }
};
struct give_rule {
  queue& q;
  device_update const& t;
  template <class Rule, class Used>
  void operator()(Rule const&, Used const& used) const {
    if (t.clip != clipping::none || t.decays || t.scaled_loss)
      launch_rule<Rule, true>(q, t, used);
    else
      launch_rule<Rule, false>(q, t, used);
  }
};

template <class Optimizer>
struct typed_optimizer {
  static Optimizer const& typed(void const* optimizer) {
    return *static_cast<Optimizer const*>(optimizer);
  }
  static void prepare(void const* optimizer, step_header& h) {
    Optimizer const& o = typed(optimizer);
    h.decay = o.weight_decay * o.learning_rate;
    h.clip = o.clipnorm > 0 ? o.clipnorm : o.global_clipnorm > 0 ? o.global_clipnorm : o.clipvalue;
    o.with_rule(h.number, keep_rule{h});
  }
  static clipping clip_of(void const* optimizer) {
    Optimizer const& o = typed(optimizer);
    return o.clipnorm > 0          ? clipping::by_norm
           : o.global_clipnorm > 0 ? clipping::by_global_norm
           : o.clipvalue > 0       ? clipping::by_value
                                   : clipping::none;
  }
  static void update(void const* optimizer, queue& q, device_update const& t) {
    typed(optimizer).with_rule(1, give_rule{q, t});
  }
};

}  // namespace detail

template <class Optimizer>
inline constexpr optimizer_entry optimizer_entry_of{&detail::typed_optimizer<Optimizer>::prepare,
                                                    &detail::typed_optimizer<Optimizer>::clip_of,
                                                    &detail::typed_optimizer<Optimizer>::update};

// States ------------------------------------------------------------------------------------------

/// States take their new values, which stand where a weight has its gradient.
struct state_kernel {
  struct arguments {
    float* weights;
    float const* gradients;
    std::int64_t const* elements;
    training_control const* control;
    step_header const* header;
  };
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    if (refused(a.control, a.header)) return;
    a.weights[a.elements[u]] = a.gradients[a.elements[u]];
  }
};

TYPEGRAD_ON_THRUST_END
