// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/op.hpp>

namespace typegrad {

/// What recomputing may cost at most, before a value is stored instead. In units of a cheap vector
/// operation; a load counts as one.
inline constexpr int recompute_limit = 4;

/// The price of one vector of an elementwise op.
constexpr int cost_of(op code) {
  switch (code) {
    case op::exp:
    case op::expm1:
    case op::log:
    case op::log1p:
    case op::sin:
    case op::cos:
    case op::tanh:
    case op::sigmoid:
    case op::erf: return 8;
    case op::power: return 16;
    case op::divide:
    case op::sqrt:
    case op::rsqrt: return 4;
    case op::random_uniform: return 32;
    default: return 1;
  }
}

}  // namespace typegrad
