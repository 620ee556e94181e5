// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/options.hpp>
#include <typegrad/ops/contraction.hpp>

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

// Keras's activations. Each is an object: called with a symbol it computes, called with numbers it
// gives the same activation with these parameters, and it is an option of layers:
//   relu(x)    leaky_relu(0.1f)(x)    dense<10, relu>    dense<10, leaky_relu(0.1f)>
// All are written so that neither the value nor the gradient overflows where the function does not.

namespace typegrad {

namespace activations {

/// Called with an expression, an activation gives one: expressions/activation.hpp says how.
#define TYPEGRAD_ON_EXPRESSIONS                                                        \
  template <class X>                                                                   \
  requires(std::is_class_v<std::remove_cvref_t<X>> && !std::convertible_to<X, symbol>) \
  constexpr auto operator()(X&& x) const {                                             \
    return apply_activation(*this, std::forward<X>(x));                                \
  }

struct linear {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return x; }
};

/// max(x, 0); with parameters Keras's general form: max_value from there on, negative_slope *
/// (x - threshold) below the threshold.
struct relu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float max_value = std::numeric_limits<float>::max();  ///< none: nvcc cannot spell infinity
  float negative_slope = 0;
  float threshold = 0;
  constexpr symbol operator()(symbol x) const {
    bool const bounded = max_value < std::numeric_limits<float>::max();
    symbol y;
    if (negative_slope != 0)
      y = where(x > threshold, x, negative_slope * (x - threshold));
    else if (threshold != 0)
      y = where(x > threshold, x, 0);
    else
      y = maximum(0, x);
    return bounded ? minimum(max_value, y) : y;
  }
  constexpr relu operator()(relu parameters) const { return parameters; }
};

/// relu, at most 6.
struct relu6 {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return minimum(6, maximum(0, x)); }
};

/// x, below zero negative_slope * x.
struct leaky_relu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float negative_slope = 0.2F;
  constexpr symbol operator()(symbol x) const { return where(x > 0, x, negative_slope * x); }
  constexpr leaky_relu operator()(float slope) const { return {slope}; }
};

struct sigmoid {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return build::unary(op::sigmoid, x); }
};

struct tanh {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return build::unary(op::tanh, x); }
};

/// exp(x) over its sum along an axis (the last unless told).
struct softmax {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  int axis = -1;
  constexpr symbol operator()(symbol x) const {
    symbol const e = exp(x - stop_gradient(max(x, {axis}, true)));
    return e * (1 / sum(e, {axis}, true));
  }
  constexpr softmax operator()(int along) const { return {along}; }
};

/// The logarithm of softmax.
struct log_softmax {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  int axis = -1;
  constexpr symbol operator()(symbol x) const {
    symbol const z = x - stop_gradient(max(x, {axis}, true));
    return z - log(sum(exp(z), {axis}, true));
  }
  constexpr log_softmax operator()(int along) const { return {along}; }
};

/// x, below zero alpha * (e^x - 1).
struct elu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float alpha = 1;
  constexpr symbol operator()(symbol x) const {
    symbol const positive = x > 0;  // at 0 the derivative is the left one, alpha, as in TensorFlow
    return where(positive, x, alpha * expm1(where(positive, 0, x)));
  }
  constexpr elu operator()(float a) const { return {a}; }
};

/// elu with the parameters that keep mean 0 and variance 1 (Klambauer et al., 2017).
struct selu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const {
    constexpr double alpha = 1.6732632423543772848;
    constexpr double scale = 1.0507009873554804934;
    return where(x >= 0, scale * x, (scale * alpha) * expm1(minimum(0, x)));
  }
};

/// x, below zero alpha * (e^(x / alpha) - 1).
struct celu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float alpha = 1;
  constexpr symbol operator()(symbol x) const {
    return where(x >= 0, x, alpha * expm1(minimum(0, x) * (1.0 / double{alpha})));
  }
  constexpr celu operator()(float a) const { return {a}; }
};

/// x times the normal distribution function of x, or the usual approximation of it by tanh.
struct gelu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  bool approximate = false;
  constexpr symbol operator()(symbol x) const {
    constexpr double sqrt_half = 0.70710678118654752;
    constexpr double sqrt_two_over_pi = 0.79788456080286536;
    if (!approximate) return 0.5 * x * (1 + erf(x * sqrt_half));
    return 0.5 * x * (1 + tanh{}(sqrt_two_over_pi * (x + 0.044715 * (x * x * x))));
  }
  constexpr gelu operator()(bool by_tanh) const { return {by_tanh}; }
};

/// x * sigmoid(x), also known as swish.
struct silu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return x * sigmoid{}(x); }
};

/// log(1 + e^x). The derivative is the sigmoid, at zero as well.
struct softplus {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const {
    symbol const positive = x >= 0;
    return where(positive, x, 0) + log1p(exp(where(positive, -x, x)));
  }
};

/// x / (1 + |x|)
struct softsign {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return x / (1 + abs(x)); }
};

/// x / 6 + 1/2, held within [0, 1].
struct hard_sigmoid {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const {
    return minimum(1, maximum(0, x * (1.0 / 6.0) + 0.5));
  }
};

struct exponential {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return exp(x); }
};

/// x * tanh(softplus(x))
struct mish {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return x * tanh{}(softplus{}(x)); }
};

/// The first half along an axis (the last unless told) times the sigmoid of the second.
struct glu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  int axis = -1;
  constexpr symbol operator()(symbol x) const {
    if (build::poisoned(x)) return build::poisoned_like(x);
    extents const all = x.shape();
    int const along = axis < 0 ? axis + all.rank : axis;
    if (along < 0 || along >= all.rank || all[along] % 2 != 0)
      return poison(x.owner(), sentence("glu: needs an axis ", axis,
                                        " of even length, got extents ", to_text(all)));
    extents low = all;
    for (int i = 0; i < low.rank; ++i) low[i] = 0;
    extents const start = low;
    extents middle = all;
    middle[along] = low[along] = all[along] / 2;
    return build::slice(x, start, middle) * sigmoid{}(build::slice(x, low, all));
  }
  constexpr glu operator()(int along) const { return {along}; }
};

/// x * hard_sigmoid(x), also known as hard_swish.
struct hard_silu {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return x * hard_sigmoid{}(x); }
};

/// x held within [-1, 1].
struct hard_tanh {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return minimum(1, maximum(-1, x)); }
};

/// x where |x| > threshold, else 0.
struct hard_shrink {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float threshold = 0.5F;
  constexpr symbol operator()(symbol x) const { return where(abs(x) > threshold, x, 0); }
  constexpr hard_shrink operator()(float t) const { return {t}; }
};

/// x brought towards 0 by `threshold`, at most up to 0.
struct soft_shrink {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float threshold = 0.5F;
  constexpr symbol operator()(symbol x) const {
    return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0));
  }
  constexpr soft_shrink operator()(float t) const { return {t}; }
};

/// x - tanh(x)
struct tanh_shrink {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return x - tanh{}(x); }
};

/// x where x > at, else value.
struct threshold {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float at = 0;
  float value = 0;
  constexpr symbol operator()(symbol x) const { return where(x > at, x, value); }
  constexpr threshold operator()(float threshold_at, float otherwise) const {
    return {threshold_at, otherwise};
  }
};

/// log(sigmoid(x))
struct log_sigmoid {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return -softplus{}(-x); }
};

/// 0 up to -1, x from 1 on, (x + 1)^2 / 4 between.
struct sparse_plus {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const {
    symbol const within = minimum(1, maximum(-1, x)) + 1;
    return where(x < 1, 0.25 * square(within), x);
  }
};

/// 0 up to -1, 1 from 1 on, (x + 1) / 2 between.
struct sparse_sigmoid {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const { return minimum(1, maximum(0, 0.5 * x + 0.5)); }
};

/// The point of the probability simplex that is nearest to x, along the last axis (Martins and
/// Astudillo, 2016). Instead of sorting, each element is compared with each other.
struct sparsemax {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  constexpr symbol operator()(symbol x) const {
    if (build::poisoned(x)) return build::poisoned_like(x);
    extents const all = x.shape();
    if (all.rank == 0)
      return poison(x.owner(), diagnosis{"sparsemax: needs at least one axis, got a scalar"});
    extents column = all;
    column.push_back(1);
    extents row = all;
    row.pop_back();
    row.push_back(1);
    row.push_back(all.back());
    // z_i is in the support if 1 + k z_i > the sum of the k elements that are not less than z_i
    symbol const z = stop_gradient(x - max(x, {-1}, true));
    symbol const others = build::reshape(z, row);
    symbol const not_less = others >= build::reshape(z, column);
    symbol const k = sum(cast(not_less, x.type()), {-1});
    symbol const support = 1 + k * z > sum(where(not_less, others, 0), {-1});
    symbol const size = sum(cast(support, x.type()), {-1}, true);
    symbol const tau = (sum(where(support, x, 0), {-1}, true) - 1) / size;
    return where(support, x - tau, 0);
  }
};

/// (x + sqrt(x^2 + b)) / 2
struct squareplus {
  using option_tag = options::activation;
  TYPEGRAD_ON_EXPRESSIONS
  float b = 4;
  constexpr symbol operator()(symbol x) const { return 0.5 * (x + sqrt(square(x) + b)); }
  constexpr squareplus operator()(float curvature) const { return {curvature}; }
};

}  // namespace activations

#define TYPEGRAD_ACTIVATION(name)                                                \
  inline constexpr activations::name name{};                                     \
  namespace activations {                                                        \
  constexpr std::string_view name_of(activations::name const&) { return #name; } \
  }

TYPEGRAD_ACTIVATION(linear)
TYPEGRAD_ACTIVATION(relu)
TYPEGRAD_ACTIVATION(relu6)
TYPEGRAD_ACTIVATION(leaky_relu)
TYPEGRAD_ACTIVATION(sigmoid)
TYPEGRAD_ACTIVATION(tanh)
TYPEGRAD_ACTIVATION(softmax)
TYPEGRAD_ACTIVATION(log_softmax)
TYPEGRAD_ACTIVATION(elu)
TYPEGRAD_ACTIVATION(selu)
TYPEGRAD_ACTIVATION(celu)
TYPEGRAD_ACTIVATION(gelu)
TYPEGRAD_ACTIVATION(silu)
TYPEGRAD_ACTIVATION(softplus)
TYPEGRAD_ACTIVATION(softsign)
TYPEGRAD_ACTIVATION(hard_sigmoid)
TYPEGRAD_ACTIVATION(exponential)
TYPEGRAD_ACTIVATION(mish)
TYPEGRAD_ACTIVATION(glu)
TYPEGRAD_ACTIVATION(hard_silu)
TYPEGRAD_ACTIVATION(hard_tanh)
TYPEGRAD_ACTIVATION(hard_shrink)
TYPEGRAD_ACTIVATION(soft_shrink)
TYPEGRAD_ACTIVATION(tanh_shrink)
TYPEGRAD_ACTIVATION(threshold)
TYPEGRAD_ACTIVATION(log_sigmoid)
TYPEGRAD_ACTIVATION(sparse_plus)
TYPEGRAD_ACTIVATION(sparse_sigmoid)
TYPEGRAD_ACTIVATION(sparsemax)
TYPEGRAD_ACTIVATION(squareplus)

#undef TYPEGRAD_ACTIVATION

inline constexpr activations::silu swish{};
inline constexpr activations::hard_silu hard_swish{};

namespace detail {

/// x with the activation among the options, if there is one.
template <class... Options>
constexpr symbol activated(symbol x, Options const&... given) {
  [[maybe_unused]] auto const apply = [&x](auto const& one) {
    if constexpr (std::same_as<option_tag<decltype(one)>, options::activation>) x = one(x);
  };
  (apply(given), ...);
  return x;
}

}  // namespace detail

}  // namespace typegrad
