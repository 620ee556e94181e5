// SPDX-License-Identifier: BSL-1.0
// Fills in missing values: learns each feature's typical value from training data.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>
#include <utility>
#include <vector>

namespace typegrad {

/// What a missing value becomes.
enum class fill_with { median, mean };

struct imputer_options {
  fill_with what = fill_with::median;
  /// Behind the features a column, 1 where the value was missing and else 0, for each feature that
  /// has missing values in the training data.
  bool indicators = false;
};

/// Replaces NaN in [rows, features] by the feature's median (or mean) in the training data, as
/// scikit-learn's SimpleImputer: `imputer({.indicators = true})`.
class imputer {
 public:
  explicit imputer(imputer_options const& options = {}) : options_(options) {}

  /// Learns from the rows of `x`. An infinity, or a feature without any number, is
  /// std::invalid_argument.
  imputer& fit(xt::xtensor<float, 2> const& x) {
    std::size_t const rows = x.shape(0), count = x.shape(1);
    if (count == 0)
      throw std::invalid_argument(
          data_detail::message("imputer: fit needs features, got an array of shape ",
                               data_detail::dims_text(x.shape())));
    std::vector<float> values;
    std::vector<float> fills(count);
    std::vector<std::size_t> missing;
    for (std::size_t c = 0; c < count; ++c) {
      values.clear();
      for (std::size_t r = 0; r < rows; ++r) {
        float const value = x(r, c);
        if (std::isinf(value))
          throw std::invalid_argument(
              data_detail::message("imputer: feature ", c, " is infinite in row ", r));
        if (!std::isnan(value)) values.push_back(value);
      }
      if (values.empty()) {
        throw std::invalid_argument(
            data_detail::message("imputer: feature ", c, " has no numbers in ", rows, " rows"));
      }
      if (values.size() < rows) missing.push_back(c);
      fills[c] =
          static_cast<float>(options_.what == fill_with::mean ? mean(values) : median(values));
    }
    fills_ = std::move(fills);
    missing_ = std::move(missing);
    return *this;
  }

  /// [rows, features] -> [rows, features + indicators], without NaN.
  xt::xtensor<float, 2> transform(xt::xtensor<float, 2> const& x) const {
    using data_detail::message;
    std::size_t const rows = x.shape(0), count = fills_.size();
    if (!fitted())
      throw std::invalid_argument(
          "imputer: transform before fit; fit it to the training data first");
    if (x.shape(1) != count) {
      throw std::invalid_argument(message("imputer: fitted to ", count, " features, got ",
                                          x.shape(1), "; they lie along the last axis"));
    }
    xt::xtensor<float, 2> out(std::array<std::size_t, 2>{rows, count + indicated().size()});
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < count; ++c) out(r, c) = std::isnan(x(r, c)) ? fills_[c] : x(r, c);
      for (std::size_t i = 0; i < indicated().size(); ++i) {
        out(r, count + i) = std::isnan(x(r, indicated()[i])) ? 1.0f : 0.0f;
      }
    }
    return out;
  }

  xt::xtensor<float, 2> fit_transform(xt::xtensor<float, 2> const& x) {
    return fit(x).transform(x);
  }

  bool fitted() const { return !fills_.empty(); }
  std::size_t features() const { return fills_.size(); }
  /// What stands for a missing value of each feature.
  std::vector<float> const& fills() const { return fills_; }
  /// The features whose indicators follow, in their order; none unless `indicators` is set.
  std::vector<std::size_t> const& indicated() const {
    static std::vector<std::size_t> const none;
    return options_.indicators ? missing_ : none;
  }

 private:
  static double mean(std::vector<float> const& values) {
    double sum = 0;
    for (float const v : values) sum += static_cast<double>(v);
    return sum / static_cast<double>(values.size());
  }
  // Of an even number of values the mean of the two in the middle.
  static double median(std::vector<float>& values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    auto const upper = static_cast<double>(*middle);
    if (values.size() % 2 == 1) return upper;
    return 0.5 * (upper + static_cast<double>(*std::max_element(values.begin(), middle)));
  }

  imputer_options options_;
  std::vector<float> fills_;
  std::vector<std::size_t> missing_;
};

}  // namespace typegrad
