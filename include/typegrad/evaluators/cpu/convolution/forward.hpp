// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/convolution/depthwise.hpp>
#include <typegrad/evaluators/cpu/convolution/pixel_lanes.hpp>
#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/convolution/sliding.hpp>
#include <typegrad/evaluators/cpu/convolution/winograd.hpp>
#include <typegrad/evaluators/cpu/gemm/pack.hpp>

namespace typegrad::on_cpu {
namespace detail {

// y as a sliding product of x and the kernel.
template <convolution_shape Shape, int Split>
struct forward_problem {
  static constexpr window over = Shape.over;
  static constexpr std::int64_t groups = over.groups;
  static constexpr std::int64_t a_group = Shape.group_channels(), c_group = Shape.group_filters();
  static constexpr std::int64_t a_size = Shape.x_size(), products = Shape.products();
  static constexpr std::int64_t rows = over.positions_out();
  static constexpr int parts = 1;
  static constexpr bool kernel_in_place = true;

  static constexpr sample_box box = [] {
    sample_box b{{}, {}, {}, Shape.channels};
    for (int i = 0; i < 3; ++i) {
      window_axis const& a = over.axes[i];
      b.in[i] = a.in;
      b.begin[i] = -a.low;
      b.count[i] = (a.out - 1) * a.stride + a.reach();
    }
    return b;
  }();

  static constexpr split_row row{over.axes[2].out, Split};
  static constexpr std::int64_t row_stride = over.axes[2].stride;
  static constexpr sample_box part_box = part_of(box, row, row_stride);

  static constexpr correlation part(int) {
    correlation c;
    std::int64_t rows_in = 1;
    for (int i = 2; i >= 0; --i) {
      window_axis const& a = over.axes[i];
      c.outs[i] = {i == 2 ? row.part() : a.out, a.stride * part_box.pitch(i)};
      c.row_steps[i] = rows_in;
      c.taps[i] = {a.size, a.dilation * part_box.pitch(i)};
      rows_in *= a.out;
      if (i < 2) c.borders[i] = {a.in, -a.low, a.stride, a.dilation};
    }
    c.channels = a_group;
    c.columns = c_group;
    c.row = row;
    return c;
  }
  static constexpr std::int64_t phases(int) { return 1; }
  static constexpr std::int64_t first_row(int, std::int64_t) { return 0; }
  static constexpr std::int64_t start(int, std::int64_t) {
    std::int64_t at = part_box.origin();
    for (int i = 0; i < 3; ++i) at += box.begin[i] * part_box.pitch(i);
    return at;
  }

  template <int I, class T, class Arch>
  static void pack(T const* k, std::int64_t, std::int64_t group, int vectors, std::int64_t column,
                   std::int64_t tap, T* to) {
    as_loader<T, Arch, strided<T>> const b{{k, Shape.filters}};
    std::int64_t const columns =
        std::min<std::int64_t>(vectors * width<T, Arch>, c_group - column);
    pack_columns<T, Arch>(b, group * c_group + column, columns, tap * a_group, a_group, to,
                          vectors);
  }
};

}  // namespace detail

// y = x * k: rows are the positions of all samples, columns the filters. Programs have matrix
// products in the place of windows of one element and of those that cover a sample (lower.hpp).
//
// Every member of the team calls `run` with the same arguments; as with `gemm`, the epilogue gets
// every vector of the result once, scratch memory is aligned to 64 bytes, others read the result or
// use the scratch memory after the team's next barrier, and the result is bit-identical for any
// team size.
template <convolution_shape Shape, class T, class Arch = xsimd::default_arch>
struct convolution_forward {
  static constexpr int split =
      detail::split_for<T, Arch>(Shape.group_filters(), Shape.over.axes[2].out);
  using by_pixels = detail::pixel_lanes<Shape, T, Arch>;
  static constexpr bool in_pixels =
      Shape.over.groups == 1 && !Shape.depthwise() && by_pixels::pays(split);
  using general =
      std::conditional_t<in_pixels, by_pixels,
                         detail::moving_window<detail::forward_problem<Shape, split>, T, Arch>>;

  static constexpr std::size_t scratch_bytes(int team_size) {
    if constexpr (Shape.depthwise()) {
      return depthwise_forward<Shape, T, Arch>::scratch_bytes(team_size);
    } else {
      return general::scratch_bytes(team_size);
    }
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* kernel,
                  Epilogue const& epilogue, std::byte* scratch) {
    if constexpr (Shape.depthwise()) {
      depthwise_forward<Shape, T, Arch>::run(members, batch, x, kernel, epilogue, scratch);
    } else {
      general::run(members, batch, x, kernel, epilogue, scratch);
    }
  }
};

}  // namespace typegrad::on_cpu
