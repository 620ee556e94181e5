// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>
#include <typegrad/nn/layer.hpp>

namespace typegrad {

/// Layer under a name of its own, which its weights' paths have: `with_name<"head", dense<1>>` has
/// "head/kernel". Layers without one are numbered in the order in which they are first called.
/// Requires a name that no other layer in the same place has, without "/".
template <fixed_string Name, class Layer>
struct with_name : Layer {
  static_assert(!Name.view().empty(), "with_name: the name must not be empty");
  constexpr with_name() { this->given_name_ = Name.view(); }
};

}  // namespace typegrad
