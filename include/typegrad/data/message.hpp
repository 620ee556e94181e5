// SPDX-License-Identifier: BSL-1.0
// Builds the sentences of run-time errors.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace typegrad::data_detail {

inline void append_part(std::string& out, std::string_view text) { out += text; }
inline void append_part(std::string& out, char letter) { out += letter; }

template <std::integral I>
requires(!std::same_as<I, char> && !std::same_as<I, bool>)
void append_part(std::string& out, I value) {
  out += std::to_string(value);
}

/// The parts (texts, letters and integers) one after another.
template <class... Parts>
std::string message(Parts const&... parts) {
  std::string out;
  (append_part(out, parts), ...);
  return out;
}

/// A stranger's text for use inside a sentence: in quotes, control bytes as `?`, cut after 60
/// bytes.
inline std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  std::size_t const most = 60;
  for (char const c : text.substr(0, most)) {
    auto const byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  out += text.size() > most ? "...\"" : "\"";
  return out;
}

/// "28x28x1"; "()" for no dims.
template <class Dims>
std::string dims_text(Dims const& dims) {
  std::string out;
  for (auto const dim : dims) {
    if (!out.empty()) out += 'x';
    out += std::to_string(dim);
  }
  return out.empty() ? "()" : out;
}

}  // namespace typegrad::data_detail
