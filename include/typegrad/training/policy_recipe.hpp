// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/mixed.hpp>
#include <typegrad/core/policy.hpp>
#include <typegrad/training/recipes.hpp>

// The graphs of a model that is trained under a dtype policy.
namespace typegrad::training_detail {

/// `loss_recipe` of the model under a policy: inputs and outputs are the same, and float32. If the
/// policy scales the loss, the gradients are those of loss * run_scalar::loss_scale, and whoever
/// uses them divides by that; the loss itself is as it is.
template <bool Training, dtype_policy Policy, class Model, class Loss, class... Metrics>
struct policy_loss_recipe {
  static constexpr graph build() {
    graph g = mixed(trace<Model>(Training), Policy::compute);
    attach_loss<Loss, Metrics...>(g);
    if (!Training || g.failed()) return g;
    symbol objective{g, g.outputs[0]};
    if (Policy::scales_loss) objective = objective * build::scalar(g, run_scalar::loss_scale);
    attach_gradients(g, objective);
    return g;
  }
};

}  // namespace typegrad::training_detail
