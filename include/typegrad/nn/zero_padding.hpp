// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/borders.hpp>
#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/movement.hpp>

namespace typegrad {

namespace detail {

template <class Self, int Spatial, auto... Amounts>
struct zero_padding_layer : layer<Self> {
  constexpr symbol call(symbol x) {
    borders const b{Spatial, x.shape(), 1, Amounts...};
    if (!b.problem.empty()) return poison(x.owner(), b.problem);
    return build::pad(x, b.before, b.after);
  }

  static void keras_config(config_writer& w) {
    w.layer(Self::name);
    write_ends(w, "padding", Spatial, 1, Amounts...);
  }
};

}  // namespace detail

/// Zeros around the spatial axes: [steps, channels] become [before + steps + after, channels].
/// Amounts: a number at both ends, or sides<before, after>; 1 unless told.
template <auto... Amounts>
struct zero_padding1d : detail::zero_padding_layer<zero_padding1d<Amounts...>, 1, Amounts...> {
  static constexpr std::string_view name = "zero_padding1d";
};

/// The same over [rows, columns, channels]; one amount for both axes, or one for each:
/// zero_padding2d<1>, zero_padding2d<1, 2>, zero_padding2d<sides<1, 0>, sides<1, 0>>.
template <auto... Amounts>
struct zero_padding2d : detail::zero_padding_layer<zero_padding2d<Amounts...>, 2, Amounts...> {
  static constexpr std::string_view name = "zero_padding2d";
};

/// The same over [depth, rows, columns, channels].
template <auto... Amounts>
struct zero_padding3d : detail::zero_padding_layer<zero_padding3d<Amounts...>, 3, Amounts...> {
  static constexpr std::string_view name = "zero_padding3d";
};

}  // namespace typegrad
