// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <typegrad/core/quiet.hpp>
#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/gemm/unroll.hpp>

// Rows of a result that are shorter than a vector. An epilogue that can take several of them at
// once has, beside its call for one row,
//
//   template <std::int64_t Columns>
//   static constexpr bool takes_runs;
//   template <std::int64_t Columns, class Batch, class Lanes>
//   void run_of(std::int64_t row, std::int64_t column, Batch sum, Lanes lanes) const;
//
// where rows have `Columns` elements: `sum` has those from (row, column) on and goes on with
// (row + 1, 0), and so forth.
namespace typegrad::on_cpu {

template <class Epilogue, std::int64_t Columns>
inline constexpr bool takes_runs = [] {
  if constexpr (requires { Epilogue::template takes_runs<Columns>; }) {
    return static_cast<bool>(Epilogue::template takes_runs<Columns>);
  } else {
    return false;
  }
}();

TYPEGRAD_QUIET_BEGIN

// Gives `count` whole rows of `Columns` elements, no more than a vector's, to the epilogue; the
// first of them is `row` of the result.
template <std::int64_t Columns, class Arch, class T, class Epilogue>
[[gnu::noinline]] void give_rows(T const* values, std::int64_t row, std::int64_t count,
                                 Epilogue const& stated) {
  auto const epilogue = stated;  // a copy, since stores could alias the original
  constexpr int width = detail::width<T, Arch>;
  static_assert(Columns <= width);
  if constexpr (takes_runs<Epilogue, Columns>) {
    // After so many vectors one begins with a row again.
    constexpr int period = detail::is_heavy<Epilogue> ? 1 : static_cast<int>(
        std::lcm(Columns, static_cast<std::int64_t>(width)) / width);
    std::int64_t column = 0, left = count * Columns;
    for (; period > 1 && left >= period * width; left -= period * width) {
      TYPEGRAD_UNROLL
      for (int i = 0; i < period; ++i, values += width) {
        epilogue.template run_of<Columns>(row + i * width / Columns, i * width % Columns,
                                          xsimd::batch<T, Arch>::load_unaligned(values),
                                          lanes<width>{});
      }
      row += period * width / Columns;
    }
    for (; left >= width; left -= width, values += width) {
      epilogue.template run_of<Columns>(row, column, xsimd::batch<T, Arch>::load_unaligned(values),
                                        lanes<width>{});
      bool const on = column + width % Columns >= Columns;
      row += width / Columns + on;
      column += width % Columns - (on ? Columns : 0);
    }
    if (left > 0) {
      auto const n = static_cast<int>(left);
      epilogue.template run_of<Columns>(row, column, load_partial<Arch>(values, n), n);
    }
  } else {
    constexpr lanes<static_cast<int>(Columns)> n{};
    for (; count > 0; --count, ++row, values += Columns) {
      epilogue(row, std::int64_t{0}, load_partial<Arch>(values, n), n);
    }
  }
}

TYPEGRAD_QUIET_END

}  // namespace typegrad::on_cpu
