// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <numeric>
#include <typegrad/evaluators/cpu/convolution/forward.hpp>
#include <typegrad/evaluators/cpu/convolution/input_columns.hpp>
#include <typegrad/evaluators/cpu/gemm/pack.hpp>

namespace typegrad::on_cpu {
namespace detail {

// Which windows and taps reach the elements first, first + stride, ... of an axis: element number a
// of these is read by tap first_tap + j * tap_step of window `window` + a - j * dilation, where it
// is one, for all j < taps.
struct axis_phase {
  std::int64_t first, count;
  std::int64_t taps, first_tap, tap_step;
  std::int64_t window, dilation;

  static constexpr axis_phase of(window_axis const& w, std::int64_t first) {
    std::int64_t const common = std::gcd(w.stride, w.dilation);
    axis_phase p{first, (w.in - first + w.stride - 1) / w.stride,
                 0,     0,
                 w.stride / common, 0,
                 w.dilation / common};
    for (std::int64_t t = 0; t < w.size; ++t) {
      std::int64_t const at = first + w.low - t * w.dilation;
      if (at % w.stride != 0) continue;
      if (p.taps == 0) {
        p.first_tap = t;
        p.window = at / w.stride;
      }
      ++p.taps;
    }
    return p;
  }
  // The first window that is read, and one past the last.
  constexpr std::int64_t begin() const { return window - (taps - 1) * dilation; }
  constexpr std::int64_t end() const { return window + count; }
  // Phases of one kind run the same code.
  constexpr bool like(axis_phase const& o) const { return count == o.count && taps == o.taps; }
};

// The phases of an axis, by kind.
struct axis_phases {
  window_axis over;

  constexpr std::int64_t count() const { return std::min(over.stride, over.in); }
  constexpr axis_phase phase(std::int64_t i) const { return axis_phase::of(over, i); }
  constexpr bool starts_kind(std::int64_t i) const {
    for (std::int64_t j = 0; j < i; ++j) {
      if (phase(j).like(phase(i))) return false;
    }
    return true;
  }
  constexpr int kinds() const {
    int n = 0;
    for (std::int64_t i = 0; i < count(); ++i) n += starts_kind(i);
    return n;
  }
  constexpr axis_phase kind(int k) const {
    for (std::int64_t i = 0;; ++i) {
      if (starts_kind(i) && k-- == 0) return phase(i);
    }
  }
  constexpr std::int64_t of_kind(int k) const {
    std::int64_t n = 0;
    for (std::int64_t i = 0; i < count(); ++i) n += phase(i).like(kind(k));
    return n;
  }
  // Number j of a kind.
  constexpr axis_phase of_kind(int k, std::int64_t j) const {
    axis_phase const like = kind(k);
    for (std::int64_t i = 0;; ++i) {
      if (phase(i).like(like) && j-- == 0) return phase(i);
    }
  }
  constexpr std::int64_t begin() const {
    std::int64_t least = over.out;
    for (std::int64_t i = 0; i < count(); ++i) {
      if (phase(i).taps > 0) least = std::min(least, phase(i).begin());
    }
    return least;
  }
  constexpr std::int64_t end() const {
    std::int64_t most = begin();
    for (std::int64_t i = 0; i < count(); ++i) {
      if (phase(i).taps > 0) most = std::max(most, phase(i).end());
    }
    return most;
  }
};

// x's gradient as sliding products of y, padded, and the kernel, reversed and transposed: one for
// each remainder of positions by the strides, with the taps that reach such positions.
template <convolution_shape Shape, int Split>
struct input_problem {
  static constexpr window over = Shape.over;
  static constexpr std::int64_t groups = over.groups;
  static constexpr std::int64_t a_group = Shape.group_filters(), c_group = Shape.group_channels();
  static constexpr std::int64_t a_size = Shape.y_size();
  static constexpr std::int64_t rows = over.positions_in();
  static constexpr axis_phases axes[3] = {{over.axes[0]}, {over.axes[1]}, {over.axes[2]}};
  static constexpr int kinds[3] = {axes[0].kinds(), axes[1].kinds(), axes[2].kinds()};
  static constexpr int parts = kinds[0] * kinds[1] * kinds[2];

  static constexpr int kind(int part, int axis) {
    return axis == 2 ? part % kinds[2] : axis == 1 ? part / kinds[2] % kinds[1]
                                                   : part / kinds[2] / kinds[1];
  }
  static constexpr std::int64_t phases(int part) {
    return axes[0].of_kind(kind(part, 0)) * axes[1].of_kind(kind(part, 1)) *
           axes[2].of_kind(kind(part, 2));
  }
  static constexpr axis_phase phase(int part, std::int64_t j, int axis) {
    std::int64_t const last = axes[2].of_kind(kind(part, 2)), mid = axes[1].of_kind(kind(part, 1));
    return axes[axis].of_kind(kind(part, axis),
                              axis == 2 ? j % last : axis == 1 ? j / last % mid : j / last / mid);
  }

  // The same; of few phases they are worked out while compiling.
  template <int I>
  static axis_phase known_phase(std::int64_t j, int axis) {
    constexpr std::int64_t count = phases(I);
    if constexpr (count <= 8) {
      static constexpr auto known = [] {
        std::array<axis_phase, static_cast<std::size_t>(3 * count)> all{};
        for (std::size_t i = 0; i < all.size(); ++i) {
          all[i] = phase(I, static_cast<std::int64_t>(i) / 3, static_cast<int>(i % 3));
        }
        return all;
      }();
      return known[static_cast<std::size_t>(3 * j + axis)];
    } else {
      return phase(I, j, axis);
    }
  }

  // All phases of a kind meet the borders in the same way.
  static constexpr bool phases_agree(int part, int axis) {
    int const k = kind(part, axis);
    for (std::int64_t j = 1; j < axes[axis].of_kind(k); ++j) {
      if (axes[axis].of_kind(k, j).begin() != axes[axis].kind(k).begin()) return false;
    }
    return true;
  }

  static constexpr sample_box box = [] {
    sample_box b{{}, {}, {}, Shape.filters};
    for (int i = 0; i < 3; ++i) {
      b.in[i] = over.axes[i].out;
      b.begin[i] = axes[i].begin();
      b.count[i] = axes[i].end() - b.begin[i];
    }
    return b;
  }();

  // All phases have rows of one length, if they are split.
  static constexpr split_row row{axes[2].kind(0).count, Split};
  static constexpr std::int64_t row_stride = 1;
  static constexpr sample_box part_box = part_of(box, row, row_stride);

  static constexpr correlation part(int p) {
    correlation c;
    std::int64_t rows_in = 1;
    for (int i = 2; i >= 0; --i) {
      axis_phase const a = axes[i].kind(kind(p, i));
      c.outs[i] = {i == 2 && Split > 1 ? row.part() : a.count, part_box.pitch(i)};
      c.row_steps[i] = over.axes[i].stride * rows_in;
      c.taps[i] = {a.taps, a.dilation * part_box.pitch(i)};
      rows_in *= over.axes[i].in;
      if (i < 2 && phases_agree(p, i)) {
        c.borders[i] = {over.axes[i].out, a.begin(), 1, a.dilation};
      }
    }
    c.channels = a_group;
    c.columns = c_group;
    c.row = row;
    return c;
  }
  static constexpr std::int64_t first_row(int p, std::int64_t j) {
    std::int64_t at = 0;
    for (int i = 0; i < 3; ++i) at = at * over.axes[i].in + phase(p, j, i).first;
    return at;
  }
  static constexpr std::int64_t start(int p, std::int64_t j) {
    if (part(p).depth() == 0) return 0;
    std::int64_t at = part_box.origin();
    for (int i = 0; i < 3; ++i) at += phase(p, j, i).begin() * part_box.pitch(i);
    return at;
  }
  static constexpr std::int64_t products = [] {
    std::int64_t n = 0;
    for (int p = 0; p < parts; ++p) {
      correlation const c = part(p);
      n += phases(p) * c.outs[0].count * c.outs[1].count * c.outs[2].count * c.depth() *
           Shape.channels;
    }
    return n;
  }();

  template <int I, class T, class Arch>
  static void pack(T const* k, std::int64_t j, std::int64_t group, int vectors,
                   std::int64_t column, std::int64_t tap, T* to) {
    constexpr correlation c = part(I);
    std::int64_t const place[3] = {tap / c.taps[2].count / c.taps[1].count,
                                   tap / c.taps[2].count % c.taps[1].count, tap % c.taps[2].count};
    std::int64_t at = 0;
    for (int i = 0; i < 3; ++i) {
      axis_phase const p = known_phase<I>(j, i);
      at = at * over.axes[i].size + p.first_tap + (p.taps - 1 - place[i]) * p.tap_step;
    }
    as_loader<T, Arch, strided<T>> const b{{k + at * c_group * Shape.filters, Shape.filters}};
    std::int64_t const columns =
        std::min<std::int64_t>(vectors * width<T, Arch>, c_group - column);
    pack_columns_transposed<T, Arch>(b, column, columns, group * a_group, a_group, to, vectors);
  }
};

}  // namespace detail

// x = the convolution's gradient with respect to its input, for y that of its result: also the
// transposed convolution of y. Rows are the positions of x, of all samples, columns the channels.
// Otherwise as `convolution_forward`.
template <convolution_shape Shape, class T, class Arch = xsimd::default_arch>
struct convolution_input {
  static constexpr std::int64_t row_stride = Shape.over.axes[2].stride;
  static constexpr int split =
      Shape.over.axes[2].in % row_stride == 0
          ? detail::split_for<T, Arch>(Shape.group_channels(), Shape.over.axes[2].in / row_stride)
          : 1;
  using direct = detail::moving_window<detail::input_problem<Shape, split>, T, Arch>;
  using by_columns = detail::input_by_columns<
      Shape, detail::input_problem<detail::columns_shape(Shape), 1>, T, Arch>;
  static constexpr bool in_columns = [] {
    if constexpr (Shape.over.groups != 1 || Shape.over.axes[2].size == 1 ||
                  detail::suits_winograd<detail::input_problem<Shape, split>, T, Arch>()) {
      return false;
    } else if constexpr (!detail::input_cost::of(Shape, detail::width<T, Arch>, split).pays()) {
      return false;
    } else {
      return by_columns::fits;
    }
  }();
  using general = std::conditional_t<in_columns, by_columns, direct>;

  static constexpr std::size_t scratch_bytes(int team_size) {
    if constexpr (Shape.depthwise()) {
      return depthwise_input<Shape, T, Arch>::scratch_bytes(team_size);
    } else {
      return general::scratch_bytes(team_size);
    }
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* y, T const* kernel,
                  Epilogue const& epilogue, std::byte* scratch) {
    if constexpr (Shape.depthwise()) {
      depthwise_input<Shape, T, Arch>::run(members, batch, y, kernel, epilogue, scratch);
    } else {
      general::run(members, batch, y, kernel, epilogue, scratch);
    }
  }
};

}  // namespace typegrad::on_cpu
