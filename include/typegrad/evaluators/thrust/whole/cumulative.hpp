// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/whole/shape.hpp>

// Sums along an axis: each line by itself, from one end to the other.

TYPEGRAD_ON_THRUST_BEGIN

template <class Source>
struct cumulative_sum_kernel : whole_walk<Source> {
  using walk = whole_walk<Source>;
  using typename walk::arguments;
  using typename walk::element;

  static std::int64_t units(std::int64_t batch_size) {
    return walk::result_samples(batch_size) * walk::outer * walk::inner;
  }
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    constexpr std::int64_t inner = walk::inner, outer = walk::outer, length = walk::length;
    std::int64_t const block = u / inner;
    std::int64_t const operand_block = walk::sampled_first ? block : block % outer;
    auto const* const x = static_cast<element const*>(a.slots[walk::first_slot]) +
                          operand_block * length * inner + u % inner;
    auto* const y =
        static_cast<element*>(a.slots[walk::result_slot]) + block * length * inner + u % inner;
    element sum = element(0);
    for (std::int64_t k = 0; k < length; ++k) {
      std::int64_t const at = (walk::backwards ? length - 1 - k : k) * inner;
      element const before = sum;
      sum = static_cast<element>(before + x[at]);
      y[at] = walk::exclusive ? before : sum;
    }
  }
};

TYPEGRAD_ON_THRUST_END
