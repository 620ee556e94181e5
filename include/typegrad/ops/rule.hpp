// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/symbol.hpp>

#include <string_view>

namespace typegrad {

/// What a gradient rule sees: the value y of a node, its operands, the cotangent dy (the gradient
/// of the objective with respect to y), and where the operands' cotangents go.
class gradient_context {
 public:
  constexpr gradient_context(graph& g, int id, symbol cotangent, list<int>& cotangents,
                             list<bool> const& wanted)
      : y{g, id}, dy{cotangent}, graph_{&g}, cotangents_{&cotangents}, wanted_{&wanted} {}

  symbol y;
  symbol dy;

  constexpr graph& owner() const { return *graph_; }
  constexpr symbol operand(int i) const { return {*graph_, graph_->operand(y.id(), i)}; }
  /// Whether anything is to be had from operand i's cotangent: saves work where it is not.
  constexpr bool wants(int i) const { return (*wanted_)[graph_->operand(y.id(), i)]; }
  constexpr attribute const& attributes() const { return graph_->attributes_of(y.id()); }

  /// Adds `contribution` to the cotangent of operand i. Requires the operand's extents. A cotangent
  /// is per sample exactly where its node is: what is too much is summed over the batch, what is
  /// too little is spread over it.
  constexpr void add(int i, symbol contribution);

  /// Of an op whose results are nodes of their own: has its gradient rule be called for.
  constexpr void reach(int i) {
    int& cotangent = (*cotangents_)[graph_->operand(y.id(), i)];
    if (cotangent < 0) cotangent = dy.id();
  }
  /// The cotangent of result `index` of such an op; not valid if there is none.
  constexpr symbol of_result(int index) const {
    for (int id = y.id() + 1; id < cotangents_->size(); ++id) {
      node const& n = (*graph_)[id];
      if (n.code == op::result && n.index == index && graph_->operand(n, 0) == y.id() &&
          (*cotangents_)[id] >= 0)
        return {*graph_, (*cotangents_)[id]};
    }
    return {};
  }

 private:
  graph* graph_;
  list<int>* cotangents_;     ///< per node, -1 where there is none yet
  list<bool> const* wanted_;  ///< per node, whether its cotangent is of use
};

/// Everything about an op that is not tied to an evaluator:
///   static constexpr std::string_view name;
///   static constexpr void gradient(gradient_context&);     // adds the operands' cotangents
///   template <class T> static auto apply(T...);            // elementwise ops: the mathematics
/// `apply` is written once, for scalars and for vectors of them alike.
template <op Code>
struct rule;

namespace detail {

/// For ops whose result does not change when an operand changes a little.
struct no_gradient {
  static constexpr void gradient(gradient_context&) {}
};

}  // namespace detail
}  // namespace typegrad
