// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/inference/weight_array.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace typegrad {

/// What `gradient` gives: the objective's value (summed over the samples) and its gradients.
template <std::size_t Rank>
class gradients {
 public:
  gradients(float value, xt::xtensor<float, Rank> input, inference_detail::weight_table table,
            aligned_buffer<float> weights)
      : value_{value},
        input_(std::move(input)),
        table_(std::move(table)),
        weights_(std::move(weights)) {}

  float value() const { return value_; }
  /// For the model's input: of the input's shape.
  xt::xtensor<float, Rank> const& input() const { return input_; }
  /// For a weight, by path; zeros where the objective does not depend on it. Good as long as this
  /// object. std::invalid_argument with the paths there are if there is no such weight.
  weight_array weight(std::string_view path) const {
    auto const& place = table_[table_.find("gradient", path)];
    return weight_array(place, const_cast<float*>(weights_.data()) + place.offset);
  }

 private:
  float value_;
  xt::xtensor<float, Rank> input_;
  inference_detail::weight_table table_;
  aligned_buffer<float> weights_;
};

}  // namespace typegrad
