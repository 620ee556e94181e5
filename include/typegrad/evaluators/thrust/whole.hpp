// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/whole/cumulative.hpp>
#include <typegrad/evaluators/thrust/whole/gather.hpp>
#include <typegrad/evaluators/thrust/whole/sort.hpp>

// Ops that read whole operands, as they lie in memory, and write one dense value: a kernel each.

TYPEGRAD_ON_THRUST_BEGIN

namespace detail {

template <class Source>
constexpr auto choose_whole_kernel(std::type_identity<Source>) {
  constexpr op code = Source::info.whole.code;
  if constexpr (code == op::gather)
    return std::type_identity<gather_kernel<Source>>{};
  else if constexpr (code == op::scatter_add && Source::info.whole.each)
    return std::type_identity<scatter_lines_kernel<Source>>{};
  else if constexpr (code == op::scatter_add)
    return std::type_identity<scatter_rows_kernel<Source>>{};
  else if constexpr (code == op::cumulative_sum)
    return std::type_identity<cumulative_sum_kernel<Source>>{};
  else
    return std::type_identity<argsort_kernel<Source>>{};
}

}  // namespace detail

TYPEGRAD_ON_THRUST_END
