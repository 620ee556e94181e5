// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/reduction.hpp>

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace typegrad {

/// Attribute `gradient`: the rule. Operand 0 is the value, the others are what it depends on.
template <>
struct rule<op::custom_gradient> {
  static constexpr std::string_view name = "custom_gradient";
  static constexpr void gradient(gradient_context& c) { c.attributes().gradient(c); }
};

namespace detail {

/// A function of symbols whose gradient is somebody's own.
template <class F, class Backward>
struct with_custom_gradient {
  template <std::same_as<symbol>... X>
  requires(sizeof...(X) > 0)
  constexpr symbol operator()(X... x) const {
    static_assert(sizeof...(X) < 8, "custom_gradient: a function has at most 7 arguments");
    symbol const y = F{}(x...);
    if (build::poisoned(y)) return build::poisoned_like(y);
    symbol const all[] = {y, x...};
    for (symbol const& one : all)
      if (build::poisoned(one)) return build::poisoned_like(one);
    node n = y.info();
    n.code = op::custom_gradient;
    n.attribute = -1;
    n.value = 0;
    n.index = 0;
    n.region = -1;
    attribute a;
    a.gradient = &pull<sizeof...(X)>;
    return build::append(y.owner(), n, all, 1 + sizeof...(X), &a);
  }
  /// Of expressions: an expression.
  template <class... X>
  requires(sizeof...(X) > 0 && !(std::convertible_to<X, symbol> || ...))
  constexpr auto operator()(X&&... x) const {
    return apply_to_expressions(*this, std::forward<X>(x)...);
  }

 private:
  template <std::size_t Count>
  static constexpr void pull(gradient_context& c) {
    auto const gradients = [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Backward{}(c.dy, c.operand(static_cast<int>(I) + 1)...);
    }(std::make_index_sequence<Count>{});
    if constexpr (std::same_as<std::remove_const_t<decltype(gradients)>, symbol>) {
      static_assert(Count == 1,
                    "custom_gradient: of several arguments the gradients are a std::tuple");
      add(c, 1, gradients);
    } else {
      static_assert(std::tuple_size_v<std::remove_const_t<decltype(gradients)>> == Count,
                    "custom_gradient: needs as many gradients as there are arguments");
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add(c, static_cast<int>(I) + 1, std::get<I>(gradients)), ...);
      }(std::make_index_sequence<Count>{});
    }
  }
  static constexpr void add(gradient_context& c, int i, symbol gradient) {
    if (!gradient.valid()) return;
    symbol const x = c.operand(i);
    if (!(gradient.shape() == x.shape())) {
      c.owner().fail(sentence("custom_gradient: the gradient for argument ", i - 1,
                              " needs its extents ", to_text(x.shape()), ", got ",
                              to_text(gradient.shape())));
      return;
    }
    c.add(i, build::cast(gradient, x.type()));
  }
};

}  // namespace detail

/// f with another gradient: a function of symbols, or of expressions, that gives f(x...) and whose
/// gradient is what backward(dy, x...) says: one value for one argument, else a std::tuple of as
/// many, of the arguments' extents. Both are lambdas that capture nothing. Source:
/// tf.custom_gradient.
///
///     auto const clipped = custom_gradient([](auto x) { return x; },
///                                          [](auto dy, auto) { return clip(dy, -1, 1); });
template <class F, class Backward>
constexpr auto custom_gradient(F, Backward) {
  static_assert(std::is_empty_v<F> && std::is_empty_v<Backward>,
                "custom_gradient: both functions must be lambdas that capture nothing");
  return detail::with_custom_gradient<F, Backward>{};
}

}  // namespace typegrad
