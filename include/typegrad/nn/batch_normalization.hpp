// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/normalization.hpp>

namespace typegrad {

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, per channel (the last axis unless told).
/// In training mean and (population) variance are those of the batch over all other axes, and the
/// moving statistics follow them: moving = moving * momentum + statistic * (1 - momentum).
/// Otherwise, and within `frozen`, the moving statistics stand in for them.
/// Weights: gamma [C], beta [C], and the states moving_mean [C] and moving_variance [C].
/// Options: momentum(0.99), epsilon(0.001), axis(-1), no_center (no beta), no_scale (no gamma),
/// gamma_initializer, beta_initializer, moving_mean_initializer, moving_variance_initializer,
/// gamma_regularizer, beta_regularizer.
template <auto... Options>
struct batch_normalization : layer<batch_normalization<Options...>> {
  static constexpr std::string_view name = "batch_normalization";
  symbol gamma, beta, moving_mean, moving_variance;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis problem =
        options_problem<options::axis, options::momentum, options::epsilon, options::center,
                        options::scale, options::gamma_initializer, options::beta_initializer,
                        options::moving_mean_initializer, options::moving_variance_initializer,
                        options::gamma_regularizer, options::beta_regularizer>(name, Options...);
    if (!problem.empty()) return this->fail(problem);
    if (!(m >= 0 && m <= 1))
      return this->fail(sentence("momentum must be from 0 to 1, got ", decimal(m)));
    if (diagnosis const bad = detail::epsilon_problem(eps); !bad.empty()) return this->fail(bad);
    if (input.rank == 0)
      return this->fail(
          diagnosis{"needs at least one axis, got a scalar; put reshape<1> before it"});
    auto const named =
        detail::axes_within(option_or<options::axis>(axis_list{-1}, Options...), input);
    if (!named.problem.empty()) return this->fail(named.problem);
    if (named.axes.size() != 1)
      return this->fail(sentence("axis needs one axis, got ", named.axes.size()));
    channel_ = named.axes[0];
    extents const channels{input[channel_]};
    if (option_or<options::scale>(true, Options...))
      gamma = add("gamma", channels,
                  option_or<options::gamma_initializer, initializer>(ones{}, Options...),
                  option_or<options::gamma_regularizer>(regularizer{}, Options...));
    if (option_or<options::center>(true, Options...))
      beta = add("beta", channels,
                 option_or<options::beta_initializer, initializer>(zeros{}, Options...),
                 option_or<options::beta_regularizer>(regularizer{}, Options...));
    moving_mean =
        add.state("moving_mean", channels,
                  option_or<options::moving_mean_initializer, initializer>(zeros{}, Options...));
    moving_variance =
        add.state("moving_variance", channels,
                  option_or<options::moving_variance_initializer, initializer>(ones{}, Options...));
    follows_ = this->trainable();
  }

  constexpr symbol call(symbol x) {
    if (channel_ >= x.rank() || x.shape()[channel_] != moving_mean.shape()[0])
      return poison(x.owner(), sentence("was built for ", moving_mean.shape()[0],
                                        " channels, got extents ", to_text(x.shape())));
    return this->training() && this->trainable() && follows_ ? by_batch(x) : by_moving(x);
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    w.integer("axis", detail::with_batch(option_or<options::axis>(axis_list{-1}, Options...)[0]));
    w.number("momentum", m);
    w.number("epsilon", eps);
    w.flag("center", option_or<options::center>(true, Options...));
    w.flag("scale", option_or<options::scale>(true, Options...));
  }

 private:
  static constexpr double m = option_or<options::momentum>(0.99, Options...);
  static constexpr double eps = option_or<options::epsilon>(0.001, Options...);

  /// What depends on the weights alone is computed once a channel; an element is multiplied and
  /// added to, which a convolution before it does on the way.
  constexpr symbol by_moving(symbol x) const {
    symbol scale = rsqrt(moving_variance + eps);
    if (gamma.valid()) scale = scale * gamma;
    symbol shift = -(moving_mean * scale);
    if (beta.valid()) shift = beta + shift;
    return x * per_channel(scale, x) + per_channel(shift, x);
  }

  constexpr symbol by_batch(symbol x) {
    axis_list const others = detail::other_axes({channel_}, x.rank());
    auto const count = static_cast<double>(x.shape().count() / x.shape()[channel_]);
    symbol share = build::constant(x.owner(), 1 / count);
    if (x.per_sample()) share = share / build::scalar(x.owner(), run_scalar::batch_size);
    auto const average = [&](symbol a) {
      return build::reduce(op::reduce_sum, a, others, true) * share;
    };
    auto const across = [&](symbol a) { return per_channel(a, x); };
    detail::moments_of const moments(x, average, across);
    follow(moving_mean, moments.mean);
    follow(moving_variance, moments.variance);
    return moments.normalized(eps, gamma, beta, across);
  }

  constexpr void follow(symbol moving, symbol statistic) {
    this->update(moving, this->latest(moving) * m + statistic * (1 - m));
  }
  constexpr symbol per_channel(symbol a, symbol x) const {
    extents shape;
    for (int i = channel_; i < x.rank(); ++i) shape.push_back(i == channel_ ? x.shape()[i] : 1);
    return build::reshape(a, shape);
  }

  int channel_ = 0;
  bool follows_ = true;  ///< the moving statistics follow the batches'
};

}  // namespace typegrad
