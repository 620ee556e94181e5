// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <string_view>
#include <utility>

namespace typegrad {

// Names are types, and not template arguments by themselves, as nvcc cannot deduce those.

/// A value under a name that the compiler knows: what `"main"_n = value` makes. It refers to what
/// it was made from, unless that was a temporary.
template <class Name, class T>
struct named_value {
  using name_type = Name;
  static constexpr std::string_view name = Name::name;
  T value;
};

/// A name as a type, and as a value: `"main"_n`.
template <fixed_string Name>
struct name_constant {
  static constexpr bool is_a_name = true;
  static constexpr std::string_view name = Name.view();

  template <class T>
  constexpr named_value<name_constant, T> operator=(T&& value) const {
    return {std::forward<T>(value)};
  }
};

/// One of the names, "main"_n.
template <class N>
concept a_name = requires { N::is_a_name; };
/// What `"main"_n = value` makes.
template <class N>
concept a_named_value = requires { requires a_name<typename N::name_type>; };

namespace literals {

template <fixed_string Name>
constexpr name_constant<Name> operator""_n() {
  return {};
}

}  // namespace literals
}  // namespace typegrad
