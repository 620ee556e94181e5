// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace typegrad {

/// The closed set of operations a graph is made of, in the manner of StableHLO. Everything else
/// (softmax, losses, layers) is composed of them. What an op means stands in its `rule` (ops/).
enum class op : std::uint8_t {
  // leaves
  input,           ///< data given at run time; `index` is the position among the inputs
  weight,          ///< a trained or kept array; `index` is the position among the weights
  constant,        ///< the number `value` everywhere
  scalar,          ///< a number given at run time; `index` is a run_scalar
  iota,            ///< the position along axis `index`
  parameter,       ///< what a region is traced with: an input of the region, once it is cut out
  random_uniform,  ///< independent numbers in [0, 1); `index` is the stream
  // elementwise, one operand
  negate, absolute, sign, exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt,
  sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, sigmoid, erf,
  floor, ceil, round, logical_not, is_finite, cast, stop_gradient,
  // elementwise, two operands
  add, subtract, multiply, divide, floor_divide, remainder, power, atan2, maximum, minimum,
  equal, not_equal, less, less_equal, greater, greater_equal, logical_and, logical_or,
  // elementwise, three operands
  select,  ///< (condition, a, b): a where the condition holds, else b
  // contractions: what has a kernel of its own
  dot_general,
  convolution,         ///< (x, k) -> y; its attribute's window says how
  convolution_input,   ///< (y, k) -> x: the gradient with respect to x
  convolution_kernel,  ///< (x, y) -> k: the gradient with respect to k, summed over the batch
  window_sum,          ///< x -> y
  window_spread,       ///< y -> x: the transpose of window_sum
  window_max,          ///< x -> y
  window_scatter,      ///< (x, y) -> like x: y at each window's first largest x, added up
  window_gather,       ///< (x, z) -> like y: the z at each window's first largest x
  convolution_max,     ///< (x, k) -> the largest elements of blocks of y: lowering makes it
  // reductions over axes, and over the batch if the attribute says so
  reduce_sum, reduce_max, reduce_min, argmax, argmin,
  // movement
  reshape, transpose, broadcast, slice, pad, concatenate, reverse,
  // along one axis, `index`: each reads whole operands by a kernel of its own
  gather,       ///< (x, indices) -> the elements of x at the indices
  scatter_add,  ///< (indices, updates) -> zeros with the updates added: the transpose of gather
  cumulative_sum,  ///< x -> the sums up to each element
  argsort,         ///< x -> the positions that bring x into order
  // control: operations that own regions (sub-graphs), and have several results
  scan, cond, while_loop,
  result,  ///< (control) -> its result `index`
  custom_gradient,  ///< (y, x...) -> y, whose gradient for x its attribute says; simplifying ends it
};

inline constexpr int op_count = static_cast<int>(op::custom_gradient) + 1;

/// What `op::scalar` can stand for.
enum class run_scalar : int {
  batch_size,  ///< the number of samples of this run, as a float
  loss_scale,  ///< what training multiplies the loss by, so that small gradients survive float16
};

constexpr bool is_between(op code, op first, op last) { return first <= code && code <= last; }
constexpr bool is_leaf(op code) { return code <= op::random_uniform; }
constexpr bool is_unary(op code) { return is_between(code, op::negate, op::stop_gradient); }
constexpr bool is_binary(op code) { return is_between(code, op::add, op::logical_or); }
constexpr bool is_elementwise(op code) { return is_between(code, op::negate, op::select); }
constexpr bool is_comparison(op code) { return is_between(code, op::equal, op::greater_equal); }
constexpr bool is_reduction(op code) { return is_between(code, op::reduce_sum, op::argmin); }
constexpr bool is_contraction(op code) {
  return is_between(code, op::dot_general, op::convolution_max);
}
/// Contractions that slide a window.
constexpr bool slides(op code) { return is_between(code, op::convolution, op::convolution_max); }
constexpr bool is_movement(op code) { return is_between(code, op::reshape, op::reverse); }
/// Ops that read whole operands, as they lie in memory, and write one dense value.
constexpr bool takes_whole(op code) { return is_between(code, op::gather, op::argsort); }
/// Ops that run sub-graphs. What they compute are the `result`s of such a node.
constexpr bool is_control(op code) { return is_between(code, op::scan, op::while_loop); }
/// Ops that have a kernel of their own.
constexpr bool has_kernel(op code) { return is_contraction(code) || takes_whole(code); }
/// Ops that read their operands in memory.
constexpr bool reads_memory(op code) { return has_kernel(code) || is_control(code); }
constexpr bool is_commutative(op code) {
  return code == op::add || code == op::multiply || code == op::equal || code == op::not_equal ||
         code == op::logical_and || code == op::logical_or;
}

}  // namespace typegrad
