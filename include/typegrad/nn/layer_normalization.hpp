// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/normalization.hpp>

namespace typegrad {

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the moments of every row of every
/// sample: over the last axis, or those that axis(...) names.
/// Weights: gamma and beta, with the extents of those axes.
/// Options: epsilon(0.001), axis(-1), no_center (no beta), no_scale (no gamma), gamma_initializer,
/// beta_initializer, gamma_regularizer, beta_regularizer.
template <auto... Options>
struct layer_normalization : layer<layer_normalization<Options...>> {
  static constexpr std::string_view name = "layer_normalization";
  symbol gamma, beta;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis problem =
        options_problem<options::axis, options::epsilon, options::center, options::scale,
                        options::gamma_initializer, options::beta_initializer,
                        options::gamma_regularizer, options::beta_regularizer>(name, Options...);
    if (!problem.empty()) return this->fail(problem);
    if (diagnosis const bad = detail::epsilon_problem(eps); !bad.empty()) return this->fail(bad);
    auto const named =
        detail::axes_within(option_or<options::axis>(axis_list{-1}, Options...), input);
    if (!named.problem.empty()) return this->fail(named.problem);
    axes_ = named.axes;
    extents const row = detail::extents_of(axes_, input);
    if (option_or<options::scale>(true, Options...))
      gamma =
          add("gamma", row, option_or<options::gamma_initializer, initializer>(ones{}, Options...),
              option_or<options::gamma_regularizer>(regularizer{}, Options...));
    if (option_or<options::center>(true, Options...))
      beta =
          add("beta", row, option_or<options::beta_initializer, initializer>(zeros{}, Options...),
              option_or<options::beta_regularizer>(regularizer{}, Options...));
  }

  constexpr symbol call(symbol x) const {
    detail::rows_of const rows(x, axes_);
    symbol const deviation = rows.x - rows.mean(rows.x);
    symbol y = deviation * rsqrt(rows.mean(square(deviation)) + eps);
    if (gamma.valid()) y = y * build::reshape(gamma, rows.weight);
    if (beta.valid()) y = y + build::reshape(beta, rows.weight);
    return build::reshape(y, x.shape());
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    detail::write_axes(w, option_or<options::axis>(axis_list{-1}, Options...));
    w.number("epsilon", eps);
    w.flag("center", option_or<options::center>(true, Options...));
    w.flag("scale", option_or<options::scale>(true, Options...));
  }

 private:
  static constexpr double eps = option_or<options::epsilon>(0.001, Options...);
  axis_list axes_;
};

}  // namespace typegrad
