// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/core/name.hpp>
#include <typegrad/inference/weight_array.hpp>

#include <string_view>
#include <utility>

namespace typegrad {

/// What `gradient` gives: the objective's value (summed over the samples) and its gradients.
template <class Inputs>
class gradients {
 public:
  gradients(float value, Inputs inputs, inference_detail::weight_table table,
            aligned_buffer<float> weights)
      : value_{value},
        inputs_(std::move(inputs)),
        table_(std::move(table)),
        weights_(std::move(weights)) {}

  float value() const { return value_; }
  /// For the model's input, the first if there are several: of the input's shape.
  auto const& input() const { return inputs_.template get<0>(); }
  /// For an input by its name, `input("wide_in"_n)`; zeros for integers.
  template <a_name Name>
  auto const& input(Name name) const {
    return inputs_[name];
  }
  /// For a weight, by path; zeros where the objective does not depend on it. Good as long as this
  /// object. std::invalid_argument with the paths there are if there is no such weight.
  weight_array weight(std::string_view path) const {
    auto const& place = table_[table_.find("gradient", path)];
    return weight_array(place, const_cast<float*>(weights_.data()) + place.offset);
  }

 private:
  float value_;
  Inputs inputs_;
  inference_detail::weight_table table_;
  aligned_buffer<float> weights_;
};

}  // namespace typegrad
