// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <typegrad/evaluators/cpu/partial.hpp>

// An epilogue takes the finished vectors of C from registers, and stores what it makes of them:
//
//   template <class Batch, class Lanes>
//   void operator()(std::int64_t row, std::int64_t column, Batch sum, Lanes lanes) const;
//
// It is called once for every vector of C: `sum` has the elements (row, column) ...
// (row, column + lanes - 1); `lanes` is on_cpu::lanes<width> for a whole vector, for the last one
// of a row on_cpu::lanes<n % width> where n is static, else an int (that may equal the width). It
// is copied, and called by every thread of the team, in any order. It must not write what the
// operands read.
//
// An epilogue is inlined for every vector of a register tile. One that is more than some ten
// instructions should have a member `static constexpr bool heavy = true`: then it is inlined once,
// and called from a loop.
namespace typegrad::on_cpu {

// C = sum
template <class T>
struct store_epilogue {
  T* data;
  std::int64_t stride;

  template <class Batch, class Lanes>
  [[gnu::always_inline]] void operator()(std::int64_t row, std::int64_t column, Batch sum,
                                         Lanes count) const {
    store_partial(data + row * stride + column, sum, count);
  }
};

// C += sum
template <class T>
struct accumulate_epilogue {
  T* data;
  std::int64_t stride;

  template <class Batch, class Lanes>
  [[gnu::always_inline]] void operator()(std::int64_t row, std::int64_t column, Batch sum,
                                         Lanes count) const {
    T* const p = data + row * stride + column;
    store_partial(p, load_partial<typename Batch::arch_type>(p, count) + sum, count);
  }
};

namespace detail {

template <class Epilogue>
inline constexpr bool is_heavy = [] {
  if constexpr (requires { Epilogue::heavy; }) {
    return static_cast<bool>(Epilogue::heavy);
  } else {
    return false;
  }
}();

}  // namespace detail
}  // namespace typegrad::on_cpu
