// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace typegrad {

/// A string of at most `Capacity` characters that lives in constant expressions and template
/// arguments alike. What does not fit is cut off and marked by "...".
template <std::size_t Capacity>
struct basic_text {
  char characters[Capacity + 1] = {};
  std::size_t length = 0;

  constexpr basic_text() = default;
  constexpr basic_text(std::string_view s) { append(s); }
  constexpr basic_text(char const* s) { append(std::string_view{s}); }

  constexpr basic_text& append(char c) {
    if (length < Capacity) {
      characters[length++] = c;
    } else {
      for (std::size_t i = Capacity - 3; i < Capacity; ++i) characters[i] = '.';
    }
    return *this;
  }
  constexpr basic_text& append(std::string_view s) {
    for (char const c : s) append(c);
    return *this;
  }
  constexpr basic_text& append(char const* s) { return append(std::string_view{s}); }
  constexpr basic_text& append(std::int64_t value) {
    char digits[20] = {};
    int n = 0;
    bool const negative = value < 0;
    auto rest = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                         : static_cast<std::uint64_t>(value);
    do {
      digits[n++] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (negative) append('-');
    while (n > 0) append(digits[--n]);
    return *this;
  }
  constexpr basic_text& append(int value) { return append(std::int64_t{value}); }
  template <std::size_t N>
  constexpr basic_text& append(basic_text<N> const& t) {
    return append(t.view());
  }

  constexpr std::string_view view() const { return {characters, length}; }
  constexpr char const* c_str() const { return characters; }
  constexpr bool empty() const { return length == 0; }
  constexpr bool operator==(basic_text const& other) const { return view() == other.view(); }
};

/// Long enough for a weight's path or a sentence of a diagnosis.
using diagnosis = basic_text<250>;
using name_text = basic_text<120>;

/// The pieces, numbers and names alike, as one text.
template <class... Pieces>
constexpr diagnosis sentence(Pieces const&... pieces) {
  diagnosis t;
  (t.append(pieces), ...);
  return t;
}

/// Appends names in quotes, with commas between them: `"main", "auxiliary"`. `name_at(i)` is the
/// i-th of `count`.
template <std::size_t Capacity, class NameAt>
constexpr void append_names(basic_text<Capacity>& to, int count, NameAt const& name_at) {
  for (int i = 0; i < count; ++i) to.append(i == 0 ? "\"" : ", \"").append(name_at(i)).append('"');
}

/// A string literal as a template argument: `named<"input">`.
template <std::size_t N>
struct fixed_string {
  char characters[N] = {};
  constexpr fixed_string(char const (&s)[N]) {
    for (std::size_t i = 0; i < N; ++i) characters[i] = s[i];
  }
  constexpr std::string_view view() const { return {characters, N - 1}; }
  constexpr bool operator==(fixed_string const&) const = default;
};

}  // namespace typegrad
