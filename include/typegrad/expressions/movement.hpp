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

template <int Axis>
struct concatenate_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(symbol first, X... rest) {
    int const rows = first.per_sample() ? 1 : 0;
    int const axis = Axis < 0 ? Axis + first.rank() : Axis - rows;
    if (axis < 0 || axis >= first.rank())
      return poison(first.owner(), sentence("concatenate: there is no axis ", Axis,
                                            " of a fixed length among ", first.rank() + rows));
    symbol all = first;
    ((all = one(all, rest, axis)), ...);
    return all;
  }

 private:
  static constexpr symbol one(symbol a, symbol b, int axis) {
    if (build::poisoned(a)) return a;
    if (a.per_sample() != b.per_sample())
      return poison(a.owner(), sentence("concatenate: needs a dynamic first axis in all of the "
                                        "values or in none"));
    dtype const type = build::common_type(a.type(), b.type());
    return build::concatenate(cast(a, type), cast(b, type), axis);
  }
};

/// A value with one more axis of length 1.
constexpr symbol with_axis(std::string_view name, symbol x, int at) {
  int const first = x.per_sample() ? 1 : 0;
  int const rank = x.rank() + first;
  int const axis = (at < 0 ? at + rank + 1 : at) - first;
  if (axis < 0 || axis > x.rank())
    return poison(x.owner(),
                  sentence(name, ": there is no place ", at, " for an axis among ", rank));
  extents wanted;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == axis) wanted.push_back(1);
    if (i < x.rank()) wanted.push_back(x.shape()[i]);
  }
  return build::reshape(x, wanted);
}

template <int Axis>
struct expand_dims_function {
  static constexpr symbol call(symbol x) { return with_axis("expand_dims", x, Axis); }
};

template <int... Axes>
struct squeeze_function {
  static constexpr symbol call(symbol x) {
    int const first = x.per_sample() ? 1 : 0;
    int const rank = x.rank() + first;
    extents wanted;
    axis_list dropped;
    for (int const a : std::initializer_list<int>{Axes...}) {
      int const axis = (a < 0 ? a + rank : a) - first;
      if (axis < 0 || axis >= x.rank() || x.shape()[axis] != 1)
        return poison(x.owner(), sentence("squeeze: axis ", a, " of extents ", to_text(x.shape()),
                                          " is not of length 1"));
      dropped.push_back(axis);
    }
    for (int i = 0; i < x.rank(); ++i)
      if (sizeof...(Axes) == 0 ? x.shape()[i] != 1 : !dropped.contains(i))
        wanted.push_back(x.shape()[i]);
    return build::reshape(x, wanted);
  }
};

template <int Axis>
struct stack_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(X... x) {
    symbol const first = std::get<0>(std::tuple{x...});
    int const rank = first.rank() + (first.per_sample() ? 1 : 0);
    int const axis = Axis < 0 ? Axis + rank + 1 : Axis;
    return joined(axis, with_axis("stack", x, axis)...);
  }

 private:
  template <std::same_as<symbol>... X>
  static constexpr symbol joined(int axis, symbol first, X... rest) {
    int const at = axis - (first.per_sample() ? 1 : 0);
    symbol all = first;
    ((all = build::poisoned(all) ? all : build::concatenate(all, rest, at)), ...);
    return all;
  }
};

template <class Low, class High>
struct pad_function {
  static constexpr symbol call(symbol x, symbol value) {
    if (x.per_sample()) return needs_fixed("pad", x);
    // zeros around x, and the value where x is not
    symbol const inside = build::pad(x, Low::value, High::value);
    if (build::poisoned(inside)) return inside;
    symbol const ones = build::constant(x.owner(), 1, x.type(), x.shape());
    symbol const mask = build::pad(ones, Low::value, High::value);
    return where(mask != 0, inside, value);
  }
};
template <class Low, class High>
struct zero_pad_function {
  static constexpr symbol call(symbol x) {
    if (x.per_sample()) return needs_fixed("pad", x);
    return build::pad(x, Low::value, High::value);
  }
};

template <int... Axes>
struct flip_function {
  static constexpr symbol call(symbol x) {
    int const first = x.per_sample() ? 1 : 0;
    int const rank = x.rank() + first;
    axis_list axes;
    for (int const a : std::initializer_list<int>{Axes...}) {
      int const axis = (a < 0 ? a + rank : a) - first;
      if (axis < 0 || axis >= x.rank())
        return poison(x.owner(),
                      sentence("flip: there is no axis ", a, " of a fixed length among ", rank));
      axes.push_back(axis);
    }
    if (sizeof...(Axes) == 0)
      for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
    return build::reverse(x, axes);
  }
};

template <std::int64_t... Dims>
struct broadcast_to_function {
  static constexpr symbol call(symbol x) {
    extents both;
    extents const wanted{Dims...};
    if (x.per_sample() || !build::broadcast_shape(x.shape(), wanted, both) || !(both == wanted))
      return poison(x.owner(), sentence("broadcast_to: extents ", to_text(x.shape()),
                                        " do not broadcast to ", to_text(wanted)));
    return build::broadcast_to(x, wanted);
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
  return expressions::operate_on<expressions::zero_pad_function<shape<Low...>, shape<High...>>>(
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
template <int Axis, std::int64_t Parts, std::int64_t Part>
struct part_function {
  static constexpr symbol call(symbol x) {
    int const first = x.per_sample() ? 1 : 0;
    int const axis = (Axis < 0 ? Axis + x.rank() + first : Axis) - first;
    if (axis < 0 || axis >= x.rank() || x.shape()[axis] % Parts != 0)
      return poison(x.owner(), sentence("split: axis ", Axis, " of extents ", to_text(x.shape()),
                                        " does not fall into ", Parts, " equal parts"));
    std::int64_t const length = x.shape()[axis] / Parts;
    extents low, high = x.shape();
    for (int i = 0; i < x.rank(); ++i) low.push_back(i == axis ? Part * length : 0);
    high[axis] = (Part + 1) * length;
    return build::slice(x, low, high);
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
template <std::int64_t Parts, int Axis = 0, expressions::valued X>
requires(Parts > 0)
constexpr auto split(X&& x) {
  auto const e = expressions::as_expression(std::forward<X>(x));
  return [&]<std::int64_t... I>(std::integer_sequence<std::int64_t, I...>) {
    return std::tuple{expressions::operate_on<expressions::part_function<Axis, Parts, I>>(e)...};
  }(std::make_integer_sequence<std::int64_t, Parts>{});
}

}  // namespace typegrad
