// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/normalization.hpp>

namespace typegrad {

/// x / sqrt(mean of x^2 + epsilon) * scale, along the last axis or those that axis(...) names.
/// Weight: scale, with the extents of those axes. Options: epsilon(0.000001), axis(-1).
template <auto... Options>
struct rms_normalization : layer<rms_normalization<Options...>> {
  static constexpr std::string_view name = "rms_normalization";
  symbol scale;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis problem =
        options_problem<options::axis, options::epsilon>(name, Options...);
    if (!problem.empty()) return this->fail(problem);
    if (diagnosis const bad = detail::epsilon_problem(eps); !bad.empty()) return this->fail(bad);
    auto const named =
        detail::axes_within(option_or<options::axis>(axis_list{-1}, Options...), input);
    if (!named.problem.empty()) return this->fail(named.problem);
    axes_ = named.axes;
    scale = add("scale", detail::extents_of(axes_, input), ones{});
  }

  constexpr symbol call(symbol x) const {
    detail::rows_of const rows(x, axes_);
    symbol const y = rows.x * rsqrt(rows.mean(square(rows.x)) + eps);
    return build::reshape(y * build::reshape(scale, rows.weight), x.shape());
  }

  static void keras_config(config_writer& w) {
    w.layer("RMSNormalization");
    detail::write_axes(w, option_or<options::axis>(axis_list{-1}, Options...));
    w.number("epsilon", eps);
  }

 private:
  static constexpr double eps = option_or<options::epsilon>(1e-6, Options...);
  axis_list axes_;
};

/// x / its Euclidean length (at least 1e-12), along the last axis or those that axis(...) names.
template <auto... Options>
struct unit_normalization : layer<unit_normalization<Options...>> {
  static constexpr std::string_view name = "unit_normalization";

  constexpr void build(weights&, extents input) {
    constexpr diagnosis problem = options_problem<options::axis>(name, Options...);
    if (!problem.empty()) return this->fail(problem);
    auto const named =
        detail::axes_within(option_or<options::axis>(axis_list{-1}, Options...), input);
    if (!named.problem.empty()) return this->fail(named.problem);
    axes_ = named.axes;
  }

  constexpr symbol call(symbol x) const {
    detail::rows_of const rows(x, axes_);
    symbol const squares = sum(square(rows.x), rows.axes, true);
    return build::reshape(rows.x * rsqrt(maximum(squares, 1e-24)), x.shape());
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    detail::write_axes(w, option_or<options::axis>(axis_list{-1}, Options...));
  }

 private:
  axis_list axes_;
};

}  // namespace typegrad
