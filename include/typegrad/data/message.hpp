// SPDX-License-Identifier: BSL-1.0
// Builds the sentences of run-time errors.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

namespace typegrad::data_detail {

/// A piece of a message: text, a letter or a number. It shows the text that it was made from.
class message_part {
 public:
  message_part(std::string_view text) : data_(text.data()), size_(text.size()) {}
  message_part(std::string const& text) : message_part(std::string_view(text)) {}
  message_part(char const* text) : message_part(std::string_view(text)) {}
  message_part(char letter) : data_(digits_), size_(1) { digits_[0] = letter; }
  template <std::integral I>
  requires(!std::same_as<I, char> && !std::same_as<I, bool>)
  message_part(I value) : data_(digits_) {
    if constexpr (std::signed_integral<I>)
      write(value < 0 ? 0 - static_cast<unsigned long long>(value)
                      : static_cast<unsigned long long>(value),
            value < 0);
    else
      write(value, false);
  }
  /// Whole numbers as they are, others with six digits, as %g has them.
  message_part(double value) : data_(digits_) {
    bool const whole = value > -1e15 && value < 1e15 &&
                       static_cast<double>(static_cast<long long>(value)) == value;
    int const n = std::snprintf(digits_, sizeof digits_, whole ? "%.0f" : "%g", value);
    size_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  message_part(message_part const&) = delete;
  message_part& operator=(message_part const&) = delete;

  std::string_view text() const { return {data_, size_}; }

 private:
  void write(unsigned long long value, bool negative) {
    char* at = digits_ + sizeof digits_;
    do {
      *--at = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    if (negative) *--at = '-';
    data_ = at;
    size_ = static_cast<std::size_t>(digits_ + sizeof digits_ - at);
  }

  char const* data_;
  std::size_t size_ = 0;
  char digits_[21] = {};
};

#if defined(__GNUC__)
__attribute__((cold, noinline))
#endif
inline std::string
join_message(message_part const* parts, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += parts[i].text();
  return out;
}

/// The parts (texts, letters and numbers) one after another. There are many calls, each a function
/// of its own; so what it does stands elsewhere.
template <class... Parts>
std::string message(Parts const&... parts) {
  message_part const all[] = {parts...};
  return join_message(all, sizeof...(Parts));
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

/// A file's path as messages begin with it.
inline std::string file_name(std::string const& path) { return path.empty() ? "\"\"" : path; }

/// "a, b, c": the names there are, of more than twelve the first and how many there are besides;
/// "none" if there are none. `name_at(i)` is the i-th.
template <class NameAt>
std::string first_names(std::size_t count, NameAt const& name_at) {
  std::size_t const most = 12;
  std::string out;
  for (std::size_t i = 0; i < count && i < most; ++i)
    out += message(i == 0 ? "" : ", ", name_at(i));
  if (count > most) out += message(" and ", count - most, " more");
  return out.empty() ? "none" : out;
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
