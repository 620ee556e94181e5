// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/mixed.hpp>
#include <typegrad/core/policy.hpp>
#include <typegrad/inference/recipes.hpp>

// The graph of a model that is used under a dtype policy.
namespace typegrad::inference_detail {

/// `prediction_recipe` of the model under a policy: inputs and outputs are the same, and float32.
template <dtype_policy Policy, class Model>
struct policy_prediction_recipe {
  static constexpr graph build() {
    return with_float_outputs(mixed(trace<Model>(), Policy::compute));
  }
};

}  // namespace typegrad::inference_detail
