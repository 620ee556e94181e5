// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/borders.hpp>
#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/movement.hpp>

namespace typegrad {

namespace detail {

template <class Self, int Spatial, std::int64_t Usual, auto... Amounts>
struct cropping_layer : layer<Self> {
  constexpr symbol call(symbol x) {
    borders const b{Spatial, x.shape(), Usual, Amounts...};
    if (!b.problem.empty()) return poison(x.owner(), b.problem);
    extents high = x.shape();
    for (int i = 0; i < high.rank; ++i) {
      high[i] -= b.after[i];
      if (high[i] <= b.before[i])
        return poison(x.owner(), sentence("cannot take ", b.before[i], " and ", b.after[i],
                                          " away from the ", x.shape()[i], " of axis ", i, " of ",
                                          to_text(x.shape()), "; something must be left"));
    }
    return build::slice(x, b.before, high);
  }

  static void keras_config(config_writer& w) {
    w.layer(Self::name);
    write_ends(w, "cropping", Spatial, Usual, Amounts...);
  }
};

}  // namespace detail

/// Takes away from the ends of the spatial axes: [steps, channels] become [steps - before - after,
/// channels]. Amounts: a number at both ends, or sides<before, after>; 1 unless told. Requires that
/// something is left.
template <auto... Amounts>
struct cropping1d : detail::cropping_layer<cropping1d<Amounts...>, 1, 1, Amounts...> {
  static constexpr std::string_view name = "cropping1d";
};

/// The same over [rows, columns, channels]; one amount for both axes, or one for each; 0
/// unless told.
template <auto... Amounts>
struct cropping2d : detail::cropping_layer<cropping2d<Amounts...>, 2, 0, Amounts...> {
  static constexpr std::string_view name = "cropping2d";
};

/// The same over [depth, rows, columns, channels].
template <auto... Amounts>
struct cropping3d : detail::cropping_layer<cropping3d<Amounts...>, 3, 1, Amounts...> {
  static constexpr std::string_view name = "cropping3d";
};

}  // namespace typegrad
