// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/layer.hpp>

#include <concepts>
#include <type_traits>

namespace typegrad {

/// A function on symbols as a layer: `lambda<[](symbol x) { return x * x; }>`, of one symbol or of
/// several. Function is a lambda that captures nothing, a constexpr function, or an object whose
/// type may be a template argument's; nvcc needs a name for it: `constexpr auto squared = [](symbol
/// x) { return x * x; };` and lambda<squared>. A layer made within it has weights of its own at
/// every call.
template <auto Function>
struct lambda : layer<lambda<Function>> {
  static constexpr std::string_view name = "lambda";

  template <std::convertible_to<symbol>... Rest>
  requires(std::is_invocable_v<decltype(Function) const&, symbol, Rest...>)
  constexpr auto call(symbol x, Rest... rest) const {
    return Function(x, rest...);
  }
};

}  // namespace typegrad
