// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

// Tables and numbers as text for a terminal.

namespace typegrad::io_detail {

/// "12.3 M", "405.6 k", "87": with a prefix of thousands, for a number of `unit` ("FLOP", "B").
template <int = 0>
std::string scaled(double value, std::string const& unit = {}) {
  constexpr char const* prefixes[] = {"", "k", "M", "G", "T", "P"};
  std::size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < std::size(prefixes)) {
    value /= 1000;
    ++prefix;
  }
  char text[64];
  std::snprintf(text, sizeof text,
                prefix == 0 && value == static_cast<double>(std::int64_t(value)) ? "%.0f" : "%.3g",
                value);
  std::string out = text;
  if (prefix > 0 || !unit.empty()) out += ' ';
  return out + prefixes[prefix] + unit;
}

/// Three digits, without an exponent: "177", "3.21".
template <int = 0>
std::string decimals(double value) {
  char text[400];
  std::snprintf(text, sizeof text,
                value >= 99.95   ? "%.0f"
                : value >= 9.995 ? "%.1f"
                                 : "%.2f",
                value);
  return text;
}

/// "12.3 us".
template <int = 0>
std::string scaled_seconds(double seconds) {
  constexpr char const* units[] = {"s", "ms", "us", "ns"};
  std::size_t unit = 0;
  while (seconds < 0.9995 && unit + 1 < std::size(units)) {
    seconds *= 1000;
    ++unit;
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.3g %s", seconds, units[unit]);
  return text;
}

/// Rows of equally many fields below a heading. The first `left` columns are flush left, the others
/// flush right; each is as wide as what stands in it.
template <int = 0>
class basic_text_table {
 public:
  basic_text_table(std::vector<std::string> heading, std::size_t left)
      : left_{left}, rows_{std::move(heading)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    std::vector<std::size_t> widths(rows_[0].size());
    for (auto const& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i)
        if (row[i].size() > widths[i]) widths[i] = row[i].size();
    std::size_t all = 0;
    for (std::size_t const width : widths) all += width + 2;
    std::string out;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      std::string line;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        std::string const space(widths[i] - rows_[r][i].size(), ' ');
        line += i < left_ ? rows_[r][i] + space : space + rows_[r][i];
        if (i + 1 < widths.size()) line += "  ";
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + '\n';
      if (r == 0) out += std::string(all - 2, '-') + '\n';
    }
    return out;
  }

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};
using text_table = basic_text_table<>;

}  // namespace typegrad::io_detail
