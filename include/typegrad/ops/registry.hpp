// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/arrange.hpp>
#include <typegrad/ops/contraction.hpp>
#include <typegrad/ops/cumulative.hpp>
#include <typegrad/ops/einsum.hpp>
#include <typegrad/ops/elementwise.hpp>
#include <typegrad/ops/leaves.hpp>
#include <typegrad/ops/sort.hpp>
#include <typegrad/ops/statistics.hpp>
#include <typegrad/ops/whole.hpp>
#include <typegrad/ops/window.hpp>

#include <array>
#include <utility>

namespace typegrad {

/// A rule as data, to look up by an op that is a value.
struct op_info {
  std::string_view name;
  void (*gradient)(gradient_context&) = nullptr;
};

namespace detail {

template <op Code>
constexpr op_info info_of() {
  if constexpr (Code < op::scan)
    return {rule<Code>::name, &rule<Code>::gradient};
  else
    return {};  // control ops have no rule yet
}

template <std::size_t... I>
constexpr std::array<op_info, sizeof...(I)> all_ops(std::index_sequence<I...>) {
  return {info_of<static_cast<op>(I)>()...};
}

}  // namespace detail

inline constexpr std::array<op_info, op_count> op_table =
    detail::all_ops(std::make_index_sequence<op_count>{});

constexpr op_info const& info(op code) { return op_table[static_cast<std::size_t>(code)]; }

}  // namespace typegrad
