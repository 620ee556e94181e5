// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>
#include <typegrad/nn/decimal.hpp>
#include <typegrad/nn/options.hpp>
#include <typegrad/ops/reduction.hpp>

#include <concepts>
#include <string_view>

namespace typegrad {

/// The target that a loss needs for an output of given extents. With an `error` there is none: the
/// output is not one that the loss is for.
struct loss_target {
  dtype type = dtype::float32;
  extents shape;
  diagnosis error;
};

/// A loss: a stateless type whose value is a number per sample.
///   static constexpr std::string_view name;
///   static constexpr loss_target target(extents output);
///   static constexpr diagnosis integer_labels(extents output);   what is wrong with integers; or empty
///   constexpr symbol operator()(symbol target, symbol prediction) const;
template <class L>
concept loss = requires(L const& l, extents e, symbol s) {
  { L::name } -> std::convertible_to<std::string_view>;
  { L::target(e) } -> std::same_as<loss_target>;
  { l(s, s) } -> std::convertible_to<symbol>;
};

/// Keras's epsilon(), by which probabilities are kept away from 0 and 1.
inline constexpr double loss_epsilon = 1e-7;

/// The loss takes raw scores and applies the softmax or sigmoid itself.
inline constexpr option<options::from_logits, bool> from_logits{true};
/// One label for each position of an output of several axes.
inline constexpr option<options::per_position, bool> per_position{true};
/// Targets are moved towards the uniform distribution by this share.
constexpr option<options::label_smoothing, float> label_smoothing(float share) { return {share}; }
/// Where the Huber loss turns from quadratic to linear.
constexpr option<options::delta, float> delta(float at) { return {at}; }

namespace detail {

/// A float32 target of the output's extents, unless the options are wrong.
constexpr loss_target like_output(extents const& output, diagnosis const& problem) {
  loss_target t;
  t.shape = output;
  t.error = problem;
  return t;
}

template <class... Options>
constexpr diagnosis smoothing_problem(std::string_view name, Options const&... given) {
  float const s = option_or<options::label_smoothing>(0.0F, given...);
  if (s >= 0 && s <= 1) return {};
  return sentence(name, ": label_smoothing must be in [0, 1], got ", decimal(double{s}));
}

/// The mean of all elements of a sample.
constexpr symbol sample_mean(symbol x) { return mean(x); }

/// x if a node is `code`, with its only operand.
constexpr bool is_op(symbol x, op code) { return x.valid() && x.info().code == code; }
constexpr symbol operand_of(symbol x, int i) { return {x.owner(), x.owner().operand(x.id(), i)}; }

/// Behind what only repeats or renames elements.
constexpr symbol behind_broadcast(symbol x) {
  while (is_op(x, op::broadcast) || is_op(x, op::reshape)) x = operand_of(x, 0);
  return x;
}

/// The logits that a trailing softmax along the last axis was given; invalid if p is none.
constexpr symbol softmax_logits(symbol p) {
  symbol const none;
  if (!is_op(p, op::multiply)) return none;
  for (int i = 0; i < 2; ++i) {
    symbol const e = operand_of(p, i);
    symbol const inverse = behind_broadcast(operand_of(p, 1 - i));
    if (!is_op(e, op::exp) || !is_op(inverse, op::divide)) continue;
    symbol const one = behind_broadcast(operand_of(inverse, 0));
    symbol const total = behind_broadcast(operand_of(inverse, 1));
    symbol const z = operand_of(e, 0);
    if (!is_op(one, op::constant) || one.info().value != 1) continue;
    if (!is_op(total, op::reduce_sum) || operand_of(total, 0).id() != e.id()) continue;
    axis_list const last{p.rank() - 1};
    if (!(total.owner().attributes_of(total.id()).a == last) || !is_op(z, op::subtract)) continue;
    return operand_of(z, 0);
  }
  return none;
}

/// The logits that a trailing sigmoid was given; invalid if p is none.
constexpr symbol sigmoid_logits(symbol p) {
  return is_op(p, op::sigmoid) ? operand_of(p, 0) : symbol{};
}

}  // namespace detail
}  // namespace typegrad
