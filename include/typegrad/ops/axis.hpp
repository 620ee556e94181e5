// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/symbol.hpp>

#include <string_view>

namespace typegrad::detail {

/// Axis `axis` of x, which counts from the end if it is negative. False, and a sentence, if there
/// is none.
constexpr bool find_axis(std::string_view name, symbol const& x, int& axis) {
  int const rank = x.rank();
  int const given = axis;
  if (axis < 0) axis += rank;
  if (axis >= 0 && axis < rank) return true;
  graph& g = x.owner();
  if (rank == 0)
    g.fail(sentence(name, ": axis ", given, " does not exist, a scalar has no axes"));
  else
    g.fail(sentence(name, ": axis ", given, " does not exist, extents ", to_text(x.shape()),
                    " have axes 0 to ", rank - 1));
  return false;
}

/// The number of elements of axes [from, to).
constexpr std::int64_t elements_between(extents const& shape, int from, int to) {
  std::int64_t n = 1;
  for (int i = from; i < to; ++i) n *= shape[i];
  return n;
}

}  // namespace typegrad::detail
