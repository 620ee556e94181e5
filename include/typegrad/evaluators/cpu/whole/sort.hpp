// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/sort_key.hpp>
#include <typegrad/evaluators/cpu/whole/shape.hpp>

#include <algorithm>

// Order along an axis. A line's elements are brought together as keys with their positions, no two
// of which are equal, so that any way of sorting is stable.

namespace typegrad::on_cpu {

template <whole_op Op, class Arch>
struct argsort_kernel : detail::whole_walk<Op> {
  using walk = detail::whole_walk<Op>;
  using typename walk::element;
  using placed = placed_key<sort_key_of<element>>;

  static constexpr std::size_t member_bytes =
      (static_cast<std::size_t>(Op.length) * sizeof(placed) + 63) / 64 * 64;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return member_bytes * static_cast<std::size_t>(team_size);
  }

  static void run(team const& members, std::int64_t batch, void const* const* operands,
                  void* result, std::byte* scratch) {
    auto const* const x = static_cast<element const*>(operands[0]);
    auto* const y = static_cast<std::int32_t*>(result);
    auto* const keys =
        reinterpret_cast<placed*>(scratch + member_bytes * static_cast<std::size_t>(members.index));
    std::int64_t const lines = walk::result_samples(batch) * Op.outer * Op.inner;
    auto const [first, last] = members.part(lines, walk::rows_of(Op.length * 16));
    for (std::int64_t l = first; l < last; ++l) {
      std::int64_t const i = l % Op.inner;
      std::int64_t const block = l / Op.inner;
      std::int64_t const operand_block = Op.sampled[0] ? block : block % Op.outer;
      element const* const from = x + operand_block * Op.length * Op.inner + i;
      for (std::int64_t k = 0; k < Op.length; ++k)
        keys[k] = placed::of(sort_key(from[k * Op.inner], Op.backwards), k);
      if constexpr (Op.count < Op.length)
        std::partial_sort(keys, keys + Op.count, keys + Op.length);
      else
        std::sort(keys, keys + Op.length);
      std::int32_t* const to = y + block * Op.count * Op.inner + i;
      for (std::int64_t k = 0; k < Op.count; ++k) to[k * Op.inner] = keys[k].position();
    }
  }
};

}  // namespace typegrad::on_cpu
