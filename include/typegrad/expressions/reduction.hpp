// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/elementwise.hpp>
#include <typegrad/ops/axis.hpp>
#include <typegrad/ops/statistics.hpp>

#include <concepts>
#include <type_traits>

// Reductions over any axes: sum(x), sum<0>(x), sum<0, -1, keep_dims>(x).

namespace typegrad {

struct keep_dims_option {};
/// Reduced axes stay, with length 1.
inline constexpr keep_dims_option keep_dims{};

namespace expressions {

/// What stands among a function's template arguments: axes, and whether they are kept.
struct axis_options {
  axis_list axes;
  bool keep = false;
  bool any = false;  ///< axes are given
};

template <auto Option>
constexpr void read_option(axis_options& to) {
  using type = std::remove_cvref_t<decltype(Option)>;
  if constexpr (std::integral<type> && !std::same_as<type, bool>) {
    to.axes.push_back(static_cast<int>(Option));
    to.any = true;
  } else if constexpr (std::same_as<type, keep_dims_option>) {
    to.keep = true;
  } else if constexpr (requires { typename type::option_tag; }) {  // those of layers
    constexpr std::string_view name = type::option_tag::name;
    static_assert(name == "axis" || name == "keepdims",
                  "a reduction takes axes, as numbers, and keep_dims");
    if constexpr (name == "axis") {
      to.axes = Option.value;
      to.any = true;
    } else {
      to.keep = static_cast<bool>(Option.value);
    }
  } else {
    static_assert(std::same_as<type, keep_dims_option>,
                  "a reduction takes axes, as numbers, and keep_dims");
  }
}
template <auto... Options>
constexpr axis_options axis_options_of() {
  axis_options o;
  (read_option<Options>(o), ...);
  return o;
}

/// A value as it is seen by those who use expressions: with all its axes, of which the graph keeps
/// the dynamic one apart. Gives the axes of the graph and whether the dynamic one is among them.
struct split_axes {
  axis_list axes;  ///< of the graph
  bool rows = false;
  bool valid = true;
};
constexpr split_axes split(std::string_view name, symbol x, axis_options const& o) {
  split_axes out;
  int const first = x.per_sample() ? 1 : 0;
  int const rank = x.rank() + first;
  for (int i = 0; i < o.axes.size(); ++i) {
    int const axis = o.axes[i] < 0 ? o.axes[i] + rank : o.axes[i];
    if (axis < 0 || axis >= rank) {
      poison(x.owner(), sentence(name, ": there is no axis ", o.axes[i], " among ", rank));
      out.valid = false;
      return out;
    }
    if (axis < first)
      out.rows = true;
    else if (!out.axes.contains(axis - first))
      out.axes.push_back(axis - first);
  }
  if (!o.any) {
    for (int i = 0; i < x.rank(); ++i) out.axes.push_back(i);
    out.rows = x.per_sample();
  }
  return out;
}

/// Puts axes of length 1 back where a value was reduced. A reduced dynamic axis is a first one of
/// the result.
constexpr symbol with_axes_kept(symbol y, symbol x, split_axes const& s) {
  extents kept;
  if (s.rows) kept.push_back(1);
  for (int i = 0; i < x.rank(); ++i) kept.push_back(s.axes.contains(i) ? 1 : x.shape()[i]);
  return build::reshape(y, kept);
}

constexpr symbol reduced(op code, std::string_view name, symbol x, axis_options const& o) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  split_axes const s = split(name, x, o);
  if (!s.valid) return {x.owner(), -1};
  symbol y = build::reduce(code, x, s.axes, s.rows);
  return o.keep ? with_axes_kept(y, x, s) : y;
}

template <op Code, auto... Options>
struct reduction_function {
  static constexpr symbol call(symbol x) {
    return reduced(Code, rule<Code>::name, x, axis_options_of<Options...>());
  }
};

/// How many elements of x make one of the result, as a number in the graph.
constexpr symbol counted(symbol y, symbol x, split_axes const& s) {
  std::int64_t count = 1;
  for (int i = 0; i < s.axes.size(); ++i) count *= x.shape()[s.axes[i]];
  y = y * (1.0 / static_cast<double>(count));
  return s.rows ? y / cast(build::scalar(x.owner(), run_scalar::batch_size), y.type()) : y;
}

template <auto... Options>
struct mean_function {
  static constexpr symbol call(symbol x) {
    if (!is_floating(x.type())) x = cast(x, dtype::float32);
    constexpr axis_options o = axis_options_of<Options...>();
    symbol const y = reduction_function<op::reduce_sum, Options...>::call(x);
    if (build::poisoned(y)) return y;
    return counted(y, x, split("mean", x, o));
  }
};

/// The mean of squared distances from the mean.
template <auto... Options>
struct variance_function {
  static constexpr symbol call(symbol x) {
    if (!is_floating(x.type())) x = cast(x, dtype::float32);
    constexpr axis_options o = axis_options_of<Options...>();
    symbol const total = reduction_function<op::reduce_sum, Options..., keep_dims>::call(x);
    if (build::poisoned(total)) return total;
    split_axes const s = split("var", x, o);
    symbol both[] = {x, counted(total, x, s)};
    if (!align("var", both, 2)) return {x.owner(), -1};
    return mean_function<Options...>::call(square(both[0] - both[1]));
  }
};

/// Whether some (all) elements are true, as reductions of truth values.
template <op Code, auto... Options>
struct truth_function {
  static constexpr symbol call(symbol x) {
    return reduction_function<Code, Options...>::call(cast(x, dtype::boolean));
  }
};

/// log(sum(exp(x))), where no exponential overflows.
template <auto... Options>
struct logsumexp_function {
  static constexpr symbol call(symbol x) {
    constexpr axis_options o = axis_options_of<Options...>();
    symbol const greatest =
        stop_gradient(reduction_function<op::reduce_max, Options..., keep_dims>::call(x));
    symbol both[] = {x, where(isfinite(greatest), greatest, 0)};
    if (build::poisoned(greatest) || !align("logsumexp", both, 2)) return {x.owner(), -1};
    split_axes const s = split("logsumexp", x, o);
    symbol const total = build::reduce(op::reduce_sum, exp(both[0] - both[1]), s.axes, s.rows);
    symbol const y = log(total) + build::reshape(both[1], total.shape());
    return o.keep ? with_axes_kept(y, x, s) : y;
  }
};

template <auto... Options>
struct product_function {
  static constexpr symbol call(symbol x) {
    constexpr axis_options o = axis_options_of<Options...>();
    split_axes const s = split("prod", x, o);
    if (!s.valid) return {x.owner(), -1};
    if (s.rows)
      return poison(x.owner(), sentence("prod: does not multiply along a dynamic first axis; use "
                                        "exp(sum(log(x)))"));
    if (s.axes.size() == 0) return x;
    return typegrad::prod(x, s.axes, o.keep);
  }
};

/// Axis `axis` of a value, as those who use expressions count, as one of the graph's. False, and a
/// sentence, if there is none, or if it is dynamic.
constexpr bool graph_axis(std::string_view name, symbol x, int& axis) {
  if (!x.per_sample()) return typegrad::detail::find_axis(name, x, axis);
  int const given = axis;
  axis = given < 0 ? given + x.rank() : given - 1;
  if (axis >= 0 && axis < x.rank()) return true;
  poison(x.owner(),
         sentence(name, ": axis ", given, " of ", x.rank() + 1, " is not one of a fixed length"));
  return false;
}

template <op Code, auto... Options>
struct arg_function {
  static constexpr symbol call(symbol x) {
    constexpr axis_options o = axis_options_of<Options...>();
    if constexpr (!o.any) {
      if (x.per_sample())
        return poison(x.owner(), sentence(rule<Code>::name,
                                          ": needs an axis, since the first one is "
                                          "dynamic"));
      symbol const flat = build::reshape(x, {x.shape().count()});
      return reduced(Code, rule<Code>::name, flat, axis_options{{0}, false, true});
    } else {
      split_axes const s = split(rule<Code>::name, x, o);
      if (!s.valid) return {x.owner(), -1};
      if (s.rows || s.axes.size() != 1)
        return poison(x.owner(),
                      sentence(rule<Code>::name, ": needs one axis, that is not dynamic"));
      return reduced(Code, rule<Code>::name, x, o);
    }
  }
};

}  // namespace expressions

#define TYPEGRAD_REDUCTION(function, type)                                 \
  template <auto... Options, expressions::valued X>                        \
  constexpr auto function(X&& x) {                                         \
    return expressions::operate_on<expressions::type>(std::forward<X>(x)); \
  }

/// Over the axes given, or over all: a scalar.
#define TYPEGRAD_OF(code) reduction_function<op::code, Options...>
TYPEGRAD_REDUCTION(sum, TYPEGRAD_OF(reduce_sum))
TYPEGRAD_REDUCTION(max, TYPEGRAD_OF(reduce_max))
TYPEGRAD_REDUCTION(min, TYPEGRAD_OF(reduce_min))
#undef TYPEGRAD_OF
TYPEGRAD_REDUCTION(mean, mean_function<Options...>)
/// The mean of squared distances from the mean.
TYPEGRAD_REDUCTION(var, variance_function<Options...>)
/// log(sum(exp(x))), where no exponential overflows.
TYPEGRAD_REDUCTION(logsumexp, logsumexp_function<Options...>)
TYPEGRAD_REDUCTION(prod, product_function<Options...>)
/// Whether some, or all, elements are true (not 0).
#define TYPEGRAD_OF(code) truth_function<op::code, Options...>
TYPEGRAD_REDUCTION(any, TYPEGRAD_OF(reduce_max))
TYPEGRAD_REDUCTION(all, TYPEGRAD_OF(reduce_min))
#undef TYPEGRAD_OF
/// The position of the greatest (least) element along an axis, the first of several; without an
/// axis, of all elements in row-major order. int32.
#define TYPEGRAD_OF(code) arg_function<op::code, Options...>
TYPEGRAD_REDUCTION(argmax, TYPEGRAD_OF(argmax))
TYPEGRAD_REDUCTION(argmin, TYPEGRAD_OF(argmin))
#undef TYPEGRAD_OF

#undef TYPEGRAD_REDUCTION

/// The square root of `var`: NumPy's and Keras's `std`.
template <auto... Options, expressions::valued X>
constexpr auto stddev(X&& x) {
  return sqrt(var<Options...>(std::forward<X>(x)));
}

/// The square root of the sum of squares.
template <auto... Options, expressions::valued X>
constexpr auto norm(X&& x) {
  return sqrt(sum<Options...>(square(std::forward<X>(x))));
}

}  // namespace typegrad
