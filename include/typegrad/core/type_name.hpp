// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <string_view>

namespace typegrad {

namespace detail {
template <class T>
constexpr std::string_view pretty_function() {
  return __PRETTY_FUNCTION__;
}
}  // namespace detail

/// A class's own name, without namespaces and template arguments, in snake_case: `my::MLPBlock<3>`
/// is "mlp_block". It is the default name of a layer, as in Keras.
template <class T>
constexpr name_text type_name() {
  constexpr std::string_view probe = detail::pretty_function<double>();
  constexpr std::size_t prefix = probe.find("double");
  constexpr std::size_t suffix = probe.size() - prefix - 6;
  std::string_view name = detail::pretty_function<T>();
  name = name.substr(prefix, name.size() - prefix - suffix);
  std::size_t start = 0;  // behind the last "::" outside of angle brackets
  std::size_t end = name.size();
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '"' && (!quoted || name[i - 1] != '\\')) quoted = !quoted;
    if (quoted) continue;
    if (name[i] == '<') {
      if (depth++ == 0) end = i;
    } else if (name[i] == '>') {
      --depth;
    } else if (depth == 0 && name[i] == ':') {
      start = i + 1;
      end = name.size();
    } else if (depth == 0 && name[i] == ' ') {
      start = i + 1;  // "struct name"
    }
  }
  name = name.substr(start, end - start);
  name_text out;
  auto const upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  auto const lower = [](char c) { return c >= 'a' && c <= 'z'; };
  for (std::size_t i = 0; i < name.size(); ++i) {
    char const c = name[i];
    if (upper(c)) {
      bool const after_lower = i > 0 && lower(name[i - 1]);
      bool const before_lower =
          i > 0 && name[i - 1] != '_' && i + 1 < name.size() && lower(name[i + 1]);
      if (after_lower || before_lower) out.append('_');
      out.append(static_cast<char>(c - 'A' + 'a'));
    } else {
      out.append(c);
    }
  }
  return out;
}

}  // namespace typegrad
