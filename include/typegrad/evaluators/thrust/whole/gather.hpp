// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/whole/shape.hpp>

// Gathering and its transpose. Sums have the order of the updates.

TYPEGRAD_ON_THRUST_BEGIN

/// Every element by itself.
template <class Source>
struct gather_kernel : whole_walk<Source> {
  using walk = whole_walk<Source>;
  using typename walk::arguments;
  using typename walk::element;

  static std::int64_t units(std::int64_t batch_size) {
    return walk::result_samples(batch_size) * walk::outer * walk::count * walk::inner;
  }
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    constexpr std::int64_t inner = walk::inner, count = walk::count, outer = walk::outer;
    constexpr std::int64_t operand = outer * walk::length * inner;
    std::int64_t const i = u % inner;
    std::int64_t const m = u / inner % count;
    std::int64_t const o = u / (inner * count) % outer;
    std::int64_t const s = u / (inner * count * outer);
    auto const* const x = static_cast<element const*>(a.slots[walk::first_slot]) +
                          (walk::sampled_first ? s * operand : 0);
    auto const* const indices = static_cast<std::int32_t const*>(a.slots[walk::second_slot]) +
                                (walk::sampled_second ? s * walk::index_count : 0);
    auto* const y = static_cast<element*>(a.slots[walk::result_slot]);
    y[u] = x[(o * walk::length + walk::named(indices, o, m, i)) * inner + i];
  }
};

/// Every element that indices of its own are added for: a line along the axis by itself.
template <class Source>
struct scatter_lines_kernel : whole_walk<Source> {
  using walk = whole_walk<Source>;
  using typename walk::arguments;
  using typename walk::element;

  static std::int64_t units(std::int64_t batch_size) {
    return walk::result_samples(batch_size) * walk::outer * walk::inner;
  }
  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    constexpr std::int64_t inner = walk::inner, count = walk::count, outer = walk::outer;
    std::int64_t const i = u % inner;
    std::int64_t const o = u / inner % outer;
    std::int64_t const sample = u / (inner * outer);
    std::int64_t const end = walk::over_batch ? a.run.batch_size : sample + 1;
    auto* const y = static_cast<element*>(a.slots[walk::result_slot]) +
                    (sample * outer + o) * walk::length * inner + i;
    for (std::int64_t k = 0; k < walk::length; ++k) y[k * inner] = element(0);
    for (std::int64_t s = sample; s < end; ++s) {
      auto const* const indices = static_cast<std::int32_t const*>(a.slots[walk::first_slot]) +
                                  (walk::sampled_first ? s * walk::index_count : 0);
      auto const* const from = static_cast<element const*>(a.slots[walk::second_slot]) +
                               (walk::sampled_second ? s * outer * count * inner : 0);
      for (std::int64_t m = 0; m < count; ++m)
        y[walk::named(indices, o, m, i) * inner] += from[(o * count + m) * inner + i];
    }
  }
};

/// Rows of `inner` elements. On a device a group has a row of the result and looks for it among the
/// indices, as many at a time as it has threads; on a host system all rows of some columns.
template <class Source>
struct scatter_rows_kernel : whole_walk<Source> {
  using walk = whole_walk<Source>;
  using typename walk::arguments;
  using typename walk::element;
  static constexpr int threads = 128;
  static constexpr std::int64_t strip = 64;  ///< columns of a tile on a host system
  static constexpr std::int64_t strips = (walk::inner + strip - 1) / strip;
  static constexpr bool one_row = group_size(threads) > 1;

  static constexpr std::size_t shared_bytes() { return 0; }
  static std::int64_t tiles(std::int64_t batch_size) {
    std::int64_t const blocks = walk::result_samples(batch_size) * walk::outer;
    return blocks * (one_row ? walk::length : strips);
  }

  template <class Group, class Plan>
  TYPEGRAD_DEVICE static void tile(Group const& g, std::int64_t t, arguments const& a,
                                   Plan const&) {
    constexpr std::int64_t inner = walk::inner, count = walk::count, outer = walk::outer;
    constexpr std::int64_t within = one_row ? walk::length : strips;
    std::int64_t const block = t / within;
    std::int64_t const o = block % outer;
    std::int64_t const sample = block / outer;
    std::int64_t const samples = walk::over_batch ? a.run.batch_size : 1;
    auto* const y =
        static_cast<element*>(a.slots[walk::result_slot]) + block * walk::length * inner;
    auto const* const indices = static_cast<std::int32_t const*>(a.slots[walk::first_slot]);
    auto const* const updates = static_cast<element const*>(a.slots[walk::second_slot]);
    // update p of them all, those of one sample after the other's
    auto const index_of = [&](std::int64_t p) {
      std::int64_t const s = sample + p / count;
      return walk::named(indices + (walk::sampled_first ? s * walk::index_count : 0), o, p % count,
                         0);
    };
    auto const row_of = [&](std::int64_t p) {
      std::int64_t const s = sample + p / count;
      return updates + (walk::sampled_second ? s * outer * count * inner : 0) +
             (o * count + p % count) * inner;
    };
#if TYPEGRAD_CUDA
    __shared__ bool mine[threads];
    std::int64_t const row = t % within;
    element* const to = y + row * inner;
    for (std::int64_t i = g.rank(); i < inner; i += threads) to[i] = element(0);
    for (std::int64_t first = 0; first < samples * count; first += threads) {
      std::int64_t const p = first + g.rank();
      bool const is_mine = p < samples * count && index_of(p) == row;
      if (__syncthreads_or(is_mine) == 0) continue;
      mine[g.rank()] = is_mine;
      g.sync();
      for (int k = 0; k < threads; ++k) {
        if (!mine[k]) continue;
        element const* const from = row_of(first + k);
        for (std::int64_t i = g.rank(); i < inner; i += threads) to[i] += from[i];
      }
      g.sync();
    }
#else
    static_cast<void>(g);
    std::int64_t const begin = t % within * strip;
    std::int64_t const end = begin + strip < inner ? begin + strip : inner;
    for (std::int64_t k = 0; k < walk::length; ++k)
      for (std::int64_t i = begin; i < end; ++i) y[k * inner + i] = element(0);
    for (std::int64_t p = 0; p < samples * count; ++p) {
      element* const to = y + index_of(p) * inner;
      element const* const from = row_of(p);
      for (std::int64_t i = begin; i < end; ++i) to[i] += from[i];
    }
#endif
  }
};

TYPEGRAD_ON_THRUST_END
