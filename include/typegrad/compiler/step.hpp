// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/graph.hpp>
#include <typegrad/graph/whole.hpp>

// What fusion turns a graph into: steps, each a small straight-line program over an index domain.

namespace typegrad {

/// The batch and the axes of one sample.
inline constexpr int max_domain = max_rank + 1;

/// `extent` positions; times the batch size if `batch`.
struct domain_axis {
  std::int64_t extent = 1;
  bool batch = false;
  constexpr bool operator==(domain_axis const&) const = default;
};

/// The axes of a domain, outermost first. A class, since nvcc's constant expressions do not assign
/// bare arrays within classes that are not trivial.
struct domain_axes {
  domain_axis at[max_domain] = {};

  constexpr domain_axis& operator[](int i) { return at[i]; }
  constexpr domain_axis const& operator[](int i) const { return at[i]; }
};

/// Where an element lies, as an affine function of a position in the domain.
struct access {
  std::int64_t offset = 0;
  std::int64_t strides[max_domain] = {};

  constexpr bool operator==(access const& o) const {
    if (offset != o.offset) return false;
    for (int i = 0; i < max_domain; ++i)
      if (strides[i] != o.strides[i]) return false;
    return true;
  }
};

/// One value of a step's body. `code` is the op, where a leaf or a heavy op means:
///   input           load from the buffer of `slot` at `where`
///   constant        `value`
///   scalar          the run scalar `slot`
///   iota            the integer at `where` itself
///   random_uniform  stream of `slot`
///   contractions    the finished element of the step's contraction
///   what takes whole operands   the finished element
///   result          nothing: results of control ops are written by their regions
///   reductions      of instruction a along the domain's reduced axes
struct instruction {
  op code = op::constant;
  dtype type = dtype::float32;
  int a = -1, b = -1, c = -1;  ///< operands: earlier instructions of the body
  int slot = -1;
  double value = 0;
  access where;
  bool varies = false;  ///< along the innermost axis
  bool unaligned = false;  ///< what is loaded may begin at any element of memory
  bool cached = false;  ///< of a row program: kept for the row because a later phase needs it
  int phase = 0;        ///< how many reductions of the row must be finished before

  constexpr bool operator==(instruction const&) const = default;
};

/// Writes instruction `value` to the buffer of `slot` at `where`.
struct store {
  int value = 0;
  int slot = 0;
  dtype type = dtype::float32;
  access where;
  bool unaligned = false;  ///< where it is written may begin at any element of memory

  constexpr bool operator==(store const&) const = default;
};

enum class step_kind : std::uint8_t {
  loop,         ///< elementwise: every position of the domain by itself
  row,          ///< the same with reductions along the innermost axis
  column,       ///< reductions along axes that are not the innermost, or over everything
  contraction,  ///< an op with a kernel of its own, whose body is the epilogue
  whole,        ///< one that reads whole operands and writes one dense value
  control,      ///< an op that runs regions: steps of their own
};

/// What a contraction's kernel computes: a matrix C(rows, columns), extents counting samples where
/// marked. `code` says how:
///   dot_general   sum over inner of A(row, inner) B(inner, column), repeated over the domain's
///                 loop axes
///   ops that slide a window   over dense operands; the columns are the last axis: `channels` of x,
///                 `filters` of y. `inner` counts the products for an element.
struct contraction {
  op code = op::dot_general;
  domain_axis rows, columns, inner;
  int slot_a = 0, slot_b = 0;
  access a, b;                    ///< strides over the loop axes; offsets
  std::int64_t a_row = 0, a_inner = 0;
  std::int64_t b_inner = 0, b_column = 0;
  int loops = 0;                  ///< leading domain axes that are looped over
  window over;
  std::int64_t channels = 0, filters = 0;
  position_block block;  ///< of convolution_max
  constexpr bool operator==(contraction const&) const = default;
};

/// What a step of a control op does. Its slots are the operands, the results, then memory to work
/// in: a second place for each of what goes round, and the arenas of the regions.
struct control_op {
  op code = op::scan;
  int operands = 0, results = 0;
  int carries = 0, sequences = 0;  ///< as in `control_form`
  std::int64_t length = 0;
  bool backwards = false;
  int region = 0;  ///< the first one; of a step of a graph among the graph's, else the program's
  int shared_arena = -1, sample_arena = -1;  ///< slots, -1 if there is nothing to keep

  constexpr bool operator==(control_op const&) const = default;
  constexpr int first_input() const { return code == op::scan ? 0 : 1; }
  constexpr int regions() const { return code == op::cond ? 2 : 1; }
  /// The slots where what goes round is written in turns.
  constexpr int result_slot(int i) const { return operands + i; }
  constexpr int partner_slot(int i) const { return operands + results + i; }
  constexpr int partners() const { return code == op::cond ? 0 : carries; }
};

/// One kernel launch. The domain's axes stand outermost first. Of a column step, axes
/// [reduced_from, reduced_to) are reduced.
struct step {
  step_kind kind = step_kind::loop;
  domain_axes axes;
  int rank = 0;
  int reduced_from = 0;
  int reduced_to = 0;
  int phases = 1;
  bool random = false;  ///< some instruction draws random numbers: the domain is one linear axis
  contraction product;
  whole_op whole;
  control_op control;
  list<instruction> body;
  list<store> stores;
  list<int> buffers;  ///< per slot: the node whose buffer it is
  list<int> streams;  ///< per random instruction's slot
  int chain = 0;      ///< so many steps from here on are a chain (chains.hpp)
};

/// Calls f for every slot that a step in either form reads beside its body.
template <class Step, class F>
constexpr void each_read(Step const& s, F const& f) {
  if (s.kind == step_kind::contraction) {
    f(s.product.slot_a);
    f(s.product.slot_b);
  } else if (s.kind == step_kind::whole) {
    f(s.whole.slots[0]);
    f(s.whole.slots[1]);
  } else if (s.kind == step_kind::control) {
    for (int i = 0; i < s.control.operands; ++i) f(i);
  }
}

/// The domain axis where the columns of a contraction begin; of a step in either form.
template <class Step>
constexpr int first_column(Step const& s) {
  std::int64_t count = 1;
  int axis = s.rank;
  while (axis > 0 && count < s.product.columns.extent) count *= s.axes[--axis].extent;
  return axis;
}

/// A graph cut into steps, in the order in which they run.
struct schedule {
  list<step> steps;
  diagnosis error;  ///< why there are none; empty unless the compiler itself is at fault
};

}  // namespace typegrad
