// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/decimal.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/operators.hpp>

// What is random in training, besides dropout; all of it does nothing otherwise.

namespace typegrad {

namespace detail {

/// Independent standard normal numbers, by Box and Muller from two uniform ones each. Those are
/// multiples of 2^-24, so that no number is beyond 5.8.
constexpr symbol random_normal(graph& g, extents const& shape, bool per_sample) {
  constexpr double two_pi = 6.283185307179586;
  symbol const u = build::random_uniform(g, shape, per_sample);
  symbol const v = build::random_uniform(g, shape, per_sample);
  return sqrt(-2 * log(1 - u)) * cos(two_pi * v);
}

/// The root of x >= 0, by Newton's method.
constexpr double root(double x) {
  if (!(x > 0)) return 0;
  double r = x > 1 ? x : 1;
  for (double next = (r + x / r) / 2; next < r; next = (r + x / r) / 2) r = next;
  return r;
}

}  // namespace detail

/// x + normal noise of this standard deviation, in training.
template <auto Stddev>
struct gaussian_noise : layer<gaussian_noise<Stddev>> {
  static constexpr std::string_view name = "gaussian_noise";
  static constexpr double stddev = static_cast<double>(Stddev);

  constexpr void build(weights&) {
    if (!(stddev >= 0)) this->fail(sentence("stddev must not be negative, got ", decimal(stddev)));
  }
  constexpr symbol call(symbol x) const {
    if (!this->training() || stddev == 0) return x;
    return x + stddev * detail::random_normal(x.owner(), x.shape(), x.per_sample());
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    w.number("stddev", stddev);
  }
};

/// x times normal noise of mean 1 and standard deviation sqrt(Rate / (1 - Rate)), in training: what
/// dropout of that rate does to the first two moments. Requires 0 <= Rate < 1.
template <auto Rate>
struct gaussian_dropout : layer<gaussian_dropout<Rate>> {
  static constexpr std::string_view name = "gaussian_dropout";
  static constexpr double rate = static_cast<double>(Rate);

  constexpr void build(weights&) {
    if (!(rate >= 0 && rate < 1))
      this->fail(sentence("rate must be at least 0 and less than 1, got ", decimal(rate)));
  }
  constexpr symbol call(symbol x) const {
    if (!this->training() || rate == 0) return x;
    double const stddev = detail::root(rate / (1 - rate));
    return x * (1 + stddev * detail::random_normal(x.owner(), x.shape(), x.per_sample()));
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    w.number("rate", rate);
  }
};

namespace detail {

/// Dropout of whole channels: one draw for each of them and each sample.
template <auto Rate, int Spatial, class Derived>
struct spatial_dropout : layer<Derived> {
  static constexpr double rate = static_cast<double>(Rate);

  constexpr void build(weights&, extents input) {
    if (!(rate >= 0 && rate < 1))
      return this->fail(sentence("rate must be at least 0 and less than 1, got ", decimal(rate)));
    if (input.rank != Spatial + 1)
      this->fail(sentence("needs ",
                          Spatial == 1   ? "steps x channels"
                          : Spatial == 2 ? "height x width x channels"
                                         : "depth x height x width x channels",
                          ", got extents ", to_text(input)));
  }
  constexpr symbol call(symbol x) const {
    if (!this->training() || rate == 0) return x;
    symbol const u = build::random_uniform(x.owner(), {x.shape().back()}, x.per_sample());
    return where(u >= rate, x * (1 / (1 - rate)), 0);
  }

  static void keras_config(config_writer& w) {
    w.layer(Derived::name);
    w.number("rate", rate);
  }
};

}  // namespace detail

/// In training each channel of a sample is 0 everywhere with probability Rate, and else divided by
/// 1 - Rate: dropout for feature maps, whose neighbours are alike. Requires 0 <= Rate < 1.
template <auto Rate>
struct spatial_dropout1d : detail::spatial_dropout<Rate, 1, spatial_dropout1d<Rate>> {
  static constexpr std::string_view name = "spatial_dropout1d";
};
template <auto Rate>
struct spatial_dropout2d : detail::spatial_dropout<Rate, 2, spatial_dropout2d<Rate>> {
  static constexpr std::string_view name = "spatial_dropout2d";
};
template <auto Rate>
struct spatial_dropout3d : detail::spatial_dropout<Rate, 3, spatial_dropout3d<Rate>> {
  static constexpr std::string_view name = "spatial_dropout3d";
};

}  // namespace typegrad
