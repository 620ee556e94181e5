// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/dtype.hpp>
#include <typegrad/core/extents.hpp>
#include <typegrad/core/text.hpp>
#include <typegrad/graph/initializer.hpp>
#include <typegrad/graph/op.hpp>
#include <typegrad/graph/window.hpp>

namespace typegrad {

class gradient_context;

/// The parameters of the ops that have some. Which fields mean what stands at the op's rule.
struct attribute {
  axis_list a, b, c, d;
  extents low, high, step;
  window over;           ///< of contractions that slide one
  position_block block;  ///< of `convolution_max`
  bool over_batch = false;
  bool backwards = false;  ///< cumulative_sum: from the last element; argsort: the greatest first
  bool exclusive = false;  ///< cumulative_sum: without the element itself
  void (*gradient)(gradient_context&) = nullptr;  ///< of `custom_gradient`

  constexpr bool operator==(attribute const& o) const {
    return over_batch == o.over_batch && backwards == o.backwards && exclusive == o.exclusive &&
           gradient == o.gradient && a == o.a && b == o.b && c == o.c && d == o.d &&
           low == o.low && high == o.high && step == o.step && over == o.over && block == o.block;
  }
};

/// One value of a graph. Its operands are `operand_count` entries of the graph's operand list from
/// `first_operand` on; all of them stand before it.
struct node {
  op code = op::constant;
  dtype type = dtype::float32;
  bool per_sample = false;  ///< one value a sample of the batch; otherwise one, shared by all
  int first_operand = 0;
  int operand_count = 0;
  int attribute = -1;  ///< position in the graph's attributes
  int index = 0;       ///< slot of a leaf; axis of iota, concatenate and what works along one
  int region = -1;     ///< first sub-graph of a control op
  int layer = -1;      ///< what computes it, for reports: position among the traced graph's layers
  double value = 0;    ///< of a constant, and what `pad` fills with
  extents shape;
};

/// A trained array (or state, which is kept but not trained) that a graph reads.
struct weight_info {
  name_text path;
  extents shape;
  dtype type = dtype::float32;
  initializer initial;
  float l1 = 0;  ///< regularization added to the training loss: l1 * sum(|w|) + l2 * sum(w^2)
  float l2 = 0;
  bool trainable = true;
  bool state = false;  ///< not trained, but training gives it a new value after every step
};

/// Data that a graph reads.
struct input_info {
  name_text name;
  extents shape;
  dtype type = dtype::float32;
  bool per_sample = true;
  std::int64_t part_of = 0;  ///< of a region: it is one of so many parts of a sequence, in place
};

}  // namespace typegrad
