// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/registry.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace typegrad {

/// The names of all ops, "matmul", alone: the table of all ops would bring their gradient rules
/// into the program.
inline constexpr auto op_names = [] {
  std::array<std::string_view, op_count> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = op_table[i].name;
  return names;
}();

constexpr std::string_view op_name(op code) { return op_names[static_cast<std::size_t>(code)]; }

}  // namespace typegrad
