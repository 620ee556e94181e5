// SPDX-License-Identifier: BSL-1.0
// Class numbers as vectors with a single one.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>
#include <utility>

namespace typegrad {

/// labels of any shape -> the same shape with a last axis of `classes`, 1 at the label, else 0.
/// A label outside 0 to classes-1 gives std::invalid_argument naming its row and value.
template <std::integral Label, std::size_t Rank>
xt::xtensor<float, Rank + 1> one_hot(xt::xtensor<Label, Rank> const& labels, std::size_t classes) {
  std::array<std::size_t, Rank + 1> shape{};
  std::copy(labels.shape().begin(), labels.shape().end(), shape.begin());
  shape[Rank] = classes;
  xt::xtensor<float, Rank + 1> out(shape, 0.0f);
  std::size_t const rows = Rank == 0 ? 1 : labels.shape()[0];
  std::size_t const stride = rows == 0 ? 1 : std::max<std::size_t>(labels.size() / rows, 1);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Label const label = labels.data()[i];
    if (std::cmp_less(label, 0) || std::cmp_greater_equal(label, classes)) {
      std::string const range =
          classes == 0 ? "; classes are counted from 0, and their number must be positive"
                       : data_detail::message(" from 0 to ", classes - 1);
      throw std::invalid_argument(data_detail::message("one_hot: row ", i / stride, " holds ",
                                                       +label, ", which is not a class", range));
    }
    out.data()[i * classes + static_cast<std::size_t>(label)] = 1.0f;
  }
  return out;
}

/// As `one_hot`; the number of classes, if not given, is the largest label + 1.
template <std::integral Label, std::size_t Rank>
xt::xtensor<float, Rank + 1> to_categorical(xt::xtensor<Label, Rank> const& labels,
                                            std::size_t classes = 0) {
  if (classes == 0 && labels.size() != 0) {
    Label const largest = *std::max_element(labels.data(), labels.data() + labels.size());
    if (std::cmp_greater_equal(largest, 0)) classes = static_cast<std::size_t>(largest) + 1;
  }
  return one_hot(labels, classes);
}

}  // namespace typegrad
