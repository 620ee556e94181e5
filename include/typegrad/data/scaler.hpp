// SPDX-License-Identifier: BSL-1.0
// Scalers: learn each feature's range or spread from training data, then scale any data by it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>
#include <vector>

namespace typegrad {

namespace data_detail {

// What the scalers share: y = (x - shift) / scale + offset for each feature, along the last axis
// (a vector is one feature). `Scaler` learns shift and scale from the columns.
template <class Scaler>
class feature_scaler {
 public:
  /// Learns from the rows of `x`. NaN counts as missing and is ignored; an infinity or a feature
  /// without any number is an error.
  template <std::size_t Rank>
  Scaler& fit(xt::xtensor<float, Rank> const& x) {
    std::size_t const count = features_of(x);
    if (count == 0)
      throw std::invalid_argument(message(
          Scaler::name, ": fit needs features, got an array of shape ", dims_text(x.shape())));
    std::size_t const rows = x.size() / count;
    std::vector<double> shift(count), scale(count);
    std::vector<double> values;
    for (std::size_t c = 0; c < count; ++c) {
      values.clear();
      for (std::size_t r = 0; r < rows; ++r) {
        float const value = x.data()[r * count + c];
        if (std::isinf(value)) {
          throw std::invalid_argument(
              message(Scaler::name, ": feature ", c, " is infinite in row ", r));
        }
        if (!std::isnan(value)) values.push_back(static_cast<double>(value));
      }
      if (values.empty()) {
        throw std::invalid_argument(
            message(Scaler::name, ": feature ", c, " has no numbers in ", rows, " rows"));
      }
      self().learn(values, shift[c], scale[c]);
    }
    shift_ = std::move(shift);
    scale_ = std::move(scale);
    return self();
  }

  template <std::size_t Rank>
  xt::xtensor<float, Rank> transform(xt::xtensor<float, Rank> const& x) const {
    return apply(x, "transform", [offset = self().offset()](double v, double shift, double scale) {
      return (v - shift) / scale + offset;
    });
  }

  template <std::size_t Rank>
  xt::xtensor<float, Rank> inverse_transform(xt::xtensor<float, Rank> const& x) const {
    return apply(x, "inverse_transform",
                 [offset = self().offset()](double v, double shift, double scale) {
                   return (v - offset) * scale + shift;
                 });
  }

  template <std::size_t Rank>
  xt::xtensor<float, Rank> fit_transform(xt::xtensor<float, Rank> const& x) {
    return fit(x).transform(x);
  }

  bool fitted() const { return !shift_.empty(); }
  std::size_t features() const { return shift_.size(); }
  /// What is subtracted, and by what is then divided, for each feature.
  std::vector<double> const& shift() const { return shift_; }
  std::vector<double> const& scale() const { return scale_; }

 private:
  Scaler& self() { return static_cast<Scaler&>(*this); }
  Scaler const& self() const { return static_cast<Scaler const&>(*this); }

  template <std::size_t Rank>
  static std::size_t features_of(xt::xtensor<float, Rank> const& x) {
    static_assert(Rank > 0,
                  "a scaler needs a vector or an array with features along the last axis");
    if constexpr (Rank == 1) {
      return 1;
    } else {
      return x.shape(Rank - 1);
    }
  }

  template <std::size_t Rank, class Formula>
  xt::xtensor<float, Rank> apply(xt::xtensor<float, Rank> const& x, std::string_view what,
                                 Formula formula) const {
    if (!fitted()) {
      throw std::invalid_argument(
          message(Scaler::name, ": ", what, " before fit; fit it to the training data first"));
    }
    std::size_t const count = features();
    if (features_of(x) != count) {
      throw std::invalid_argument(message(Scaler::name, ": fitted to ", count, " features, got ",
                                          features_of(x), "; they lie along the last axis"));
    }
    xt::xtensor<float, Rank> out(x.shape());
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::size_t const c = i % count;
      out.data()[i] =
          static_cast<float>(formula(static_cast<double>(x.data()[i]), shift_[c], scale_[c]));
    }
    return out;
  }

  std::vector<double> shift_, scale_;
};

}  // namespace data_detail

/// Scales each feature's smallest and largest value to `low` and `high`. A constant feature
/// becomes `low`.
class min_max_scaler : public data_detail::feature_scaler<min_max_scaler> {
 public:
  static constexpr std::string_view name = "min_max_scaler";
  explicit min_max_scaler(double low = 0, double high = 1) : low_(low), high_(high) {
    if (!(low < high && std::isfinite(low) && std::isfinite(high))) {
      throw std::invalid_argument(data_detail::message(
          "min_max_scaler: low must be less than high, both finite, got ", low, " and ", high));
    }
  }

 private:
  friend class data_detail::feature_scaler<min_max_scaler>;
  void learn(std::vector<double> const& values, double& shift, double& scale) const {
    auto const [least, most] = std::minmax_element(values.begin(), values.end());
    shift = *least;
    scale = *most > *least ? (*most - *least) / (high_ - low_) : 1;
  }
  double offset() const { return low_; }

  double low_, high_;
};

/// Scales each feature to mean 0 and (population) deviation 1. A constant feature becomes 0.
class standard_scaler : public data_detail::feature_scaler<standard_scaler> {
 public:
  static constexpr std::string_view name = "standard_scaler";

 private:
  friend class data_detail::feature_scaler<standard_scaler>;
  static void learn(std::vector<double> const& values, double& shift, double& scale) {
    auto const count = static_cast<double>(values.size());
    double sum = 0;
    for (double const v : values) sum += v;
    shift = sum / count;
    double squares = 0;
    for (double const v : values) squares += (v - shift) * (v - shift);
    auto const [least, most] = std::minmax_element(values.begin(), values.end());
    scale = *most > *least ? std::sqrt(squares / count) : 1;
    if (*most == *least) shift = *least;
  }
  static double offset() { return 0; }
};

}  // namespace typegrad
