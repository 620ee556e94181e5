// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/normalization.hpp>
#include <typegrad/ops/elementwise.hpp>
#include <typegrad/ops/movement.hpp>

#include <concepts>

// Several values become one: Keras's merging layers, as functions on symbols, for the `call` of
// layers and networks: `return relu(add(x, shortcut(x)));`. Extents broadcast as NumPy's do. Axes
// are those of one sample: Keras's axis 1 is axis(0), its axis -1 is axis(-1).

namespace typegrad {

namespace options {

struct normalize {
  static constexpr std::string_view name = "normalize";
};

}  // namespace options

/// Divides by the Euclidean length (at least 1e-12) first.
inline constexpr option<options::normalize, bool> normalize{true};

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

/// The given values one behind the other along an axis: concatenate(axis(0), a, b, c).
template <std::convertible_to<symbol>... Rest>
constexpr symbol concatenate(option<options::axis, axis_list> along, symbol a, Rest... rest) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  auto const named = detail::axes_within(along.value, a.shape());
  if (!named.problem.empty()) return poison(a.owner(), sentence("concatenate: ", named.problem));
  if (named.axes.size() != 1)
    return poison(a.owner(), sentence("concatenate: needs one axis, got ", named.axes.size()));
  symbol all = a;
  ((all = build::concatenate(all, rest, named.axes[0])), ...);
  return all;
}

namespace detail {

/// The sum over axis_a of a and axis_b of b; a's other axes, then b's. One number is a vector of 1.
constexpr symbol dot_along(axis_list const& given, bool normalized, symbol a, symbol b) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  if (build::poisoned(b)) return build::poisoned_like(b);
  graph& g = a.owner();
  if (given.size() < 1 || given.size() > 2)
    return poison(g, sentence("dot: needs one axis, or one of each value, got ", given.size()));
  if (a.rank() == 0 || b.rank() == 0)
    return poison(g, sentence("dot: needs values with axes, got extents ", to_text(a.shape()),
                              " and ", to_text(b.shape()), "; multiply scalars"));
  auto const left = axes_within({given[0]}, a.shape());
  auto const right = axes_within({given[given.size() - 1]}, b.shape());
  if (!left.problem.empty()) return poison(g, sentence("dot: ", left.problem));
  if (!right.problem.empty()) return poison(g, sentence("dot: ", right.problem));
  int const i = left.axes[0], j = right.axes[0];
  if (a.shape()[i] != b.shape()[j])
    return poison(
        g, sentence("dot: axis ", i, " of extents ", to_text(a.shape()), " has ", a.shape()[i],
                    " elements, axis ", j, " of ", to_text(b.shape()), " has ", b.shape()[j]));
  if (normalized) {
    a = a * rsqrt(maximum(sum(square(a), {i}, true), 1e-24));
    b = b * rsqrt(maximum(sum(square(b), {j}, true), 1e-24));
  }
  build::dot_axes axes;
  axes.contract_a = {i};
  axes.contract_b = {j};
  symbol const y = build::dot_general(a, b, axes);
  return y.valid() && y.rank() == 0 ? build::reshape(y, {1}) : y;
}

}  // namespace detail

/// Keras's Dot: products of a and b, sample by sample, summed over an axis that both have, or over
/// one of each: dot(axis(-1), a, b), dot(axis(1, 0), a, b). The other axes of a come first, then
/// those of b; of two vectors it is a vector of one. With `normalize`, dot(axis(-1), normalize, a,
/// b), it is the cosine of the angle between them. (`dot(a, b)` is NumPy's.)
constexpr symbol dot(option<options::axis, axis_list> along, symbol a, symbol b) {
  return detail::dot_along(along.value, false, a, b);
}
constexpr symbol dot(option<options::axis, axis_list> along,
                     option<options::normalize, bool> normalized, symbol a, symbol b) {
  return detail::dot_along(along.value, normalized.value, a, b);
}

}  // namespace typegrad
