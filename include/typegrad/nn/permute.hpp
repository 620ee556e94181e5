// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/movement.hpp>

namespace typegrad {

/// The axes of a sample in another order: permute<2, 1> makes extents 3x4 of 4x3. As in Keras, axes
/// count from 1 here, since the batch axis is axis 0 there; it stays where it is.
template <int... Dims>
struct permute : layer<permute<Dims...>> {
  constexpr symbol call(symbol x) {
    constexpr int given = sizeof...(Dims);
    constexpr int dims[] = {Dims..., 0};
    axis_list permutation;
    bool once = given == x.rank();
    for (int i = 0; once && i < given; ++i) {
      once = dims[i] >= 1 && dims[i] <= given && !permutation.contains(dims[i] - 1);
      permutation.push_back(dims[i] - 1);
    }
    if (once) return build::transpose(x, permutation);
    name_text text;
    for (int i = 0; i < given; ++i) text.append(i > 0 ? ", " : "").append(dims[i]);
    return poison(x.owner(),
                  sentence("needs the axes 1 to ", x.rank(), " of extents ", to_text(x.shape()),
                           ", each once, got ", given > 0 ? text.view() : "none",
                           "; they count from 1, without the batch axis"));
  }

  static void keras_config(config_writer& w) {
    constexpr std::int64_t dims[] = {Dims..., 0};
    w.layer("Permute");
    w.integers("dims", dims, sizeof...(Dims));
  }
};

}  // namespace typegrad
