// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/half.hpp>
#include <typegrad/core/random_stream.hpp>
#include <typegrad/evaluators/reference/whole.hpp>
#include <typegrad/evaluators/reference/window.hpp>
#include <typegrad/ops/registry.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

// The reference evaluator: any graph, traced while compiling or at run time, one op at a time in
// plain loops. It is slow and simple; every other evaluator is held against it.

namespace typegrad::reference {

/// The elements of a value, (batch, extents...) if it is per sample. Every dtype is kept exactly in
/// doubles; arithmetic rounds as the dtype does.
using values = std::vector<double>;

struct bindings {
  std::int64_t batch_size = 1;
  std::vector<values> inputs;
  std::vector<values> weights;
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  float loss_scale = 1;
};

namespace detail {

/// rule<Code>::apply on scalars of type T.
template <op Code, class T>
double apply(T a, T b, T c, bool condition) {
  if constexpr (Code == op::select)
    return static_cast<double>(rule<Code>::apply(condition, b, c));
  else if constexpr (Code == op::logical_not)
    return static_cast<double>(rule<Code>::apply(a != T(0)));
  else if constexpr (Code == op::logical_and || Code == op::logical_or)
    return static_cast<double>(rule<Code>::apply(a != T(0), b != T(0)));
  else if constexpr (is_unary(Code))
    return static_cast<double>(rule<Code>::apply(a));
  else
    return static_cast<double>(rule<Code>::apply(a, b));
}

template <class T, std::size_t... I>
double apply(op code, double a, double b, double c, std::index_sequence<I...>) {
  double result = std::numeric_limits<double>::quiet_NaN();
  auto const try_one = [&]<op Code>() {
    // integers have arithmetic and comparisons only
    constexpr bool fractional = is_between(Code, op::exp, op::round) || Code == op::power ||
                                Code == op::atan2 || Code == op::is_finite;
    if constexpr (is_elementwise(Code) && Code != op::cast &&
                  !(std::is_integral_v<T> && fractional))
      if (code == Code)
        result = apply<Code, T>(static_cast<T>(a), static_cast<T>(b), static_cast<T>(c), a != 0);
  };
  (try_one.template operator()<static_cast<op>(I)>(), ...);
  return result;
}

}  // namespace detail

/// Runs a graph in `Real` arithmetic (float or double, for float32 nodes). Values of 16 bits are
/// computed in float and then rounded; what adds up many of them adds in Real and rounds once.
/// Requires bindings of the extents that the graph's inputs and weights have.
template <class Real>
class interpreter {
 public:
  interpreter(graph const& g, bindings const& b) : g_{g}, b_{b} {}

  /// The values of the graph's outputs.
  std::vector<values> run() {
    all_.resize(static_cast<std::size_t>(g_.size()));
    results_.resize(all_.size());
    std::vector<bool> traced(all_.size());  // with a region's parameters, which have no values
    for (int id = 0; id < g_.size(); ++id) {
      bool without = g_[id].code == op::parameter;
      for (int i = 0; i < g_[id].operand_count; ++i)
        without = without || traced[index(g_.operand(id, i))];
      traced[index(id)] = without;
      if (without) continue;
      if (is_control(g_[id].code))
        results_[index(id)] = control(id);
      else
        all_[index(id)] = compute(id);
    }
    std::vector<values> out;
    for (int const id : g_.outputs) out.push_back(all_[index(id)]);
    return out;
  }
  /// The value of any node, after `run`.
  values const& value(int id) const { return all_[index(id)]; }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::int64_t samples(node const& n) const { return n.per_sample ? b_.batch_size : 1; }
  std::int64_t total(node const& n) const { return samples(n) * n.shape.count(); }

  /// Element e of sample b of node `id`; a shared value is the same for every sample.
  double at(int id, std::int64_t b, std::int64_t e) const {
    node const& n = g_[id];
    return all_[index(id)][index((n.per_sample ? b * n.shape.count() : 0) + e)];
  }

  static void coordinates(std::int64_t e, extents const& shape, std::int64_t* at) {
    for (int i = shape.rank - 1; i >= 0; --i) {
      at[i] = e % shape[i];
      e /= shape[i];
    }
  }
  static std::int64_t position(std::int64_t const* at, extents const& shape) {
    std::int64_t e = 0;
    for (int i = 0; i < shape.rank; ++i) e = e * shape[i] + at[i];
    return e;
  }

  static double rounded(double x, dtype type) {
    return type == dtype::float32 ? static_cast<double>(static_cast<Real>(x))
                                  : rounded_to_half(x, type);
  }
  /// What was summed in Real, and in double, as a value of `type`.
  static double summed(Real sum, double sum64, dtype type) {
    bool const narrow = type == dtype::float32 || is_half(type);
    return narrow ? rounded(static_cast<double>(sum), type) : sum64;
  }

  values compute(int id) const {
    node const& n = g_[id];
    if (n.code == op::input) return b_.inputs[index(n.index)];
    if (n.code == op::weight) return b_.weights[index(n.index)];
    if (n.code == op::result) {
      std::vector<values> const& results = results_[index(g_.operand(id, 0))];
      bool const has = index(n.index) < results.size();  // otherwise memory to work in
      return has ? results[index(n.index)] : values(index(total(n)));
    }
    values out(index(total(n)));
    std::int64_t const count = n.shape.count();
    if (takes_whole(n.code)) {
      auto const read = [&](int i, std::int64_t b, std::int64_t e) {
        return at(g_.operand(id, i), b, e);
      };
      auto const write = [&](std::int64_t b, std::int64_t e, double x) {
        out[index(b * count + e)] = n.type == dtype::float64 ? x : rounded(x, n.type);
      };
      whole_op const w = whole_of(g_, id);
      if (w.type == dtype::float32)
        run_whole<Real>(w, b_.batch_size, read, write);
      else
        run_whole<double>(w, b_.batch_size, read, write);
      return out;
    }
    for (std::int64_t b = 0; b < samples(n); ++b)
      for (std::int64_t e = 0; e < count; ++e) out[index(b * count + e)] = element(id, n, b, e);
    return out;
  }

  // Control ---------------------------------------------------------------------------------------

  std::vector<values> called(graph const& region, std::vector<values> const& inputs) const {
    bindings b = b_;
    b.inputs = inputs;
    return interpreter{region, b}.run();
  }
  /// Part t of a sequence, for every sample; or such a part is put there.
  static values part_of(values const& sequence, std::int64_t t, std::int64_t length,
                        std::int64_t samples) {
    std::int64_t const each = static_cast<std::int64_t>(sequence.size()) / (length * samples);
    values out;
    for (std::int64_t s = 0; s < samples; ++s)
      for (std::int64_t e = 0; e < each; ++e)
        out.push_back(sequence[index((s * length + t) * each + e)]);
    return out;
  }
  static void put_part(values& sequence, values const& part, std::int64_t t, std::int64_t length,
                       std::int64_t samples) {
    std::int64_t const each = static_cast<std::int64_t>(part.size()) / samples;
    sequence.resize(index(samples * length * each));
    for (std::int64_t s = 0; s < samples; ++s)
      for (std::int64_t e = 0; e < each; ++e)
        sequence[index((s * length + t) * each + e)] = part[index(s * each + e)];
  }

  std::vector<values> control(int id) const {
    node const& n = g_[id];
    control_form const form = control_form_of(g_, id);
    auto const operand = [&](int i) { return all_[index(g_.operand(id, i))]; };
    int const first = first_region_operand(n.code);
    std::vector<values> inputs;
    for (int i = first; i < n.operand_count; ++i) inputs.push_back(operand(i));
    graph const& region = g_.regions[n.region];
    if (n.code == op::cond)
      return called(operand(0)[0] != 0 ? region : g_.regions[n.region + 1], inputs);
    auto const carries = static_cast<std::ptrdiff_t>(form.carries);
    if (n.code == op::while_loop) {
      bool going_on = operand(0)[0] != 0;
      std::vector<values> out(inputs.begin(), inputs.begin() + carries);
      out.push_back({0});
      while (going_on) {
        out = called(region, inputs);
        going_on = out.back()[0] != 0;
        for (int i = 0; i < form.carries; ++i) inputs[index(i)] = out[index(i)];
      }
      return out;
    }
    std::vector<values> out(index(region.outputs.size()));
    for (std::int64_t turn = 0; turn < form.length; ++turn) {
      std::int64_t const t = form.backwards ? form.length - 1 - turn : turn;
      for (int i = 0; i < form.sequences; ++i) {
        int const o = g_.operand(id, form.carries + i);
        inputs[index(form.carries + i)] =
            part_of(all_[index(o)], t, form.length, samples(g_[o]));
      }
      std::vector<values> const now = called(region, inputs);
      for (int k = 0; k < region.outputs.size(); ++k) {
        if (k < form.carries)
          out[index(k)] = inputs[index(k)] = now[index(k)];
        else
          put_part(out[index(k)], now[index(k)], t, form.length,
                   samples(region[region.outputs[k]]));
      }
    }
    return out;
  }

  double element(int id, node const& n, std::int64_t b, std::int64_t e) const {
    std::int64_t where[max_rank] = {};
    coordinates(e, n.shape, where);
    if (is_elementwise(n.code)) return elementwise(n, b, e);
    switch (n.code) {
      case op::constant: return rounded(n.value, n.type);
      case op::scalar:
        return rounded(scalar(n.index), n.type);
      case op::iota:
        return rounded(static_cast<double>(where[n.index]), n.type);
      case op::random_uniform:
        return static_cast<double>(uniform_at(b_.seed, b_.step, static_cast<std::uint32_t>(n.index),
                                              static_cast<std::uint64_t>(b * n.shape.count() + e)));
      case op::dot_general: return dot(id, n, b, where);
      default: break;
    }
    if (slides(n.code)) return slid(id, n, b, e);
    if (is_reduction(n.code)) return reduction(id, n, b, where);
    return movement(id, n, b, e, where);
  }

  double scalar(int which) const {
    return which == static_cast<int>(run_scalar::loss_scale) ? static_cast<double>(b_.loss_scale)
                                                             : static_cast<double>(b_.batch_size);
  }

  double elementwise(node const& n, std::int64_t b, std::int64_t e) const {
    double x[3] = {};
    for (int i = 0; i < n.operand_count; ++i) x[i] = at(g_.operand(n, i), b, e);
    dtype const type = g_[g_.operand(n, n.operand_count - 1)].type;
    if (n.code == op::cast) {
      if (n.type == dtype::boolean) return static_cast<double>(x[0] != 0);
      return is_floating(n.type) ? rounded(x[0], n.type) : std::trunc(x[0]);
    }
    constexpr auto all = std::make_index_sequence<op_count>{};
    if (is_half(type)) return rounded(detail::apply<float>(n.code, x[0], x[1], x[2], all), n.type);
    if (is_floating(type))
      return type == dtype::float64 ? detail::apply<double>(n.code, x[0], x[1], x[2], all)
                                    : detail::apply<Real>(n.code, x[0], x[1], x[2], all);
    return detail::apply<std::int32_t>(n.code, x[0], x[1], x[2], all);
  }

  double reduction(int id, node const& n, std::int64_t b, std::int64_t const* where) const {
    int const source = g_.operand(id, 0);
    attribute const& a = g_.attributes_of(id);
    extents const& from = g_[source].shape;
    extents inner;  // what is reduced over
    for (int i = 0; i < a.a.size(); ++i) inner.push_back(from[a.a[i]]);
    std::int64_t full[max_rank] = {};
    for (int i = 0, kept = 0; i < from.rank; ++i)
      if (!a.a.contains(i)) full[i] = where[kept++];
    std::int64_t const first = a.over_batch ? 0 : b;
    std::int64_t const last = a.over_batch ? b_.batch_size : b + 1;
    Real sum = 0;
    double sum64 = 0;
    double best = 0;
    std::int64_t best_at = -1;
    for (std::int64_t s = first; s < last; ++s)
      for (std::int64_t i = 0; i < inner.count(); ++i) {
        std::int64_t part[max_rank] = {};
        coordinates(i, inner, part);
        for (int k = 0; k < inner.rank; ++k) full[a.a[k]] = part[k];
        double const x = at(source, s, position(full, from));
        sum = static_cast<Real>(sum + static_cast<Real>(x));
        sum64 += x;
        bool const greater = n.code == op::reduce_max || n.code == op::argmax;
        bool const beyond = greater ? x > best : x < best;
        if (best_at < 0 || beyond || (std::isnan(x) && !std::isnan(best))) {
          best = x;
          best_at = i;
        }
      }
    if (n.code == op::reduce_sum) return summed(sum, sum64, n.type);
    return n.code == op::argmax || n.code == op::argmin ? static_cast<double>(best_at) : best;
  }

  double dot(int id, node const& n, std::int64_t b, std::int64_t const* where) const {
    int const left = g_.operand(id, 0);
    int const right = g_.operand(id, 1);
    attribute const& a = g_.attributes_of(id);
    extents const& la = g_[left].shape;
    extents const& rb = g_[right].shape;
    std::int64_t at_left[max_rank] = {};
    std::int64_t at_right[max_rank] = {};
    int axis = 0;
    for (int i = 0; i < a.c.size(); ++i, ++axis) {
      at_left[a.c[i]] = where[axis];
      at_right[a.d[i]] = where[axis];
    }
    for (int i = 0; i < la.rank; ++i)
      if (!a.a.contains(i) && !a.c.contains(i)) at_left[i] = where[axis++];
    for (int i = 0; i < rb.rank; ++i)
      if (!a.b.contains(i) && !a.d.contains(i)) at_right[i] = where[axis++];
    extents inner;
    for (int i = 0; i < a.a.size(); ++i) inner.push_back(la[a.a[i]]);
    std::int64_t const first = a.over_batch ? 0 : b;
    std::int64_t const last = a.over_batch ? b_.batch_size : b + 1;
    Real sum = 0;
    double sum64 = 0;
    for (std::int64_t s = first; s < last; ++s)
      for (std::int64_t i = 0; i < inner.count(); ++i) {
        std::int64_t part[max_rank] = {};
        coordinates(i, inner, part);
        for (int k = 0; k < inner.rank; ++k) {
          at_left[a.a[k]] = part[k];
          at_right[a.b[k]] = part[k];
        }
        double const x = at(left, s, position(at_left, la));
        double const y = at(right, s, position(at_right, rb));
        sum = static_cast<Real>(sum + static_cast<Real>(x) * static_cast<Real>(y));
        sum64 += x * y;
      }
    return summed(sum, sum64, n.type);
  }

  double slid(int id, node const& n, std::int64_t b, std::int64_t e) const {
    attribute const& attributes = g_.attributes_of(id);
    int const left = g_.operand(id, 0);
    int const right = g_.operand(id, n.operand_count - 1);
    bool const to_x = n.code == op::convolution_input;
    std::int64_t const mine = n.code == op::convolution_kernel ? g_[right].shape.back()
                                                               : n.shape.back();
    std::int64_t const theirs = g_[left].shape.back();
    sliding const s{n.code,
                    attributes.over,
                    attributes.block,
                    to_x ? mine : theirs,
                    to_x ? theirs : mine,
                    attributes.over_batch ? 0 : b,
                    attributes.over_batch ? b_.batch_size : b + 1};
    auto const a = [&](std::int64_t sample, std::int64_t i) { return at(left, sample, i); };
    auto const c = [&](std::int64_t sample, std::int64_t i) { return at(right, sample, i); };
    return n.type == dtype::float64 ? s.element<double>(b, e, a, c)
                                    : rounded(s.element<Real>(b, e, a, c), n.type);
  }

  double movement(int id, node const& n, std::int64_t b, std::int64_t e,
                  std::int64_t* where) const {
    int const source = g_.operand(id, 0);
    extents const& from = g_[source].shape;
    std::int64_t there[max_rank] = {};
    switch (n.code) {
      case op::custom_gradient:
      case op::reshape: return at(source, b, e);
      case op::transpose: {
        attribute const& a = g_.attributes_of(id);
        for (int i = 0; i < n.shape.rank; ++i) there[a.a[i]] = where[i];
        break;
      }
      case op::broadcast: {
        attribute const& a = g_.attributes_of(id);
        for (int i = 0; i < from.rank; ++i) there[i] = where[a.a[i]];
        break;
      }
      case op::slice: {
        attribute const& a = g_.attributes_of(id);
        for (int i = 0; i < from.rank; ++i) there[i] = a.low[i] + where[i] * a.step[i];
        break;
      }
      case op::pad: {
        attribute const& a = g_.attributes_of(id);
        for (int i = 0; i < from.rank; ++i) {
          std::int64_t const x = where[i] - a.low[i];
          if (x < 0 || x % a.step[i] != 0 || x / a.step[i] >= from[i])
            return rounded(n.value, n.type);
          there[i] = x / a.step[i];
        }
        break;
      }
      case op::concatenate: {
        for (int i = 0; i < from.rank; ++i) there[i] = where[i];
        int part = 0;
        while (there[n.index] >= g_[g_.operand(id, part)].shape[n.index])
          there[n.index] -= g_[g_.operand(id, part++)].shape[n.index];
        return at(g_.operand(id, part), b, position(there, g_[g_.operand(id, part)].shape));
      }
      case op::reverse: {
        attribute const& a = g_.attributes_of(id);
        for (int i = 0; i < from.rank; ++i)
          there[i] = a.a.contains(i) ? from[i] - 1 - where[i] : where[i];
        break;
      }
      default: return std::numeric_limits<double>::quiet_NaN();
    }
    return at(source, b, position(there, from));
  }

  graph const& g_;
  bindings const& b_;
  std::vector<values> all_;
  std::vector<std::vector<values>> results_;  ///< of control ops
};

/// The outputs of a graph, computed in `Real` arithmetic.
template <class Real = float>
std::vector<values> evaluate(graph const& g, bindings const& b) {
  return interpreter<Real>{g, b}.run();
}

}  // namespace typegrad::reference
