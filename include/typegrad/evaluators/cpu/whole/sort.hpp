// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/sort_key.hpp>
#include <typegrad/evaluators/cpu/whole/shape.hpp>

#include <algorithm>

// Order along an axis. A line's elements are brought together as keys with their positions, no two
// of which are equal, so that any way of sorting is stable.

namespace typegrad::on_cpu {

namespace detail {

/// A key and where it stood, compared in this order.
template <class Key>
struct placed_key {
  Key key;
  std::uint32_t at;

  static placed_key of(Key key, std::int64_t at) { return {key, static_cast<std::uint32_t>(at)}; }
  bool operator<(placed_key const& o) const { return key != o.key ? key < o.key : at < o.at; }
  std::int32_t position() const { return static_cast<std::int32_t>(at); }
};

/// The same in one number.
template <>
struct placed_key<std::uint32_t> {
  std::uint64_t both;

  static placed_key of(std::uint32_t key, std::int64_t at) {
    return {std::uint64_t{key} << 32 | static_cast<std::uint32_t>(at)};
  }
  bool operator<(placed_key const& o) const { return both < o.both; }
  std::int32_t position() const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(both));
  }
};

}  // namespace detail

template <whole_op Op, class Arch>
struct argsort_kernel : detail::whole_walk<Op> {
  using walk = detail::whole_walk<Op>;
  using typename walk::element;
  using placed = detail::placed_key<decltype(sort_key(element{}, false))>;

  static constexpr std::size_t member_bytes =
      (static_cast<std::size_t>(Op.length) * sizeof(placed) + 63) / 64 * 64;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return member_bytes * static_cast<std::size_t>(team_size);
  }

  static void run(team const& members, std::int64_t batch, void const* const* operands,
                  void* result, std::byte* scratch) {
    auto const* const x = static_cast<element const*>(operands[0]);
    auto* const y = static_cast<std::int32_t*>(result);
    auto* const keys = reinterpret_cast<placed*>(
        scratch + member_bytes * static_cast<std::size_t>(members.index));
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
