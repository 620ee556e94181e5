// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/dtype.hpp>
#include <typegrad/graph/op.hpp>

#include <cstdint>

namespace typegrad {

/// What an op computes that reads whole operands and works along one axis. Values are seen as
/// (outer, along the axis, inner).
struct whole_op {
  op code = op::gather;
  dtype type = dtype::float32;  ///< of the elements that are moved, summed or compared
  std::int64_t outer = 1, inner = 1;
  std::int64_t length = 1;  ///< along the axis: of what is gathered from, added to, or read
  std::int64_t count = 1;   ///< along the axis: of the indices; of argsort's result
  bool each = false;        ///< indices are (outer, count, inner), otherwise (count)
  bool backwards = false, exclusive = false;
  bool per_sample = false;  ///< the result is
  bool over_batch = false;  ///< scatter_add: one result for all samples
  bool sampled[2] = {};     ///< per operand, whether it has samples of its own
  int slots[2] = {};        ///< per operand, in a step

  constexpr bool operator==(whole_op const& o) const {
    return code == o.code && type == o.type && outer == o.outer && inner == o.inner &&
           length == o.length && count == o.count && each == o.each && backwards == o.backwards &&
           exclusive == o.exclusive && per_sample == o.per_sample && over_batch == o.over_batch &&
           sampled[0] == o.sampled[0] && sampled[1] == o.sampled[1] && slots[0] == o.slots[0] &&
           slots[1] == o.slots[1];
  }

  /// The elements of one sample of the operands and of the result.
  constexpr std::int64_t indices() const { return each ? outer * count * inner : count; }
  constexpr std::int64_t results() const {
    bool const of_count = code == op::gather || code == op::argsort;
    return outer * (of_count ? count : length) * inner;
  }
  /// Where the index of row m of (outer, count, inner) stands.
  constexpr std::int64_t index_at(std::int64_t o, std::int64_t m, std::int64_t i) const {
    return each ? (o * count + m) * inner + i : m;
  }
  /// The element that an index means: negative ones count from the end, those beyond the ends are
  /// the last ones there (the rule of JAX and XLA for gather).
  static constexpr std::int64_t clamped(std::int64_t index, std::int64_t length) {
    std::int64_t const from_front = index < 0 ? index + length : index;
    return from_front < 0 ? 0 : from_front >= length ? length - 1 : from_front;
  }
};

}  // namespace typegrad
