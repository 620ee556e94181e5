// SPDX-License-Identifier: BSL-1.0
// A cursor over a small JSON text whose form is known: the caller asks for what must come next.
// It exists beside the general JSON libraries because a file header needs no tree, and including
// one of them would double the compile time of every program that saves a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>

namespace typegrad::io_detail {

/// The length of the UTF-8 sequence that begins at `at`; 0 if there is none (RFC 3629: no overlong
/// forms, no surrogates, nothing above U+10FFFF).
template <int = 0>
std::size_t utf8_length(std::string_view text, std::size_t at) {
  auto const byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  unsigned const first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    bool const in_range = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second < 0xa0);
    return in_range && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    bool const in_range = (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second < 0x90);
    return in_range && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

template <int = 0>
bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

/// Appends `text` as a JSON string in quotes; `text` is UTF-8.
template <int = 0>
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char const c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
          out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

/// Strict (RFC 8259): anything else than what is asked for throws std::runtime_error with `name`
/// and the byte, counted from `origin`. No recursion, so no text can exhaust the stack.
class json_cursor {
 public:
  json_cursor(std::string_view text, std::string_view name, std::size_t origin)
      : text_(text), name_(name), origin_(origin) {}

  [[noreturn]] void fail(std::string_view what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t at, std::string_view what) const {
    throw std::runtime_error(data_detail::message(name_, ": byte ", origin_ + at, ": ", what));
  }

  std::size_t position() const { return at_; }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void need(char c) {
    if (!take(c)) fail(data_detail::message("'", c, "' is needed, ", here()));
  }

  void need_end() {
    skip_space();
    if (at_ != text_.size()) fail("text follows the end of the header");
  }

  /// Calls `item()` for each item of a list that has been opened, up to and with `close`.
  template <class Item>
  void items(char close, Item item) {
    if (take(close)) return;
    do {
      item();
    } while (take(','));
    need(close);
  }

  std::string string() {
    need('"');
    std::string out;
    for (;;) {
      if (at_ == text_.size()) fail("the text ends inside a string");
      auto const c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c == '\\') {
        ++at_;
        escape(out);
        continue;
      }
      if (c < 0x20) fail("a control character inside a string");
      std::size_t const length = utf8_length(text_, at_);
      if (length == 0) fail("a string that is not UTF-8");
      out += text_.substr(at_, length);
      at_ += length;
    }
    ++at_;
    return out;
  }

  /// A whole number from 0 to 2^64 - 1, without sign, fraction or exponent.
  std::uint64_t whole_number() {
    skip_space();
    std::size_t const begin = at_;
    std::uint64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      auto const digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
        fail_at(begin, "a number of more than 64 bits");
      }
      value = value * 10 + digit;
    }
    bool const number_goes_on =
        at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E');
    if (at_ == begin || number_goes_on || (text_[begin] == '0' && at_ - begin > 1)) {
      at_ = begin;
      fail(data_detail::message("a whole number is needed, ", here()));
    }
    return value;
  }

 private:
  std::string here() const {
    if (at_ >= text_.size()) return "but the text ends";
    return data_detail::message("got ", data_detail::in_quotes(text_.substr(at_, 12)));
  }

  unsigned hex4() {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char const c = at_ < text_.size() ? text_[at_] : ' ';
      unsigned digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<unsigned>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<unsigned>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<unsigned>(c - 'A') + 10;
      } else {
        fail("four hexadecimal digits are needed after \\u");
      }
      value = value * 16 + digit;
    }
    return value;
  }

  void escape(std::string& out) {
    char const c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c) {
      case '"':
        out += '"';
        return;
      case '\\':
        out += '\\';
        return;
      case '/':
        out += '/';
        return;
      case 'b':
        out += '\b';
        return;
      case 'f':
        out += '\f';
        return;
      case 'n':
        out += '\n';
        return;
      case 'r':
        out += '\r';
        return;
      case 't':
        out += '\t';
        return;
      case 'u':
        break;
      default:
        fail("an unknown escape inside a string");
    }
    unsigned code = hex4();
    if (code >= 0xd800 && code < 0xdc00) {
      if (text_.substr(at_, 2) != "\\u") fail("half a surrogate pair inside a string");
      at_ += 2;
      unsigned const low = hex4();
      if (low < 0xdc00 || low > 0xdfff) fail("half a surrogate pair inside a string");
      code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      fail("half a surrogate pair inside a string");
    }
    append_utf8(out, code);
  }

  static void append_utf8(std::string& out, unsigned code) {
    auto const tail = [&](unsigned shift) {
      out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
    };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0U | (code >> 6U));
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xe0U | (code >> 12U));
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xf0U | (code >> 18U));
      tail(12);
      tail(6);
      tail(0);
    }
  }

  std::string_view text_, name_;
  std::size_t origin_, at_ = 0;
};

}  // namespace typegrad::io_detail
