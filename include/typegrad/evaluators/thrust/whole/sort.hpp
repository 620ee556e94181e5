// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/sort_key.hpp>
#include <typegrad/evaluators/thrust/whole/shape.hpp>

#include <algorithm>

// Order along an axis. On a device every element counts those that come before it, and so knows its
// place; on a host system each line is sorted.

TYPEGRAD_ON_THRUST_BEGIN

template <class Source>
struct argsort_kernel : whole_walk<Source> {
  using walk = whole_walk<Source>;
  using typename walk::arguments;
  using typename walk::element;
  using value = register_of<walk::type>;
  using placed = placed_key<sort_key_of<value>>;
  static constexpr bool counts = group_size(2) > 1;

  static std::int64_t lines(std::int64_t batch_size) {
    return walk::result_samples(batch_size) * walk::outer * walk::inner;
  }
  static std::int64_t units(std::int64_t batch_size) {
    return lines(batch_size) * (counts ? walk::length : 1);
  }
  static std::int64_t scratch_bytes(std::int64_t batch_size) {
    return counts ? 0
                  : lines(batch_size) * walk::length * static_cast<std::int64_t>(sizeof(placed));
  }

  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    constexpr std::int64_t inner = walk::inner, outer = walk::outer, length = walk::length;
    // neighbouring units are neighbouring lines
    std::int64_t const i = u % inner;
    std::int64_t const rest = u / inner;
    std::int64_t const block = counts ? rest / length : rest;
    std::int64_t const operand_block = walk::sampled_first ? block : block % outer;
    auto const* const x =
        static_cast<element const*>(a.slots[walk::first_slot]) + operand_block * length * inner + i;
    auto* const y =
        static_cast<std::int32_t*>(a.slots[walk::result_slot]) + block * walk::count * inner + i;
    if constexpr (counts) {
      std::int64_t const k = rest % length;
      auto const mine = key_at(x, k);
      std::int64_t before = 0;
      for (std::int64_t l = 0; l < length; ++l) {
        auto const other = key_at(x, l);
        before += other < mine || (other == mine && l < k) ? 1 : 0;
      }
      if (before < walk::count) y[before * inner] = static_cast<std::int32_t>(k);
    } else {
      auto* const keys = reinterpret_cast<placed*>(a.run.scratch) + u * length;
      for (std::int64_t k = 0; k < length; ++k) keys[k] = placed::of(key_at(x, k), k);
      std::partial_sort(keys, keys + walk::count, keys + length);
      for (std::int64_t k = 0; k < walk::count; ++k) y[k * inner] = keys[k].position();
    }
  }

 private:
  TYPEGRAD_DEVICE static sort_key_of<value> key_at(element const* x, std::int64_t k) {
    return sort_key(from_memory<walk::type>(x[k * walk::inner]), walk::backwards);
  }
};

TYPEGRAD_ON_THRUST_END
