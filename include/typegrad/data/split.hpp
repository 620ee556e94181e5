// SPDX-License-Identifier: BSL-1.0
// Splits data into a training and a test part.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <typegrad/data/dataset.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/random.hpp>
#include <typegrad/data/table.hpp>
#include <utility>
#include <vector>

namespace typegrad {

/// How much goes into the test part, and in which order.
struct split_options {
  double test_fraction = 0.25;                 ///< of all rows, rounded up; in (0, 1)
  std::optional<std::size_t> test_count = {};  ///< if given, this many rows instead
  std::uint64_t seed = 0;
  bool shuffle = true;  ///< else the last rows are the test part
};

/// Which rows go where.
struct split_rows {
  std::vector<std::size_t> train, test;
};

/// Row numbers for a split of `rows` rows; the same for the same options on every platform.
/// Neither part may be empty: std::invalid_argument else.
template <int = 0>
split_rows train_test_rows(std::size_t rows, split_options const& options = {}) {
  if (!options.test_count && !(options.test_fraction > 0 && options.test_fraction < 1)) {
    throw std::invalid_argument(data_detail::message(
        "train_test_split: test_fraction must lie between 0 and 1, got ", options.test_fraction));
  }
  std::size_t const count =
      options.test_count
          ? *options.test_count
          : static_cast<std::size_t>(std::ceil(options.test_fraction * static_cast<double>(rows)));
  if (count == 0 || count >= rows) {
    throw std::invalid_argument(
        data_detail::message("train_test_split: ", count, " of ", rows,
                             " rows for the test part leaves one part empty; each needs a row"));
  }
  std::vector<std::size_t> order;
  if (options.shuffle) {
    order = data_detail::permutation(rows, options.seed);
  } else {
    order.resize(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
  }
  auto const border = order.end() - static_cast<std::ptrdiff_t>(count);
  return {{order.begin(), border}, {border, order.end()}};
}

/// The chosen rows of an array (first axis), in the given order.
template <class T, std::size_t Rank>
xt::xtensor<T, Rank> take_rows(xt::xtensor<T, Rank> const& from,
                               std::span<std::size_t const> rows) {
  static_assert(Rank > 0, "take_rows: an array without axes has no rows");
  auto shape = from.shape();
  std::size_t const have = shape[0];
  std::size_t const stride = have == 0 ? 0 : from.size() / have;
  shape[0] = rows.size();
  xt::xtensor<T, Rank> out(shape);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= have) {
      throw std::invalid_argument(
          data_detail::message("take_rows: row ", rows[i], " of an array with ", have, " rows"));
    }
    std::copy_n(from.data() + rows[i] * stride, stride, out.data() + i * stride);
  }
  return out;
}

/// The same of a table.
template <int = 0>
table take_rows(table const& from, std::span<std::size_t const> rows) {
  std::vector<column> columns;
  for (column const& one : from.columns()) {
    column out{.name = one.name,
               .type = one.type,
               .numbers = {},
               .codes = {},
               .categories = one.categories,
               .missing = 0,
               .why = one.why};
    bool const numbers = one.type == column_type::number;
    for (std::size_t const row : rows) {
      if (row >= from.rows()) {
        throw std::invalid_argument(data_detail::message(
            "take_rows: row ", row, " of a table with ", from.rows(), " rows"));
      }
      if (numbers)
        out.numbers.push_back(one.numbers[row]);
      else
        out.codes.push_back(one.codes[row]);
      out.missing += numbers ? std::isnan(one.numbers[row]) : one.codes[row] < 0;
    }
    columns.push_back(std::move(out));
  }
  return table(from.source(), std::move(columns));
}

/// A table's rows for training and for the test.
struct split_table {
  table train, test;
};
template <int = 0>
split_table train_test_split(table const& data, split_options const& options = {}) {
  auto const rows = train_test_rows(data.rows(), options);
  return {take_rows(data, rows.train), take_rows(data, rows.test)};
}

/// Rows of `x` and `y` into `.train` and `.test`, shuffled together.
template <class T, std::size_t N, class U, std::size_t M>
split_dataset<xt::xtensor<T, N>, xt::xtensor<U, M>> train_test_split(
    xt::xtensor<T, N> const& x, xt::xtensor<U, M> const& y, split_options const& options = {}) {
  if (x.shape(0) != y.shape(0)) {
    throw std::invalid_argument(data_detail::message("train_test_split: x has ", x.shape(0),
                                                     " rows and y has ", y.shape(0),
                                                     "; they must be as many"));
  }
  auto const rows = train_test_rows(x.shape(0), options);
  return {{take_rows(x, rows.train), take_rows(y, rows.train)},
          {take_rows(x, rows.test), take_rows(y, rows.test)},
          "train_test_split"};
}

template <class X, class Y>
split_dataset<X, Y> train_test_split(dataset<X, Y> const& data, split_options const& options = {}) {
  return train_test_split(data.x, data.y, options);
}

}  // namespace typegrad
