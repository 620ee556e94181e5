// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/body.hpp>
#include <typegrad/evaluators/thrust/group.hpp>
#include <typegrad/graph/whole.hpp>

TYPEGRAD_ON_THRUST_BEGIN

/// What the kernels of ops that take whole operands have in common: the step's numbers, one by one.
template <class Source>
struct whole_walk {
  using arguments = step_arguments<Source>;
  static constexpr auto const& form = Source::info.whole;
  static constexpr dtype type = form.type;
  using element = memory_of<type>;
  static constexpr std::int64_t outer = form.outer, inner = form.inner;
  static constexpr std::int64_t length = form.length, count = form.count;
  static constexpr bool each = form.each;
  static constexpr bool backwards = form.backwards, exclusive = form.exclusive;
  static constexpr bool per_sample = form.per_sample, over_batch = form.over_batch;
  static constexpr bool sampled_first = form.sampled[0], sampled_second = form.sampled[1];
  static constexpr int first_slot = form.slots[0], second_slot = form.slots[1];
  static constexpr int result_slot = Source::store_at(0).slot;

  static std::int64_t result_samples(std::int64_t batch_size) {
    return per_sample ? batch_size : 1;
  }
  /// The index of row m, in (outer, count, inner).
  TYPEGRAD_DEVICE static std::int64_t named(std::int32_t const* indices, std::int64_t o,
                                            std::int64_t m, std::int64_t i) {
    std::int32_t const index = indices[each ? (o * count + m) * inner + i : m];
    return whole_op::clamped(index, length);
  }
  static constexpr std::int64_t index_count = each ? outer * count * inner : count;
};

TYPEGRAD_ON_THRUST_END
