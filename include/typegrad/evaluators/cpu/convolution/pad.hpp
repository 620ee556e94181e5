// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/evaluators/cpu/convolution/split.hpp>
#include <typegrad/evaluators/cpu/partial.hpp>
#include <typegrad/graph/window.hpp>

// Samples with their padding, so that tiles know no borders.
namespace typegrad::on_cpu::detail {

// The elements of a sample (in0, in1, in2, channels) that are read: along each axis `count` of
// them from `begin` on, of which those outside the sample are zeros.
struct sample_box {
  std::int64_t in[3];
  std::int64_t begin[3];
  std::int64_t count[3];
  std::int64_t channels;
  bool copied = false;  // in any case

  constexpr bool operator==(sample_box const&) const = default;

  // Everything is there: the sample needs no copy.
  constexpr bool in_place() const {
    if (copied) return false;
    for (int i = 0; i < 3; ++i) {
      if (begin[i] < 0 || begin[i] + count[i] > in[i]) return false;
    }
    return true;
  }
  constexpr std::int64_t size() const { return count[0] * count[1] * count[2] * channels; }

  // The distance of neighbours along an axis, and where element 0 of all axes would lie, in what
  // the tiles read: the copy, or the sample itself.
  constexpr std::int64_t pitch(int axis) const {
    std::int64_t n = channels;
    for (int i = 2; i > axis; --i) n *= in_place() ? in[i] : count[i];
    return n;
  }
  constexpr std::int64_t origin() const {
    if (in_place()) return 0;
    return -(begin[0] * pitch(0) + begin[1] * pitch(1) + begin[2] * pitch(2));
  }
  // Elements of axis `axis` that lie in the sample: [from, until).
  constexpr std::int64_t from(int axis) const {
    return std::clamp<std::int64_t>(begin[axis], 0, in[axis]);
  }
  constexpr std::int64_t until(int axis) const {
    return std::max(from(axis), std::min(begin[axis] + count[axis], in[axis]));
  }
};

// The box of which one part of a row split so is left, in a copy.
constexpr sample_box part_of(sample_box box, split_row const& row, std::int64_t stride) {
  if (row.parts == 1) return box;
  box.count[2] -= row.begin(row.parts - 1) * stride;
  box.copied = true;
  return box;
}

// The parts of a padded sample's rows, as `split.hpp` says. Writes some elements beyond the last.
template <sample_box Box, sample_box Part, split_row Row, std::int64_t Stride, class T, class Arch>
[[gnu::noinline]] void split_sample(T const* padded, T* to) {
  constexpr int split = static_cast<int>(Row.parts);
  std::int64_t begin[split];
  for (int j = 0; j < split; ++j) begin[j] = Row.begin(j) * Stride * Box.channels;
  for (std::int64_t i = 0; i < Box.count[0] * Box.count[1]; ++i) {
    interleave<split, Arch>(padded, begin, to, Part.pitch(1));
    padded += Box.count[2] * Box.channels;
    to += Part.pitch(1) * split;
  }
}

// `n` elements, which are zeros if `from` is null.
template <class Arch, class T>
[[gnu::always_inline]] inline void fill_run(T* to, std::int64_t n, T const* from) {
  constexpr int width = detail::width<T, Arch>;
  using batch = xsimd::batch<T, Arch>;
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    (from != nullptr ? batch::load_unaligned(from + i) : batch(T(0))).store_unaligned(to + i);
  }
  if (i == n) return;
  int const left = static_cast<int>(n - i);
  store_partial(to + i, from != nullptr ? load_partial<Arch>(from + i, left) : batch(T(0)), left);
}

// Writes the box of a sample, whole.
template <sample_box Box, class T, class Arch>
[[gnu::noinline]] void pad_sample(T const* sample, T* to) {
  constexpr std::int64_t c = Box.channels;
  constexpr std::int64_t low =
      std::min((Box.from(2) - std::min(Box.begin[2], Box.from(2))), Box.count[2]) * c;
  constexpr std::int64_t inner = (Box.until(2) - Box.from(2)) * c;
  constexpr std::int64_t row = Box.count[2] * c, high = row - low - inner;
  for (std::int64_t i = Box.begin[0]; i < Box.begin[0] + Box.count[0]; ++i) {
    for (std::int64_t j = Box.begin[1]; j < Box.begin[1] + Box.count[1]; ++j, to += row) {
      if (i < 0 || i >= Box.in[0] || j < 0 || j >= Box.in[1]) {
        fill_run<Arch, T>(to, row, nullptr);
        continue;
      }
      if constexpr (low > 0) fill_run<Arch, T>(to, low, nullptr);
      fill_run<Arch, T>(to + low, inner,
                        sample + ((i * Box.in[1] + j) * Box.in[2] + Box.from(2)) * c);
      if constexpr (high > 0) fill_run<Arch, T>(to + low + inner, high, nullptr);
    }
  }
}

}  // namespace typegrad::on_cpu::detail
