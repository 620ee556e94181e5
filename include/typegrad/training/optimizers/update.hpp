// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/team.hpp>
#include <typegrad/evaluators/cpu/xsimd.hpp>
#include <typegrad/training/optimizers/arithmetic.hpp>

#include <array>
#include <cmath>
#include <cstdint>

// The loop that all optimizers share: one pass over weights, gradients and slots, which are flat
// buffers of one layout (weights at multiples of 16 elements, zeros between them).
namespace typegrad::training_detail {

inline constexpr int max_slots = 3;

/// Elements [begin, end) of the flat buffers; both are multiples of `segment_grain`.
struct segment {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
inline constexpr std::int64_t segment_grain = 16;

/// What one step of an optimizer works on. All buffers are aligned to 64 bytes.
struct update_target {
  float* weights = nullptr;
  float const* gradients = nullptr;
  float* slots[max_slots] = {};        ///< null where the optimizer does not use the slot
  segment const* variables = nullptr;  ///< the trainable weights, one each, ascending
  int variable_count = 0;
  segment const* merged = nullptr;  ///< the same elements; neighbours joined
  int merged_count = 0;
  double* partial_sums = nullptr;  ///< room for `norm_chunks` of them
  std::int64_t step = 1;           ///< 1 in the first step
};

/// What happens to a gradient, and to the weight, before the optimizer's own rule.
struct conditioning {
  float scale = 1;  ///< of the gradient
  float limit = 0;  ///< the gradient is held within +-limit, if that is positive
  float decay = 0;  ///< of the weight: w -= w * decay
};

// Norms -------------------------------------------------------------------------------------------

/// Sums are taken in chunks of this many elements, whatever the number of threads.
inline constexpr std::int64_t norm_chunk = 8192;

constexpr std::int64_t norm_chunks(segment s) {
  return (s.end - s.begin + norm_chunk - 1) / norm_chunk;
}
inline std::int64_t norm_chunks(segment const* segments, int count) {
  std::int64_t n = 0;
  for (int i = 0; i < count; ++i) n += norm_chunks(segments[i]);
  return n;
}

/// The sum of squares of elements [begin, end), for an order of additions that the length decides.
template <class Arch>
double sum_of_squares(float const* x, std::int64_t begin, std::int64_t end) noexcept {
  // 16 sums side by side, so that every width of vectors adds in the same order.
  using batch = xsimd::batch<float, Arch>;
  constexpr std::int64_t width = batch::size;
  if constexpr (width <= segment_grain) {
    constexpr auto vectors = static_cast<std::size_t>(segment_grain / width);
    std::array<batch, 2 * vectors> sums;
    for (batch& s : sums) s = batch(0.0F);
    std::int64_t i = begin;
    for (; i + 2 * segment_grain <= end; i += 2 * segment_grain)
      for (std::size_t k = 0; k < 2 * vectors; ++k) {
        batch const v = batch::load_aligned(x + i + static_cast<std::int64_t>(k) * width);
        sums[k] = xsimd::fma(v, v, sums[k]);
      }
    for (std::size_t k = 0; i < end; i += width, ++k) {
      batch const v = batch::load_aligned(x + i);
      sums[k] = xsimd::fma(v, v, sums[k]);
    }
    double total = 0;
    for (batch const& s : sums) {
      alignas(64) float lanes[width];
      s.store_aligned(lanes);
      for (float const v : lanes) total += static_cast<double>(v);
    }
    return total;
  } else {
    double total = 0;
    for (std::int64_t i = begin; i < end; ++i)
      total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return total;
  }
}

/// This member's chunks of the squared norm of each segment, into `sums`.
template <class Arch>
void norm_partials(on_cpu::team const& team, float const* x, segment const* segments, int count,
                   double* sums) noexcept {
  std::int64_t const all = norm_chunks(segments, count);
  auto const mine = team.part(all);
  std::int64_t first = 0;
  for (int s = 0; s < count; ++s) {
    std::int64_t const chunks = norm_chunks(segments[s]);
    for (std::int64_t c = 0; c < chunks; ++c) {
      std::int64_t const index = first + c;
      if (index < mine.begin || index >= mine.end) continue;
      std::int64_t const begin = segments[s].begin + c * norm_chunk;
      std::int64_t const end = begin + norm_chunk < segments[s].end ? begin + norm_chunk
                                                                    : segments[s].end;
      sums[index] = sum_of_squares<Arch>(x, begin, end);
    }
    first += chunks;
  }
}

inline double total(double const* sums, std::int64_t begin, std::int64_t end) noexcept {
  double t = 0;
  for (std::int64_t i = begin; i < end; ++i) t += sums[i];
  return t;
}

// The pass ----------------------------------------------------------------------------------------

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12's own _mm512_sqrt_ps
#endif

/// One optimizer's rule, over elements [begin, end) (multiples of 16). A rule has
///   static constexpr int slots;
///   template <class B> void operator()(B& w, B g, std::array<B, slots>& s) const;
/// where w and s come in as they are and go out as they shall be.
template <class Arch, bool Conditioned, class Rule>
void update_range(Rule const rule, float* w, float const* g, float* const* slots, int const* used,
                  std::int64_t begin, std::int64_t end, conditioning const c) noexcept {
  using batch = xsimd::batch<float, Arch>;
  constexpr std::int64_t width = batch::size;
  constexpr std::int64_t unroll = segment_grain % (2 * width) == 0 ? 2 : 1;
  static_assert(segment_grain % width == 0);
  constexpr auto count = static_cast<std::size_t>(Rule::slots);
  std::array<float*, count> s{};
  for (std::size_t k = 0; k != count; ++k) s[k] = slots[used[k]];
  auto const one = [&](std::int64_t i) __attribute__((always_inline)) {
    batch weight = batch::load_aligned(w + i);
    batch gradient = batch::load_aligned(g + i);
    std::array<batch, count> slot;
    for (std::size_t k = 0; k != count; ++k) slot[k] = batch::load_aligned(s[k] + i);
    if constexpr (Conditioned) {
      gradient = gradient * c.scale;
      if (c.limit > 0) {  // comparisons that leave NaN alone
        batch const limit(c.limit);
        gradient = xsimd::select(gradient > limit, limit, gradient);
        gradient = xsimd::select(gradient < -limit, -limit, gradient);
      }
      weight = xsimd::fnma(weight, batch(c.decay), weight);
    }
    rule(weight, gradient, slot);
    weight.store_aligned(w + i);
    for (std::size_t k = 0; k != count; ++k) slot[k].store_aligned(s[k] + i);
  };
  for (std::int64_t i = begin; i < end; i += unroll * width)
    for (std::int64_t u = 0; u < unroll; ++u) one(i + u * width);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// Below this many floats written by each of two threads, a team costs more than it saves.
inline constexpr std::int64_t floats_worth_a_thread = 131072;

/// One step with `rule`; `used` says which slots of the target the rule's slots are, `decay` is the
/// weight decay. The three limits are 0 where there is none; the first one set wins, as in Keras.
template <class Arch, class Rule>
void update(Rule const rule, std::array<int, static_cast<std::size_t>(Rule::slots)> const& used,
            update_target const& t, int threads, float clipnorm, float global_clipnorm,
            float clipvalue, float decay) noexcept {
  std::int64_t elements = 0;
  for (int i = 0; i < t.merged_count; ++i) elements += t.merged[i].end - t.merged[i].begin;
  // All or one: OpenMP ends and starts threads where teams of several sizes take turns.
  if (elements * (1 + Rule::slots) < 2 * floats_worth_a_thread) threads = 1;
  bool const each = clipnorm > 0;
  bool const all = !each && global_clipnorm > 0;
  conditioning const common{1, each || all ? 0.0F : clipvalue, decay};
  segment const* const segments = each ? t.variables : t.merged;
  int const segment_count = each ? t.variable_count : t.merged_count;

  on_cpu::run_team(threads, [&](on_cpu::team const& team) {
    conditioning c = common;
    if (each || all) {
      norm_partials<Arch>(team, t.gradients, segments, segment_count, t.partial_sums);
      team.barrier();
    }
    if (all) {
      double const norm =
          std::sqrt(total(t.partial_sums, 0, norm_chunks(segments, segment_count)));
      double const limit = static_cast<double>(global_clipnorm);
      c.scale = static_cast<float>(limit / (norm > limit ? norm : limit));
      if (!(norm - norm == 0)) c.scale = static_cast<float>(norm - norm);  // NaN, as in Keras
    }
    std::int64_t first = 0;
    for (int i = 0; i < segment_count; ++i) {
      segment const s = segments[i];
      if (each) {
        std::int64_t const chunks = norm_chunks(s);
        double const norm = std::sqrt(total(t.partial_sums, first, first + chunks));
        double const limit = static_cast<double>(clipnorm);
        c.scale = static_cast<float>(limit / (norm > limit ? norm : limit));
        first += chunks;
      }
      auto const mine = team.part(s.end - s.begin, segment_grain);
      std::int64_t const begin = s.begin + mine.begin;
      std::int64_t const end = s.begin + mine.end;
      if (each || all || c.limit > 0 || c.decay != 0)
        update_range<Arch, true>(rule, t.weights, t.gradients, t.slots, used.data(), begin, end, c);
      else
        update_range<Arch, false>(rule, t.weights, t.gradients, t.slots, used.data(), begin, end,
                                  c);
    }
  });
}

/// One step of an optimizer.
template <class Arch = xsimd::default_arch, class Optimizer>
void update(Optimizer const& o, update_target const& t, int threads) noexcept {
  o.with_rule(t.step, [&](auto const& rule, auto const& used) {
    update<Arch>(rule, used, t, threads, o.clipnorm, o.global_clipnorm, o.clipvalue,
                 o.weight_decay * o.learning_rate);
  });
}

}  // namespace typegrad::training_detail
