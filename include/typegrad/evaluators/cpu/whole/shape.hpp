// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/body.hpp>
#include <typegrad/evaluators/cpu/team.hpp>
#include <typegrad/graph/whole.hpp>

namespace typegrad::on_cpu::detail {

/// Fewer elements than this are not worth a second thread.
inline constexpr std::int64_t whole_grain = 2048;

/// What the kernels of ops that take whole operands have in common. `Op` is the step's.
template <whole_op Op>
struct whole_walk {
  using element = memory_of<Op.type>;

  /// From one sample to the next, in an operand and in the result.
  static constexpr std::int64_t sample_of(int operand, std::int64_t elements) {
    return Op.sampled[operand] ? elements : 0;
  }
  static constexpr std::int64_t result_samples(std::int64_t batch) {
    return Op.per_sample ? batch : 1;
  }
  /// Rows of `length` elements that are worth a thread.
  static constexpr std::int64_t rows_of(std::int64_t length) {
    return length >= whole_grain ? 1 : whole_grain / (length > 0 ? length : 1);
  }
};

}  // namespace typegrad::on_cpu::detail
