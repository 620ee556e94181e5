// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/options.hpp>
#include <typegrad/ops/reduction.hpp>

namespace typegrad {

/// Penalties on a layer's kernel, as options: `dense<10, l2(0.01f)>`. Added to the training loss:
/// l1 * sum(|w|) + l2 * sum(w * w). The default of 0.01 is Keras's.
constexpr regularizer l1(float amount = 0.01F) { return {amount, 0}; }
constexpr regularizer l2(float amount = 0.01F) { return {0, amount}; }
constexpr regularizer l1_l2(float first = 0.01F, float second = 0.01F) { return {first, second}; }

constexpr option<options::kernel_regularizer, regularizer> kernel_regularizer(regularizer r) {
  return {r};
}
constexpr option<options::bias_regularizer, regularizer> bias_regularizer(regularizer r) {
  return {r};
}
/// A penalty on what a layer gives: the batch's mean over samples of l1 * sum(|y|) + l2 * sum(y *
/// y).
constexpr option<options::activity_regularizer, regularizer> activity_regularizer(regularizer r) {
  return {r};
}

/// The penalty that `r` puts on x: a number per sample, or a shared one for a shared x.
constexpr symbol penalty(regularizer r, symbol x) {
  if (r.l2 == 0) return r.l1 * sum(abs(x));
  if (r.l1 == 0) return r.l2 * sum(square(x));
  return r.l1 * sum(abs(x)) + r.l2 * sum(square(x));
}

}  // namespace typegrad
