// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/reduction.hpp>
#include <typegrad/ops/arrange.hpp>

// Elements in other places. What says where is part of the types: transpose<1, 0>(x),
// slice(x, shape<0, 1>{}, shape<2, 3>{}).

namespace typegrad {

namespace expressions {

constexpr symbol needs_fixed(std::string_view name, symbol x) {
  return poison(x.owner(), sentence(name, ": does not apply to a dynamic first axis"));
}

template <std::int64_t... Dims>
struct reshape_function {
  static constexpr symbol call(symbol x) {
    extents wanted;
    std::int64_t known = 1;
    int open = 0;
    bool first = true;
    for (std::int64_t const n : std::initializer_list<std::int64_t>{Dims...}) {
      if (first && x.per_sample()) {
        first = false;
        if (n != dynamic)
          return poison(x.owner(),
                        sentence("reshape: the dynamic first axis must stay, got extents "
                                 "that begin with ",
                                 n));
        continue;
      }
      first = false;
      wanted.push_back(n);
      if (n == -1)
        ++open;
      else
        known *= n;
    }
    std::int64_t const count = x.shape().count();
    if (open > 1 || (open == 1 && (known == 0 || count % known != 0)))
      return poison(x.owner(),
                    sentence("reshape: ", count, " elements cannot become ", to_text(wanted)));
    for (int i = 0; i < wanted.rank; ++i)
      if (wanted[i] == -1) wanted[i] = count / known;
    if (wanted.count() != count)
      return poison(x.owner(),
                    sentence("reshape: ", count, " elements cannot become ", to_text(wanted)));
    return build::reshape(x, wanted);
  }
};

template <int... Axes>
struct transpose_function {
  static constexpr symbol call(symbol x) {
    int const first = x.per_sample() ? 1 : 0;
    int const rank = x.rank() + first;
    axis_list all;
    if constexpr (sizeof...(Axes) == 0) {
      for (int i = rank; i-- > 0;) all.push_back(i);
    } else {
      for (int const a : {Axes...}) all.push_back(a < 0 ? a + rank : a);
    }
    axis_list axes;
    for (int i = 0; i < all.size(); ++i) {
      if (first == 0 || i > 0) axes.push_back(all[i] - first);
      if (first == 1 && (all[i] == 0) != (i == 0))
        return poison(x.owner(), sentence("transpose: the dynamic first axis must stay the first"));
    }
    return build::transpose(x, axes);
  }
};

template <class Low, class High, class Step>
struct slice_function {
  static constexpr symbol call(symbol x) {
    if (x.per_sample()) return needs_fixed("slice", x);
    extents low = Low::value, high = High::value;
    for (int i = 0; i < x.rank() && i < low.rank; ++i)
      if (low[i] < 0) low[i] += x.shape()[i];
    for (int i = 0; i < x.rank() && i < high.rank; ++i)
      if (high[i] < 0) high[i] += x.shape()[i];
    return build::slice(x, low, high, Step::value);
  }
};

/// Values of one dtype, of which all or none have a dynamic first axis. None if they differ in
/// that.
template <std::same_as<symbol>... X>
constexpr list<symbol> alike(std::string_view name, symbol first, X... rest) {
  list<symbol> all{first, rest...};
  dtype type = first.type();
  for (symbol const& x : all) type = build::common_type(type, x.type());
  for (symbol& x : all) {
    if (x.per_sample() != first.per_sample()) {
      poison(first.owner(),
             sentence(name, ": needs a dynamic first axis in all of the values or in none"));
      return {};
    }
    x = cast(x, type);
  }
  return all;
}

template <int Axis>
struct concatenate_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(symbol first, X... rest) {
    int axis = Axis;
    list<symbol> const all = alike("concatenate", first, rest...);
    if (all.empty() || !graph_axis("concatenate", first, axis)) return {first.owner(), -1};
    return typegrad::concatenate(all, axis);
  }
};

/// A place among a value's axes for a new one, as those who use expressions count, as one of the
/// graph's. False, and a sentence, if it would stand before a dynamic first axis.
constexpr bool graph_place(std::string_view name, symbol x, int& place) {
  if (!x.per_sample()) return true;  // what makes the axis looks at it
  int const given = place;
  place = given < 0 ? given + x.rank() + 1 : given - 1;
  if (place >= 0 && place <= x.rank()) return true;
  poison(x.owner(), sentence(name, ": a new axis cannot stand at ", given, " of ", x.rank() + 2,
                             ", of which the first is dynamic"));
  return false;
}

template <int Axis>
struct expand_dims_function {
  static constexpr symbol call(symbol x) {
    int place = Axis;
    return graph_place("expand_dims", x, place) ? typegrad::expand_dims(x, place)
                                                : symbol{x.owner(), -1};
  }
};

template <int Axis>
struct stack_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(symbol first, X... rest) {
    int place = Axis;
    list<symbol> const all = alike("stack", first, rest...);
    if (all.empty() || !graph_place("stack", first, place)) return {first.owner(), -1};
    return typegrad::stack(all, place);
  }
};

/// Axes as the graph counts them, for a function on symbols that takes a list. False, and a
/// sentence, if one of them does not exist.
template <int... Axes>
constexpr bool graph_axes(std::string_view name, symbol x, axis_list& axes) {
  for (int axis : std::initializer_list<int>{Axes...}) {
    if (!graph_axis(name, x, axis)) return false;
    axes.push_back(axis);
  }
  return true;
}

template <int... Axes>
struct squeeze_function {
  static constexpr symbol call(symbol x) {
    axis_list axes;
    return graph_axes<Axes...>("squeeze", x, axes) ? typegrad::squeeze(x, axes)
                                                   : symbol{x.owner(), -1};
  }
};

template <int... Axes>
struct flip_function {
  static constexpr symbol call(symbol x) {
    axis_list axes;
    return graph_axes<Axes...>("flip", x, axes) ? symbolic::flip(x, axes) : symbol{x.owner(), -1};
  }
};

template <class Low, class High>
struct pad_function {
  static constexpr symbol call(symbol x) {
    if (x.per_sample()) return needs_fixed("pad", x);
    return build::pad(x, Low::value, High::value);
  }
  /// Zeros around x, and the value where x is not.
  static constexpr symbol call(symbol x, symbol value) {
    symbol const inside = call(x);
    if (build::poisoned(inside)) return inside;
    symbol const mask = call(build::constant(x.owner(), 1, x.type(), x.shape()));
    return where(mask != 0, inside, value);
  }
};

template <std::int64_t... Dims>
struct broadcast_to_function {
  static constexpr symbol call(symbol x) {
    if (x.per_sample()) return needs_fixed("broadcast_to", x);
    return typegrad::broadcast_to(x, extents{Dims...});
  }
};

// Found by their argument, since layers have their names.

/// The same elements in the same order under other extents, one of which may be -1: what remains.
/// A dynamic first axis stays: reshape(x, shape<dynamic, 2, 3>{}).
template <valued X, std::int64_t... Dims>
constexpr auto reshape(X&& x, shape<Dims...>) {
  return operate_on<reshape_function<Dims...>>(std::forward<X>(x));
}

/// The elements of these axes (of all, if none are given) in the opposite order.
template <int... Axes, valued X>
constexpr auto flip(X&& x) {
  return operate_on<flip_function<Axes...>>(std::forward<X>(x));
}

}  // namespace expressions

/// Result axis i is axis Axes[i] of x; without axes their order is reversed, as NumPy's x.T is.
template <int... Axes, expressions::valued X>
constexpr auto transpose(X&& x) {
  return expressions::operate_on<expressions::transpose_function<Axes...>>(std::forward<X>(x));
}

/// Elements low[i], low[i] + step[i], ... below high[i] of every axis i; negative ends count from
/// the end.
template <expressions::valued X, std::int64_t... Low, std::int64_t... High, std::int64_t... Step>
constexpr auto slice(X&& x, shape<Low...>, shape<High...>, shape<Step...>) {
  return expressions::operate_on<
      expressions::slice_function<shape<Low...>, shape<High...>, shape<Step...>>>(
      std::forward<X>(x));
}
template <expressions::valued X, std::int64_t... Low, std::int64_t... High>
constexpr auto slice(X&& x, shape<Low...> low, shape<High...> high) {
  return slice(std::forward<X>(x), low, high, shape<>{});
}

/// The values one behind the other along an axis, the last unless told.
template <int Axis = -1, expressions::valued... X>
requires(sizeof...(X) > 1)
constexpr auto concatenate(X&&... x) {
  return expressions::operate_on<expressions::concatenate_function<Axis>>(std::forward<X>(x)...);
}

/// The values beside each other along a new axis, the first unless told.
template <int Axis = 0, expressions::valued... X>
requires(sizeof...(X) > 0)
constexpr auto stack(X&&... x) {
  return expressions::operate_on<expressions::stack_function<Axis>>(std::forward<X>(x)...);
}

/// A new axis of length 1, at that place of the result.
template <int Axis, expressions::valued X>
constexpr auto expand_dims(X&& x) {
  return expressions::operate_on<expressions::expand_dims_function<Axis>>(std::forward<X>(x));
}

/// Without these axes, which must be of length 1; without any of that length if none are given.
template <int... Axes, expressions::valued X>
constexpr auto squeeze(X&& x) {
  return expressions::operate_on<expressions::squeeze_function<Axes...>>(std::forward<X>(x));
}

/// Zeros, or a value, around x: low[i] elements before axis i, high[i] behind it.
template <expressions::valued X, std::int64_t... Low, std::int64_t... High>
constexpr auto pad(X&& x, shape<Low...>, shape<High...>) {
  return expressions::operate_on<expressions::pad_function<shape<Low...>, shape<High...>>>(
      std::forward<X>(x));
}
template <expressions::valued X, std::int64_t... Low, std::int64_t... High,
          expressions::operand Value>
constexpr auto pad(X&& x, shape<Low...>, shape<High...>, Value&& value) {
  return expressions::operate<expressions::pad_function<shape<Low...>, shape<High...>>>(
      expressions::as_expression(std::forward<X>(x)),
      expressions::as_expression_beside<X>(std::forward<Value>(value)));
}

/// x repeated along axes that it has not, or with length 1, as NumPy broadcasts.
template <expressions::valued X, std::int64_t... Dims>
constexpr auto broadcast_to(X&& x, shape<Dims...>) {
  return expressions::operate_on<expressions::broadcast_to_function<Dims...>>(std::forward<X>(x));
}

namespace expressions {

/// Part Part of Parts equal ones along an axis.
template <int Axis, int Parts, int Part>
struct part_function {
  static constexpr symbol call(symbol x) {
    int axis = Axis;
    return graph_axis("split", x, axis) ? typegrad::split(x, Parts, axis)[Part]
                                        : symbol{x.owner(), -1};
  }
};

template <std::int64_t Shift, int Axis>
struct roll_function {
  static constexpr symbol call(symbol x) {
    int axis = Axis;
    return graph_axis("roll", x, axis) ? roll(x, Shift, axis) : symbol{x.owner(), -1};
  }
};
template <std::int64_t Times, int Axis>
struct repeat_function {
  static constexpr symbol call(symbol x) {
    int axis = Axis;
    return graph_axis("repeat", x, axis) ? repeat(x, Times, axis) : symbol{x.owner(), -1};
  }
};
template <int First, int Second, bool Swap>
struct axes_function {
  static constexpr symbol call(symbol x) {
    int first = First, second = Second;
    constexpr std::string_view name = Swap ? "swapaxes" : "moveaxis";
    if (!graph_axis(name, x, first) || !graph_axis(name, x, second)) return {x.owner(), -1};
    return Swap ? swapaxes(x, first, second) : moveaxis(x, first, second);
  }
};
template <std::int64_t... Times>
struct tile_function {
  static constexpr symbol call(symbol x) {
    if (x.per_sample()) return needs_fixed("tile", x);
    return tile(x, extents{Times...});
  }
};
template <class Low, class High, pad_mode Mode>
struct pad_by_mode {
  static constexpr symbol call(symbol x) {
    if (x.per_sample()) return needs_fixed("pad", x);
    return pad(x, Low::value, High::value, Mode);
  }
};
template <std::int64_t Depth, dtype Type>
struct one_hot_function {
  static constexpr symbol call(symbol x) { return one_hot(x, Depth, Type); }
};

}  // namespace expressions

/// The elements along an axis moved on by Shift; those beyond the end come in at the front.
template <std::int64_t Shift, int Axis, expressions::valued X>
constexpr auto roll(X&& x) {
  return expressions::operate_on<expressions::roll_function<Shift, Axis>>(std::forward<X>(x));
}
/// Every element along an axis so many times in a row: a a b b.
template <std::int64_t Times, int Axis, expressions::valued X>
constexpr auto repeat(X&& x) {
  return expressions::operate_on<expressions::repeat_function<Times, Axis>>(std::forward<X>(x));
}
/// x as a whole again and again, so many times along each axis.
template <std::int64_t... Times, expressions::valued X>
constexpr auto tile(X&& x) {
  return expressions::operate_on<expressions::tile_function<Times...>>(std::forward<X>(x));
}
/// Axis From of x as axis To of the result, the others in their order.
template <int From, int To, expressions::valued X>
constexpr auto moveaxis(X&& x) {
  return expressions::operate_on<expressions::axes_function<From, To, false>>(std::forward<X>(x));
}
template <int First, int Second, expressions::valued X>
constexpr auto swapaxes(X&& x) {
  return expressions::operate_on<expressions::axes_function<First, Second, true>>(
      std::forward<X>(x));
}
/// What a mode of padding says around x: low[i] elements before axis i, high[i] behind it.
template <pad_mode Mode, expressions::valued X, std::int64_t... Low, std::int64_t... High>
constexpr auto pad(X&& x, shape<Low...>, shape<High...>) {
  return expressions::operate_on<expressions::pad_by_mode<shape<Low...>, shape<High...>, Mode>>(
      std::forward<X>(x));
}
/// 1 at the position that each index names, of Depth along a new last axis; 0 elsewhere, and
/// everywhere for an index that is none of them.
template <std::int64_t Depth, tensor_element T = float, expressions::valued X>
constexpr auto one_hot(X&& indices) {
  return expressions::operate_on<expressions::one_hot_function<Depth, dtype_of<T>>>(
      std::forward<X>(indices));
}

/// Equal parts of x along an axis, as a std::tuple.
template <int Parts, int Axis = 0, expressions::valued X>
requires(Parts > 0)
constexpr auto split(X&& x) {
  auto const e = expressions::as_expression(std::forward<X>(x));
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return std::tuple{expressions::operate_on<expressions::part_function<Axis, Parts, I>>(e)...};
  }(std::make_integer_sequence<int, Parts>{});
}

}  // namespace typegrad
