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
    case op::exp2:
    case op::expm1:
    case op::log:
    case op::log2:
    case op::log10:
    case op::log1p:
    case op::sin:
    case op::cos:
    case op::tan:
    case op::asin:
    case op::acos:
    case op::atan:
    case op::sinh:
    case op::cosh:
    case op::tanh:
    case op::asinh:
    case op::acosh:
    case op::atanh:
    case op::sigmoid:
    case op::erf: return 8;
    case op::floor_divide:
    case op::remainder:
    case op::atan2:
    case op::power: return 16;
    case op::divide:
    case op::sqrt:
    case op::rsqrt: return 4;
    case op::random_uniform: return 32;
    default: return 1;
  }
}

}  // namespace typegrad
