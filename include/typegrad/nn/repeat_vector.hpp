// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>

namespace typegrad {

/// A vector N times: extents [features] become [N, features].
template <std::int64_t N>
struct repeat_vector : layer<repeat_vector<N>> {
  constexpr symbol call(symbol x) {
    if (N <= 0) return poison(x.owner(), sentence("must repeat once or more, got ", N));
    if (x.rank() != 1)
      return poison(x.owner(), sentence("needs a vector, got extents ", to_text(x.shape()),
                                        x.rank() == 0 ? "; put reshape<1> before it"
                                                      : "; put flatten before it"));
    return build::broadcast(x, {N, x.shape()[0]}, {1});
  }

  static void keras_config(config_writer& w) {
    w.layer("RepeatVector");
    w.integer("n", N);
  }
};

}  // namespace typegrad
