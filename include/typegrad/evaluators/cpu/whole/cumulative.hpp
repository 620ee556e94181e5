// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/whole/shape.hpp>

// Sums along an axis: each line from one end to the other, neighbouring lines together.

namespace typegrad::on_cpu {

template <whole_op Op, class Arch>
struct cumulative_sum_kernel : detail::whole_walk<Op> {
  using walk = detail::whole_walk<Op>;
  using typename walk::element;
  static constexpr std::int64_t together = Op.inner < 64 ? Op.inner : 64;

  static constexpr std::size_t scratch_bytes(int) { return 0; }

  static void run(team const& members, std::int64_t batch, void const* const* operands,
                  void* result, std::byte*) {
    auto const* const x = static_cast<element const*>(operands[0]);
    auto* const y = static_cast<element*>(result);
    constexpr std::int64_t columns = (Op.inner + together - 1) / together;
    std::int64_t const blocks = walk::result_samples(batch) * Op.outer * columns;
    auto const [first, last] = members.part(blocks, walk::rows_of(Op.length * together));
    for (std::int64_t b = first; b < last; ++b) {
      std::int64_t const line = b / columns;
      std::int64_t const from = b % columns * together;
      std::int64_t const width = Op.inner - from < together ? Op.inner - from : together;
      std::int64_t const sample = line / Op.outer;
      std::int64_t const operand_line = Op.sampled[0] ? line : line - sample * Op.outer;
      sum(x + operand_line * Op.length * Op.inner + from, y + line * Op.length * Op.inner + from,
          width);
    }
  }

 private:
  static void sum(element const* x, element* y, std::int64_t width) {
    element sums[together] = {};
    for (std::int64_t k = 0; k < Op.length; ++k) {
      std::int64_t const at = (Op.backwards ? Op.length - 1 - k : k) * Op.inner;
      for (std::int64_t i = 0; i < width; ++i) {
        element const before = sums[i];
        sums[i] = static_cast<element>(before + x[at + i]);
        y[at + i] = Op.exclusive ? before : sums[i];
      }
    }
  }
};

}  // namespace typegrad::on_cpu
