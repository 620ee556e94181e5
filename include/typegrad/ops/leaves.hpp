// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/rule.hpp>

namespace typegrad {

#define TYPEGRAD_LEAF(code)                         \
  template <>                                       \
  struct rule<op::code> : detail::no_gradient {     \
    static constexpr std::string_view name = #code; \
  };

TYPEGRAD_LEAF(input)
TYPEGRAD_LEAF(weight)
TYPEGRAD_LEAF(constant)
TYPEGRAD_LEAF(scalar)
TYPEGRAD_LEAF(iota)
TYPEGRAD_LEAF(parameter)
TYPEGRAD_LEAF(random_uniform)

#undef TYPEGRAD_LEAF

}  // namespace typegrad
