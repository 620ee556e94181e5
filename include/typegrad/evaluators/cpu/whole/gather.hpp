// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/whole/shape.hpp>

// Gathering and its transpose.

namespace typegrad::on_cpu {

template <whole_op Op, class Arch>
struct gather_kernel : detail::whole_walk<Op> {
  using walk = detail::whole_walk<Op>;
  using typename walk::element;

  static constexpr std::size_t scratch_bytes(int) { return 0; }

  /// Rows (outer, count) of `inner` elements, each by itself.
  static void run(team const& members, std::int64_t batch, void const* const* operands,
                  void* result, std::byte*) {
    auto const* const x = static_cast<element const*>(operands[0]);
    auto const* const indices = static_cast<std::int32_t const*>(operands[1]);
    auto* const y = static_cast<element*>(result);
    std::int64_t const rows = walk::result_samples(batch) * Op.outer * Op.count;
    auto const [first, last] = members.part(rows, walk::rows_of(Op.inner));
    for (std::int64_t r = first; r < last; ++r) {
      std::int64_t const m = r % Op.count;
      std::int64_t const o = r / Op.count % Op.outer;
      std::int64_t const s = r / (Op.count * Op.outer);
      element const* const from =
          x + s * walk::sample_of(0, Op.outer * Op.length * Op.inner) + o * Op.length * Op.inner;
      std::int32_t const* const named = indices + s * walk::sample_of(1, Op.indices());
      element* const to = y + r * Op.inner;
      if constexpr (Op.each) {
        std::int32_t const* const each = named + Op.index_at(o, m, 0);
        for (std::int64_t i = 0; i < Op.inner; ++i)
          to[i] = from[whole_op::clamped(each[i], Op.length) * Op.inner + i];
      } else {
        element const* const row = from + whole_op::clamped(named[m], Op.length) * Op.inner;
        for (std::int64_t i = 0; i < Op.inner; ++i) to[i] = row[i];
      }
    }
  }
};

/// Every member has rows of the result of its own, and goes through all indices for what falls
/// there: so each element's sum has the order of the updates, whatever the team.
template <whole_op Op, class Arch>
struct scatter_kernel : detail::whole_walk<Op> {
  using walk = detail::whole_walk<Op>;
  using typename walk::element;

  static constexpr std::size_t scratch_bytes(int) { return 0; }

  static void run(team const& members, std::int64_t batch, void const* const* operands,
                  void* result, std::byte*) {
    auto const* const indices = static_cast<std::int32_t const*>(operands[0]);
    auto const* const updates = static_cast<element const*>(operands[1]);
    auto* const y = static_cast<element*>(result);
    // blocks of `length` rows, one a sample and outer position
    std::int64_t const blocks = walk::result_samples(batch) * Op.outer;
    auto const [first, last] = members.part(blocks * Op.length, walk::rows_of(Op.inner));
    for (std::int64_t e = first * Op.inner; e < last * Op.inner; ++e) y[e] = element(0);
    for (std::int64_t block = first / Op.length; block * Op.length < last; ++block) {
      std::int64_t const begin = block * Op.length < first ? first - block * Op.length : 0;
      std::int64_t const end =
          last - block * Op.length < Op.length ? last - block * Op.length : Op.length;
      std::int64_t const o = block % Op.outer;
      element* const to = y + block * Op.length * Op.inner;
      std::int64_t const sample = Op.over_batch ? 0 : block / Op.outer;
      std::int64_t const samples_end = Op.over_batch ? batch : sample + 1;
      for (std::int64_t s = sample; s < samples_end; ++s) {
        std::int32_t const* const named = indices + s * walk::sample_of(0, Op.indices());
        element const* const from = updates +
                                    s * walk::sample_of(1, Op.outer * Op.count * Op.inner) +
                                    o * Op.count * Op.inner;
        for (std::int64_t m = 0; m < Op.count; ++m)
          add(to, named, from + m * Op.inner, o, m, begin, end);
      }
    }
  }

 private:
  static void add(element* to, std::int32_t const* named, element const* from, std::int64_t o,
                  std::int64_t m, std::int64_t begin, std::int64_t end) {
    if constexpr (Op.each) {
      std::int32_t const* const each = named + Op.index_at(o, m, 0);
      for (std::int64_t i = 0; i < Op.inner; ++i) {
        std::int64_t const row = whole_op::clamped(each[i], Op.length);
        if (row >= begin && row < end) to[row * Op.inner + i] += from[i];
      }
    } else {
      std::int64_t const row = whole_op::clamped(named[m], Op.length);
      if (row < begin || row >= end) return;
      element* const at = to + row * Op.inner;
      for (std::int64_t i = 0; i < Op.inner; ++i) at[i] += from[i];
    }
  }
};

}  // namespace typegrad::on_cpu
