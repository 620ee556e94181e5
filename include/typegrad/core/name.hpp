// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <string_view>
#include <utility>

namespace typegrad {

/// A value under a name that the compiler knows: what `"main"_n = value` makes. It refers to what
/// it was made from, unless that was a temporary.
template <fixed_string Name, class T>
struct named_value {
  static constexpr std::string_view name = Name.view();
  T value;
};

/// A name as a value: `"main"_n`.
template <fixed_string Name>
struct name_constant {
  static constexpr std::string_view name = Name.view();

  template <class T>
  constexpr named_value<Name, T> operator=(T&& value) const {
    return {std::forward<T>(value)};
  }
};

namespace literals {

template <fixed_string Name>
constexpr name_constant<Name> operator""_n() {
  return {};
}

}  // namespace literals
}  // namespace typegrad
