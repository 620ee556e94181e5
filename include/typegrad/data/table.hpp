// SPDX-License-Identifier: BSL-1.0
// A table of named, typed columns, and its way into arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>
#include <utility>
#include <vector>

namespace typegrad {

enum class column_type { number, category };

/// One column. Numbers stand in `numbers`; a category column has, for each row, the index of its
/// text in `categories` (sorted by byte).
struct column {
  std::string name;
  column_type type = column_type::number;
  std::vector<double> numbers;          ///< NaN where missing
  std::vector<std::int32_t> codes;      ///< -1 where missing
  std::vector<std::string> categories;  ///< the different texts, in order
  std::size_t missing = 0;              ///< rows without a value
  std::string why;                      ///< for a guessed category column: what is not a number

  std::size_t size() const { return type == column_type::number ? numbers.size() : codes.size(); }
};

/// Columns of equally many rows, found by name.
class table {
 public:
  table(std::string source, std::vector<column> columns)
      : source_(std::move(source)), columns_(std::move(columns)) {
    for (auto const& one : columns_) {
      if (one.size() != rows()) {
        throw std::invalid_argument(
            data_detail::message(source_, ": column ", data_detail::in_quotes(one.name), " has ",
                                 one.size(), " rows, the first column has ", rows()));
      }
    }
  }

  std::size_t rows() const { return columns_.empty() ? 0 : columns_.front().size(); }
  std::vector<column> const& columns() const { return columns_; }
  std::string const& source() const { return source_; }

  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// Throws std::invalid_argument, listing the names there are, for a name that is not one.
  column const& operator[](std::string_view name) const {
    if (auto const* const found = find(name)) return *found;
    std::string names;
    for (auto const& one : columns_) names += (names.empty() ? "" : ", ") + one.name;
    throw std::invalid_argument(data_detail::message(
        source_, ": there is no column ", data_detail::in_quotes(name), "; there are ", names));
  }

  /// The named number columns side by side: rows x names, in the order of `names`; NaN where a
  /// value is missing. A category column is an error: use `categories` and `one_hot` for it.
  xt::xtensor<float, 2> numbers(std::vector<std::string> const& names) const {
    xt::xtensor<float, 2> out(std::array<std::size_t, 2>{rows(), names.size()});
    for (std::size_t c = 0; c < names.size(); ++c) {
      auto const& from = number_column(names[c]);
      for (std::size_t r = 0; r < rows(); ++r) out(r, c) = static_cast<float>(from.numbers[r]);
    }
    return out;
  }

  /// One number column: a vector of `rows()` values.
  xt::xtensor<float, 1> number(std::string_view name) const {
    auto const& from = number_column(name);
    xt::xtensor<float, 1> out(std::array<std::size_t, 1>{rows()});
    for (std::size_t r = 0; r < rows(); ++r) out(r) = static_cast<float>(from.numbers[r]);
    return out;
  }

  /// The codes of a category column: indices into its `categories`, -1 where missing.
  xt::xtensor<std::int32_t, 1> codes(std::string_view name) const {
    auto const& from = (*this)[name];
    if (from.type != column_type::category) {
      throw std::invalid_argument(data_detail::message(
          source_, ": column ", data_detail::in_quotes(name), " holds numbers, not categories"));
    }
    xt::xtensor<std::int32_t, 1> out(std::array<std::size_t, 1>{rows()});
    for (std::size_t r = 0; r < rows(); ++r) out(r) = from.codes[r];
    return out;
  }

  /// The names of all number columns, in the file's order.
  std::vector<std::string> number_names() const {
    std::vector<std::string> names;
    for (auto const& one : columns_) {
      if (one.type == column_type::number) names.push_back(one.name);
    }
    return names;
  }

 private:
  column const* find(std::string_view name) const {
    for (auto const& one : columns_) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }

  column const& number_column(std::string_view name) const {
    auto const& found = (*this)[name];
    if (found.type != column_type::number) {
      throw std::invalid_argument(data_detail::message(
          source_, ": column ", data_detail::in_quotes(name), " holds categories, not numbers",
          found.why.empty() ? "" : " (", found.why, found.why.empty() ? "" : ")"));
    }
    return found;
  }

  std::string source_;
  std::vector<column> columns_;
};

}  // namespace typegrad
