// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/half.hpp>
#include <typegrad/ops/registry.hpp>

namespace typegrad {

namespace detail {

/// What mixed precision makes of an op.
enum class precision : std::uint8_t {
  narrow,   ///< computed in the policy's dtype, which pays: what multiplies matrices
  follows,  ///< in whichever dtype its operands have: what loses no more digits than storing does
  full,     ///< in float32: sums, and functions that a small error of the argument spoils
};

constexpr precision precision_of(op code) {
  switch (code) {
    case op::dot_general:
    case op::convolution:
    case op::convolution_input:
    case op::convolution_kernel:
    case op::convolution_max:
      return precision::narrow;
    case op::negate:
    case op::absolute:
    case op::sign:
    case op::tanh:
    case op::sigmoid:
    case op::floor:
    case op::ceil:
    case op::round:
    case op::is_finite:
    case op::stop_gradient:
    case op::add:
    case op::subtract:
    case op::multiply:
    case op::maximum:
    case op::minimum:
    case op::select:
    case op::window_max:
    case op::window_scatter:
    case op::window_gather:
    case op::gather:
    case op::argsort:
      return precision::follows;
    default:
      return is_comparison(code) || is_movement(code) ? precision::follows : precision::full;
  }
}

/// Rewrites one graph into another, node by node. Only values that are float32 in the one can be
/// `compute` in the other. A value is pliant if it has no dtype of its own: weights, numbers, and
/// what follows from them alone; it is kept in float32 and brought to whatever it meets.
class precision_mixer {
 public:
  constexpr precision_mixer(graph const& from, graph& to, dtype compute)
      : from_{from}, to_{to}, compute_{compute} {}

  constexpr void run() {
    to_.begin_as(from_);
    to_.regions = from_.regions;
    to_.trainable = from_.trainable;
    to_.scope = from_.scope;
    to_.layers = from_.layers;
    to_.output_names = from_.output_names;
    to_.layer_depth = from_.layer_depth;
    if (from_.failed()) return;
    renamed_.resize(from_.size(), -1);
    pliant_.resize(from_.size(), false);
    last_.resize(from_.size(), false);
    // A model's last op is in float32, as its result is: no digits are lost between them, and a
    // loss still finds the sigmoid that it does without.
    for (int const id : from_.outputs) last_[id] = is_elementwise(from_[id].code);
    find_multiplied();
    for (int id = 0; id < from_.size(); ++id) {
      to_.layer = from_[id].layer;
      renamed_[id] = rewrite(id);
    }
    to_.layer = -1;
    for (int const id : from_.outputs) to_.outputs.push_back(as_traced(id));
    for (int const id : from_.losses) to_.losses.push_back(as_traced(id));
    for (added_metric const& m : from_.metrics) to_.metrics.push_back({m.name, as_traced(m.node)});
    for (state_update const& u : from_.updates)
      to_.updates.push_back({u.weight, as_traced(u.node)});
  }

 private:
  /// Whether a value of the graph that is read may be of another dtype in the new one.
  constexpr bool is_float32(int id) const { return from_[id].type == dtype::float32; }
  constexpr dtype type_now(int id) const { return to_[renamed_[id]].type; }

  constexpr int rewrite(int id) {
    node n = from_[id];
    if (n.code == op::cast) {
      int const operand = from_.operand(id, 0);
      pliant_[id] = from_[operand].type == dtype::boolean;  // 0 or 1 in every dtype
      return build::cast({to_, renamed_[operand]}, n.type).id();
    }
    pliant_[id] = n.code == op::weight || (n.code == op::constant && holds(n.value));
    dtype type = dtype::float32;
    precision const how = precision_of(n.code);
    if (how == precision::narrow) type = compute_;
    if (how == precision::follows) {
      type = type_of_operands(id);
      pliant_[id] = all_pliant(id);
      if (last_[id]) type = dtype::float32;
    }
    list<int> operands;
    for (int i = 0; i < n.operand_count; ++i) {
      int const o = from_.operand(id, i);
      operands.push_back(renamed_[o]);
      if (!is_float32(o)) continue;
      if (is_elementwise(n.code) && n.per_sample) operands[i] = spread(operands[i], type);
      operands[i] = converted(operands[i], type);
    }
    if (is_float32(id)) n.type = type;
    attribute const* const a = n.attribute < 0 ? nullptr : &from_.attributes_of(id);
    n.attribute = -1;
    int const made = to_.add(n, operands.begin(), n.operand_count, a);
    bool const rounds = multiplied_[id] && n.type == dtype::float32 && n.per_sample &&
                        !is_leaf(n.code) && !pliant_[id] && !last_[id];
    return rounds ? converted(made, compute_) : made;
  }

  /// Finds what products read, be it under other extents. What they round is rounded for everybody,
  /// as Keras rounds what layers return: or else it would be kept twice, once with all digits,
  /// where a connection skips the product.
  constexpr void find_multiplied() {
    multiplied_.resize(from_.size(), false);
    for (int id = from_.size() - 1; id >= 0; --id) {
      op const code = from_[id].code;
      bool const product = precision_of(code) == precision::narrow;
      if (product || (multiplied_[id] && (code == op::reshape || code == op::transpose)))
        for (int i = 0; i < from_[id].operand_count; ++i) multiplied_[from_.operand(id, i)] = true;
    }
  }

  constexpr bool all_pliant(int id) const {
    for (int i = 0; i < from_[id].operand_count; ++i) {
      int const o = from_.operand(id, i);
      if (is_float32(o) && !pliant_[o]) return false;
    }
    return true;
  }
  /// `compute` if those operands that have a dtype of their own have that one.
  constexpr dtype type_of_operands(int id) const {
    bool narrow = false;
    for (int i = 0; i < from_[id].operand_count; ++i) {
      int const o = from_.operand(id, i);
      if (!is_float32(o) || pliant_[o]) continue;
      if (type_now(o) == dtype::float32) return dtype::float32;
      narrow = true;
    }
    return narrow ? compute_ : dtype::float32;
  }

  /// Whether `compute` has the number, be it rounded: neither nothing nor infinity is left of it.
  constexpr bool holds(double value) const {
    double const kept = rounded_to_half(value, compute_);
    auto const bounded = [](double x) { return x < 1e39 && x > -1e39; };
    return (kept != 0) == (value != 0) && bounded(kept) == bounded(value);
  }

  /// A weight that is to be rounded for every sample alike is spread over them before: so its
  /// gradient is summed in float32.
  constexpr int spread(int id, dtype type) {
    return to_[id].type == type || is_number(id) ? id : build::spread({to_, id}).id();
  }
  /// Node `id` of the new graph as a value of `type`. A number stays one, so that whoever looks for
  /// numbers finds it.
  constexpr int converted(int id, dtype type) {
    node n = to_[id];
    if (n.type == type) return id;
    if (!is_number(id)) return build::cast({to_, id}, type).id();
    n.type = type;
    int const operand = n.operand_count > 0 ? converted(to_.operand(id, 0), type) : 0;
    if (n.attribute < 0) return to_.add(n, &operand, n.operand_count);
    attribute const a = to_.attributes_of(id);
    n.attribute = -1;
    return to_.add(n, &operand, n.operand_count, &a);
  }
  constexpr bool is_number(int id) const {
    while (to_[id].code == op::broadcast || to_[id].code == op::reshape) id = to_.operand(id, 0);
    return to_[id].code == op::constant;
  }

  /// The new node of what leaves the model, in the dtype that it had.
  constexpr int as_traced(int id) { return converted(renamed_[id], from_[id].type); }

  graph const& from_;
  graph& to_;
  dtype compute_;
  list<int> renamed_;
  list<bool> pliant_;      ///< per node of `from_`
  list<bool> last_;        ///< per node of `from_`: an output that is computed in float32
  list<bool> multiplied_;  ///< per node of `from_`: a product reads it
};

}  // namespace detail

/// A model's graph in mixed precision, as Keras's policies mixed_float16 and mixed_bfloat16 have
/// it. What multiplies matrices and convolves works on values of `compute`: inputs and weights are
/// cast where they are read, and what the model has computed in float32 is rounded for everybody
/// who reads it. Cheap ops on such values stay in `compute`; all else, such as sums, exponentials
/// and what is computed with them (softmax, the normalizations), is float32. Inputs, weights,
/// states and their updates, added losses and outputs have the dtypes that they had, and so have
/// the gradients of weights.
///
/// `forward` is a model's whole trace, before a loss is added and before differentiation. Requires
/// float16, bfloat16 or float32 as `compute`, else the result has an error; float32 changes
/// nothing.
constexpr graph mixed(graph const& forward, dtype compute) {
  if (compute == dtype::float32 || forward.failed()) return forward;
  graph out;
  if (is_half(compute))
    detail::precision_mixer{forward, out, compute}.run();
  else
    out.fail(sentence("mixed precision computes in float16, bfloat16 or float32, not in ",
                      to_text(compute)));
  return out;
}

}  // namespace typegrad
