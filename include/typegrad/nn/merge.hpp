// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/normalization.hpp>
#include <typegrad/ops/movement.hpp>

#include <concepts>

// Several values become one: Keras's merging layers, as functions on symbols, for the `call` of
// layers and networks: `return relu(add(x, shortcut(x)));`. Extents broadcast as NumPy's do.

namespace typegrad {

constexpr symbol add(symbol a, symbol b) { return a + b; }
constexpr symbol subtract(symbol a, symbol b) { return a - b; }
constexpr symbol multiply(symbol a, symbol b) { return a * b; }

/// a + b + ...
template <std::convertible_to<symbol>... Rest>
constexpr symbol add(symbol a, symbol b, symbol c, Rest... rest) {
  return add(a + b, c, rest...);
}
/// a * b * ...
template <std::convertible_to<symbol>... Rest>
constexpr symbol multiply(symbol a, symbol b, symbol c, Rest... rest) {
  return multiply(a * b, c, rest...);
}
/// The largest of all, element by element; NaN if one of them is.
template <std::convertible_to<symbol>... Rest>
constexpr symbol maximum(symbol a, symbol b, symbol c, Rest... rest) {
  return maximum(maximum(a, b), c, rest...);
}
/// The smallest of all, element by element; NaN if one of them is.
template <std::convertible_to<symbol>... Rest>
constexpr symbol minimum(symbol a, symbol b, symbol c, Rest... rest) {
  return minimum(minimum(a, b), c, rest...);
}
/// The mean of all, element by element.
template <std::convertible_to<symbol>... Rest>
constexpr symbol average(symbol a, symbol b, Rest... rest) {
  return add(a, b, rest...) * (1.0 / static_cast<double>(2 + sizeof...(rest)));
}

/// The given values one behind the other along an axis: concatenate(axis(0), a, b).
template <std::convertible_to<symbol>... Rest>
constexpr symbol concatenate(option<options::axis, axis_list> along, symbol a, Rest... rest) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  auto const named = detail::axes_within(along.value, a.shape());
  if (!named.problem.empty())
    return poison(a.owner(), sentence("concatenate: ", named.problem));
  if (named.axes.size() != 1)
    return poison(a.owner(), sentence("concatenate: needs one axis, got ", named.axes.size()));
  symbol all = a;
  ((all = build::concatenate(all, rest, named.axes[0])), ...);
  return all;
}

}  // namespace typegrad
