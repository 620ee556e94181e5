// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/graph.hpp>

namespace typegrad {

/// Functions on symbols that are found by their argument, `reshape(x, {5, 2})`, because a layer has
/// the name: `typegrad::reshape<5, 2>`.
namespace symbolic {
struct base {};
}  // namespace symbolic

/// A value while a model is traced: which graph, which node. Computing with symbols appends nodes.
/// A symbol is poisoned once its trace failed: computing with it does nothing.
class symbol : symbolic::base {
 public:
  constexpr symbol() = default;
  constexpr symbol(graph& owner, int id) : owner_{&owner}, id_{id} {}

  constexpr graph& owner() const { return *owner_; }
  constexpr int id() const { return id_; }
  /// Whether there is a value behind it: neither default-constructed nor poisoned.
  constexpr bool valid() const { return owner_ != nullptr && id_ >= 0; }
  constexpr node const& info() const { return owner_->nodes[id_]; }
  /// The extents of one sample's value (or of the shared one).
  constexpr extents shape() const { return valid() ? info().shape : extents{}; }
  constexpr int rank() const { return shape().rank; }
  constexpr dtype type() const { return valid() ? info().type : dtype::float32; }
  constexpr bool per_sample() const { return valid() && info().per_sample; }

  /// For `if (x > 0)`, which asks for what is not there yet: sets the diagnosis.
  constexpr explicit operator bool() const {
    if (valid())
      owner_->fail(
          diagnosis{"a value is not there while the model is traced, so nothing can branch "
                    "on it; write where(condition, a, b)"});
    return false;
  }

 private:
  graph* owner_ = nullptr;
  int id_ = -1;
};

/// The symbol that nothing can be computed with; sets the diagnosis unless there is one.
constexpr symbol poison(graph& g, diagnosis const& what) {
  g.fail(what);
  return symbol{g, -1};
}

}  // namespace typegrad
