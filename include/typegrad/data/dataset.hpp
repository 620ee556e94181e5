// SPDX-License-Identifier: BSL-1.0
// Samples with their targets, and the usual pair of training and test data.
#pragma once

#include <cstddef>
#include <string>
#include <typegrad/data/xtensor.hpp>

namespace typegrad {

/// Samples `x` and targets `y`: xtensors with as many rows (first axis) as each other.
template <class X, class Y>
struct dataset {
  using x_type = X;
  using y_type = Y;
  X x;
  Y y;

  std::size_t size() const { return x.shape().empty() ? 0 : x.shape(0); }
};

/// Training and test data, and where they came from.
template <class X, class Y>
struct split_dataset {
  dataset<X, Y> train, test;
  std::string source;
};

}  // namespace typegrad
