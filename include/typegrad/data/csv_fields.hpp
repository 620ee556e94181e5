// SPDX-License-Identifier: BSL-1.0
// The grammar of CSV: a text becomes records of fields; and what a number looks like in one.
#pragma once

#include <charconv>
#include <cstddef>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typegrad/data/message.hpp>
#include <vector>

namespace typegrad::data_detail {

/// Records of equally many fields; the views look into the parsed text or into `unescaped`.
struct csv_fields {
  std::string name;
  std::size_t columns = 0;
  std::vector<std::string_view> fields;
  std::vector<std::size_t> lines;  // on which each record begins, from 1
  std::list<std::string> unescaped;

  std::size_t records() const { return lines.size(); }
  std::string_view at(std::size_t record, std::size_t column) const {
    return fields[record * columns + column];
  }
};

template <int = 0>
class basic_csv_splitter {
 public:
  basic_csv_splitter(std::string_view text, std::string name, char separator, char quote)
      : text_(text), separator_(separator), quote_(quote) {
    out_.name = std::move(name);
  }

  csv_fields run() && {
    for (char const c : {'\r', '\n', '\0', quote_})
      if (c == separator_)
        throw std::invalid_argument(
            message(out_.name,
                    ": separator and quote must be two different characters, and the"
                    " separator no end of a line"));
    if (text_.substr(0, 3) == "\xef\xbb\xbf") at_ = 3;
    while (at_ < text_.size()) {
      if (rest_is_empty_lines()) break;
      record();
    }
    if (out_.lines.empty()) throw std::runtime_error(message(out_.name, ": the file is empty"));
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::size_t line, std::string const& what) const {
    throw std::runtime_error(message(out_.name, ", line ", line, ": ", what));
  }

  bool rest_is_empty_lines() const {
    return text_.find_first_not_of("\r\n", at_) == std::string_view::npos;
  }

  // Takes a line's end, if one is here.
  bool line_end() {
    if (at_ == text_.size()) return true;
    if (text_[at_] == '\r') {
      if (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
        fail(line_, "a carriage return without a line feed");
      }
      ++at_;
    }
    if (at_ == text_.size()) return true;
    if (text_[at_] != '\n') return false;
    ++at_;
    ++line_;
    return true;
  }

  void record() {
    std::size_t const begin = line_, before = out_.fields.size();
    for (;;) {
      out_.fields.push_back(at_ < text_.size() && text_[at_] == quote_ ? quoted_field()
                                                                       : plain_field());
      if (line_end()) break;
      ++at_;  // the separator
    }
    std::size_t const count = out_.fields.size() - before;
    if (out_.lines.empty()) out_.columns = count;
    if (count != out_.columns) {
      fail(begin,
           message(count, count == 1 ? " field" : " fields", ", where the first line has ",
                   out_.columns,
                   count > out_.columns ? "; a field with the separator in it needs quotes" : ""));
    }
    out_.lines.push_back(begin);
  }

  std::string_view plain_field() {
    std::size_t const begin = at_;
    for (; at_ < text_.size(); ++at_) {
      char const c = text_[at_];
      if (c == separator_ || c == '\n' || c == '\r') break;
      if (c == '\0') fail(line_, "a zero byte; the file is not text");
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string_view quoted_field() {
    std::size_t const opened = line_, begin = ++at_;
    bool doubled = false;
    for (;; ++at_) {
      if (at_ == text_.size()) fail(opened, "the quote that opens here is never closed");
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '\0') fail(line_, "a zero byte; the file is not text");
      if (text_[at_] != quote_) continue;
      if (at_ + 1 < text_.size() && text_[at_ + 1] == quote_) {
        doubled = true;
        ++at_;
        continue;
      }
      break;
    }
    std::string_view const inside = text_.substr(begin, at_ - begin);
    ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\r' &&
        text_[at_] != '\n') {
      fail(line_, message("text follows the closing quote of ", in_quotes(inside)));
    }
    if (!doubled) return inside;
    std::string& clean = out_.unescaped.emplace_back();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      clean += inside[i];
      if (inside[i] == quote_) ++i;
    }
    return clean;
  }

  std::string_view text_;
  char separator_, quote_;
  std::size_t at_ = 0, line_ = 1;
  csv_fields out_;
};
using csv_splitter = basic_csv_splitter<>;

template <int = 0>
csv_fields split_csv(std::string_view text, std::string name, char separator, char quote) {
  return csv_splitter(text, std::move(name), separator, quote).run();
}

template <int = 0>
std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

enum class number_text { number, none, too_large };

/// The whole of `text` as a decimal number; a value too small for double becomes 0.
template <int = 0>
number_text parse_number(std::string_view text, double& value) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return number_text::none;
  }
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return number_text::none;
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say which side of the range was left; a negative exponent means zero.
    auto const exponent = text.find_first_of("eE");
    bool const tiny = exponent != std::string_view::npos ? text.substr(exponent + 1, 1) == "-"
                                                         : text.find('.') < 3;
    if (!tiny) return number_text::too_large;
    value = 0;
  } else if (error != std::errc{}) {
    return number_text::none;
  }
  return number_text::number;
}

}  // namespace typegrad::data_detail
