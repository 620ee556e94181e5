// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/axis.hpp>
#include <typegrad/ops/movement.hpp>

#include <initializer_list>

// Movement that is composed: how values are stacked, split, turned, repeated and padded. Negative
// axes count from the end.

namespace typegrad {

namespace detail {

constexpr extents zeros_of(int rank) {
  extents e;
  for (int i = 0; i < rank; ++i) e.push_back(0);
  return e;
}
/// As many poisoned symbols as anybody may ask for, where how many there would be is not known.
constexpr list<symbol> poisoned_list(symbol const& x, int at_least = 0) {
  return list<symbol>(at_least > 64 ? at_least : 64, build::poisoned_like(x));
}
/// Elements [low, high) along one axis.
constexpr symbol part_of(symbol x, int axis, std::int64_t low, std::int64_t high) {
  extents from = zeros_of(x.rank()), to = x.shape();
  from[axis] = low;
  to[axis] = high;
  return build::slice(x, from, to);
}

/// x with an axis of length 1 before axis `axis` of the result.
constexpr symbol with_axis(std::string_view name, symbol x, int axis) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  int const at = axis < 0 ? axis + x.rank() + 1 : axis;
  if (at < 0 || at > x.rank() || x.rank() == max_rank)
    return poison(x.owner(), sentence(name, ": axis ", axis, " of a result with ", x.rank() + 1,
                                      " axes does not exist"));
  extents shape;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == at) shape.push_back(1);
    if (i < x.rank()) shape.push_back(x.shape()[i]);
  }
  return build::reshape(x, shape);
}

}  // namespace detail

/// x with an axis of length 1 before axis `axis` of the result.
constexpr symbol expand_dims(symbol x, int axis) {
  return detail::with_axis("expand_dims", x, axis);
}
/// x without the given axes, which have length 1; without all such if none are given.
constexpr symbol squeeze(symbol x, axis_list axes = {}) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  axis_list named;
  for (int i = 0; i < axes.size(); ++i) {
    int axis = axes[i];
    if (!detail::find_axis("squeeze", x, axis)) return {x.owner(), -1};
    if (x.shape()[axis] != 1)
      return poison(x.owner(), sentence("squeeze: axis ", axis, " of extents ", to_text(x.shape()),
                                        " has ", x.shape()[axis], " elements, not 1"));
    named.push_back(axis);
  }
  extents shape;
  for (int i = 0; i < x.rank(); ++i)
    if (axes.size() > 0 ? !named.contains(i) : x.shape()[i] != 1) shape.push_back(x.shape()[i]);
  return build::reshape(x, shape);
}

/// The given values one behind the other along `axis`: concatenate({a, b}, 0).
constexpr symbol concatenate(list<symbol> const& parts, int axis = -1) {
  if (parts.empty()) return {};
  for (symbol const& x : parts)
    if (build::poisoned(x)) return build::poisoned_like(x);
  if (!detail::find_axis("concatenate", parts[0], axis)) return {parts[0].owner(), -1};
  return build::concatenate(parts, axis);
}
/// Values of equal extents along a new axis, `axis` of the result.
constexpr symbol stack(list<symbol> const& parts, int axis = 0) {
  list<symbol> each;
  for (symbol const& x : parts) {
    if (build::poisoned(x)) return build::poisoned_like(x);
    if (!(x.shape() == parts[0].shape()))
      return poison(x.owner(), sentence("stack: needs values of equal extents, got ",
                                        to_text(parts[0].shape()), " and ", to_text(x.shape())));
    each.push_back(detail::with_axis("stack", x, axis));
  }
  return concatenate(each, axis);
}
/// x cut into `parts` equal parts along `axis`: the last unless told, where NumPy has the first.
constexpr list<symbol> split(symbol x, int parts, int axis = -1) {
  if (build::poisoned(x) || !detail::find_axis("split", x, axis))
    return detail::poisoned_list(x, parts);
  std::int64_t const length = x.shape()[axis];
  if (parts < 1 || length % parts != 0) {
    x.owner().fail(sentence("split: axis ", axis, " of extents ", to_text(x.shape()), " has ",
                            length, " elements, which ", parts, " does not divide"));
    return detail::poisoned_list(x, parts);
  }
  list<symbol> out;
  for (int i = 0; i < parts; ++i)
    out.push_back(detail::part_of(x, axis, length / parts * i, length / parts * (i + 1)));
  return out;
}
/// x cut before each of the positions along `axis`: one part more than there are positions.
/// Positions below 0 count from the end. Requires that no part is empty.
constexpr list<symbol> split_at(symbol x, list<int> const& positions, int axis = -1) {
  if (build::poisoned(x) || !detail::find_axis("split", x, axis)) return detail::poisoned_list(x);
  std::int64_t const length = x.shape()[axis];
  list<symbol> out;
  std::int64_t from = 0;
  for (int i = 0; i <= positions.size(); ++i) {
    std::int64_t to = i < positions.size() ? positions[i] : length;
    if (to < 0) to += length;
    if (to <= from || to > length || (to == length && i < positions.size())) {
      x.owner().fail(sentence("split: axis ", axis, " of extents ", to_text(x.shape()),
                              " has no part from ", from, " to ", to,
                              "; positions must rise and lie within it"));
      return detail::poisoned_list(x);
    }
    out.push_back(detail::part_of(x, axis, from, to));
    from = to;
  }
  return out;
}
/// The same, as NumPy has it: split(x, {2, 5}) is x[:2], x[2:5], x[5:].
constexpr list<symbol> split(symbol x, std::initializer_list<int> positions, int axis = -1) {
  return split_at(x, list<int>(positions), axis);
}
/// The elements along `axis` one by one, without it.
constexpr list<symbol> unstack(symbol x, int axis = 0) {
  if (build::poisoned(x) || !detail::find_axis("unstack", x, axis)) return detail::poisoned_list(x);
  list<symbol> out;
  for (std::int64_t i = 0; i < x.shape()[axis]; ++i)
    out.push_back(squeeze(detail::part_of(x, axis, i, i + 1), {axis}));
  return out;
}

namespace symbolic {
/// The elements along the given axes in the opposite order; along all if none are given.
constexpr symbol flip(symbol x, axis_list axes = {}) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  axis_list all;
  for (int i = 0; i < axes.size(); ++i) {
    int axis = axes[i];
    if (!typegrad::detail::find_axis("flip", x, axis)) return {x.owner(), -1};
    all.push_back(axis);
  }
  return build::reverse(x, typegrad::detail::normalized(all, x.rank()));
}
}  // namespace symbolic

/// The elements along `axis` moved on by `shift`; those beyond the end come in at the front.
constexpr symbol roll(symbol x, std::int64_t shift, int axis) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  if (!detail::find_axis("roll", x, axis)) return {x.owner(), -1};
  std::int64_t const length = x.shape()[axis];
  std::int64_t const by = length > 0 ? (shift % length + length) % length : 0;
  if (by == 0) return x;
  return build::concatenate(detail::part_of(x, axis, length - by, length),
                            detail::part_of(x, axis, 0, length - by), axis);
}

/// Every element along `axis` `times` times in a row: a a b b.
constexpr symbol repeat(symbol x, std::int64_t times, int axis) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  if (!detail::find_axis("repeat", x, axis)) return {x.owner(), -1};
  if (times < 1) return poison(x.owner(), sentence("repeat: needs 1 or more times, got ", times));
  extents shape = x.shape();
  std::int64_t const outer = detail::elements_between(shape, 0, axis + 1);
  std::int64_t const inner = detail::elements_between(shape, axis + 1, shape.rank);
  shape[axis] *= times;
  return build::reshape(
      build::broadcast(build::reshape(x, {outer, inner}), {outer, times, inner}, {0, 2}), shape);
}
/// x as a whole again and again: `times` along each axis. Of more axes than x has, the last ones
/// are x's.
constexpr symbol tile(symbol x, extents times) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  for (std::int64_t const n : times)
    if (n < 1)
      return poison(x.owner(), sentence("tile: needs 1 or more times, got ", to_text(times)));
  while (x.rank() < times.rank) x = expand_dims(x, 0);
  int const shift = x.rank() - times.rank;
  for (int i = 0; i < times.rank; ++i) {
    if (times[i] == 1) continue;
    extents shape = x.shape();
    std::int64_t const outer = detail::elements_between(shape, 0, i + shift);
    std::int64_t const inner = detail::elements_between(shape, i + shift, shape.rank);
    shape[i + shift] *= times[i];
    x = build::reshape(
        build::broadcast(build::reshape(x, {outer, inner}), {outer, times[i], inner}, {0, 2}),
        shape);
  }
  return x;
}

/// Axis `from` of x as axis `to` of the result, the others in their order.
constexpr symbol moveaxis(symbol x, int from, int to) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  if (!detail::find_axis("moveaxis", x, from) || !detail::find_axis("moveaxis", x, to))
    return {x.owner(), -1};
  axis_list permutation;
  for (int i = 0, next = 0; i < x.rank(); ++i) {
    if (next == from) ++next;
    permutation.push_back(i == to ? from : next++);
  }
  return build::transpose(x, permutation);
}
constexpr symbol swapaxes(symbol x, int first, int second) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  if (!detail::find_axis("swapaxes", x, first) || !detail::find_axis("swapaxes", x, second))
    return {x.owner(), -1};
  axis_list permutation;
  for (int i = 0; i < x.rank(); ++i)
    permutation.push_back(i == first ? second : i == second ? first : i);
  return build::transpose(x, permutation);
}

/// x repeated to extents `shape` by NumPy's rule.
constexpr symbol broadcast_to(symbol x, extents shape) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  extents both;
  if (!build::broadcast_shape(x.shape(), shape, both) || !(both == shape))
    return poison(x.owner(), sentence("broadcast_to: extents ", to_text(x.shape()),
                                      " do not broadcast to ", to_text(shape)));
  return build::broadcast_to(x, shape);
}

/// What stands around a value that is padded.
enum class pad_mode {
  constant,   ///< zeros
  reflect,    ///< the value mirrored at its first and last elements: c b | a b c | b a
  symmetric,  ///< mirrored beside them: b a | a b c | c b
  edge,       ///< the first and last elements: a a | a b c | c c
};

/// x with low[i] elements before axis i and high[i] behind it, that `mode` says. Mirrored elements
/// must be there: as many as x has, or one less for `reflect`.
constexpr symbol pad(symbol x, extents low, extents high, pad_mode mode) {
  if (mode == pad_mode::constant) return build::pad(x, low, high);
  if (build::poisoned(x)) return build::poisoned_like(x);
  graph& g = x.owner();
  bool fits = low.rank == x.rank() && high.rank == x.rank();
  for (int i = 0; fits && i < x.rank(); ++i) fits = low[i] >= 0 && high[i] >= 0;
  if (!fits)
    return poison(
        g, sentence("pad: needs one non-negative amount for each axis of ", to_text(x.shape())));
  for (int axis = 0; axis < x.rank(); ++axis) {
    std::int64_t const length = x.shape()[axis];
    std::int64_t const from = mode == pad_mode::reflect ? 1 : 0;
    std::int64_t const most = length - from;
    if (mode != pad_mode::edge && (low[axis] > most || high[axis] > most))
      return poison(g, sentence("pad: axis ", axis, " of ", length, " elements has ", most,
                                " to mirror, not ", low[axis], " and ", high[axis]));
    auto const beside = [&](std::int64_t count, bool front) {
      if (mode == pad_mode::edge) {
        symbol const end = detail::part_of(x, axis, front ? 0 : length - 1, front ? 1 : length);
        return repeat(end, count, axis);
      }
      symbol const mirrored = front ? detail::part_of(x, axis, from, from + count)
                                    : detail::part_of(x, axis, most - count, most);
      return build::reverse(mirrored, {axis});
    };
    list<symbol> parts;
    if (low[axis] > 0) parts.push_back(beside(low[axis], true));
    parts.push_back(x);
    if (high[axis] > 0) parts.push_back(beside(high[axis], false));
    x = build::concatenate(parts, axis);
  }
  return x;
}

/// 1 at the position that each index names, of `depth` along a new last axis; 0 elsewhere, and
/// everywhere for an index that is none of them.
constexpr symbol one_hot(symbol indices, std::int64_t depth, dtype type = dtype::float32) {
  if (build::poisoned(indices)) return build::poisoned_like(indices);
  if (depth < 1 || indices.rank() == max_rank)
    return poison(indices.owner(),
                  sentence("one_hot: depth ", depth, " for extents ", to_text(indices.shape())));
  symbol const numbers = build::cast(build::iota(indices.owner(), {depth}, 0), indices.type());
  return build::cast(expand_dims(indices, -1) == numbers, type);
}

}  // namespace typegrad
