// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/decimal.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/operators.hpp>

namespace typegrad {

/// In training each element is 0 with probability Rate, and else divided by 1 - Rate, so that the
/// expected value stays. Does nothing otherwise. Requires 0 <= Rate < 1.
template <auto Rate>
struct dropout : layer<dropout<Rate>> {
  static constexpr double rate = static_cast<double>(Rate);

  constexpr void build(weights&) {
    if (!(rate >= 0 && rate < 1))
      this->fail(sentence("rate must be at least 0 and less than 1, got ", decimal(rate)));
  }
  constexpr symbol call(symbol x) const {
    if (!this->training() || rate == 0) return x;
    symbol const u = build::random_uniform(x.owner(), x.shape(), x.per_sample());
    return where(u >= rate, x * (1 / (1 - rate)), 0);
  }

  static void keras_config(config_writer& w) {
    w.layer("Dropout");
    w.number("rate", rate);
  }
};

}  // namespace typegrad
