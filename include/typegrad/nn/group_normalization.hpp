// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/normalization.hpp>

namespace typegrad {

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the moments of every group of
/// channels of every sample, over all positions. The last axis has the channels; group g has those
/// from g * C / Groups on. Groups = -1: as many as channels (instance normalization). Weights:
/// gamma [C], beta [C]. Options: epsilon(0.001), no_center (no beta), no_scale (no gamma),
/// gamma_initializer, beta_initializer, gamma_regularizer, beta_regularizer.
template <std::int64_t Groups = 32, auto... Options>
struct group_normalization : layer<group_normalization<Groups, Options...>> {
  static constexpr std::string_view name = "group_normalization";
  symbol gamma, beta;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis problem =
        options_problem<options::epsilon, options::center, options::scale,
                        options::gamma_initializer, options::beta_initializer,
                        options::gamma_regularizer, options::beta_regularizer>(name, Options...);
    if (!problem.empty()) return this->fail(problem);
    if (diagnosis const bad = detail::epsilon_problem(eps); !bad.empty()) return this->fail(bad);
    if (input.rank == 0)
      return this->fail(
          diagnosis{"needs at least one axis, got a scalar; put reshape<1> before it"});
    if (Groups < 1 && Groups != -1)
      return this->fail(sentence("groups must be positive, or -1 for one a channel, got ", Groups));
    channels_ = input.back();
    groups_ = Groups == -1 ? channels_ : Groups;
    if (channels_ % groups_ != 0)
      return this->fail(
          sentence(channels_, " channels cannot be divided into ", groups_, " groups of one size"));
    if (option_or<options::scale>(true, Options...))
      gamma = add("gamma", {channels_},
                  option_or<options::gamma_initializer, initializer>(ones{}, Options...),
                  option_or<options::gamma_regularizer>(regularizer{}, Options...));
    if (option_or<options::center>(true, Options...))
      beta = add("beta", {channels_},
                 option_or<options::beta_initializer, initializer>(zeros{}, Options...),
                 option_or<options::beta_regularizer>(regularizer{}, Options...));
  }

  constexpr symbol call(symbol x) const {
    std::int64_t const size = channels_ / groups_;
    axis_list positions;
    for (int i = 0; i + 1 < x.rank(); ++i) positions.push_back(i);
    double const share = 1 / static_cast<double>(x.shape().count() / groups_);
    // first over the positions, along which vectors of channels are added, then within the groups
    auto const average = [&](symbol a) {
      symbol const each = build::reduce(op::reduce_sum, a, positions) * share;
      if (size == 1) return each;
      symbol const grouped = sum(build::reshape(each, {groups_, size}), {1});
      return build::reshape(build::broadcast(grouped, {groups_, size}, {0}), {channels_});
    };
    auto const across = [](symbol a) { return a; };
    return detail::moments_of(x, average, across).normalized(eps, gamma, beta, across);
  }

  static void keras_config(config_writer& w) {
    w.layer(name);
    w.integer("groups", Groups);
    w.number("epsilon", eps);
    w.flag("center", option_or<options::center>(true, Options...));
    w.flag("scale", option_or<options::scale>(true, Options...));
  }

 private:
  static constexpr double eps = option_or<options::epsilon>(0.001, Options...);
  std::int64_t channels_ = 1, groups_ = 1;
};

}  // namespace typegrad
