// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/plan.hpp>

#include <bit>
#include <cstdint>
#include <type_traits>

// What a compiled graph is made of, as a row of numbers. A constant evaluation hands on arrays of a
// size that is known before, and a graph's is only known when it is compiled: as numbers with room
// to spare it need not be compiled twice.

namespace typegrad::detail {

/// Numbers; `needed` may be more than there is room for, then none of them is of use.
template <int Capacity>
struct words {
  std::int64_t at[Capacity] = {};
  int needed = 0;
};

/// Writes values one after the other.
template <int Capacity>
struct word_writer {
  words<Capacity>& to;

  template <class T>
  constexpr void operator()(T const& value) {
    std::int64_t number = 0;
    if constexpr (std::is_floating_point_v<T>)
      number = std::bit_cast<std::int64_t>(static_cast<double>(value));
    else
      number = static_cast<std::int64_t>(value);
    if (number != 0 && to.needed < Capacity) to.at[to.needed] = number;  // they are 0 as it is
    ++to.needed;
  }
};

/// Reads what was written, in the same order.
struct word_reader {
  std::int64_t const* from;

  template <class T>
  constexpr void operator()(T& value) {
    if constexpr (std::is_floating_point_v<T>)
      value = static_cast<T>(std::bit_cast<double>(*from++));
    else if constexpr (std::is_same_v<T, bool>)
      value = *from++ != 0;
    else
      value = static_cast<T>(*from++);
  }
};

// The same function writes a value and reads it.

template <class Words, class T>
constexpr void visit(Words& w, T& x)
requires std::is_arithmetic_v<T> || std::is_enum_v<T>
{
  w(x);
}

template <class Words>
constexpr void visit(Words& w, extents& x) {
  w(x.rank);
  for (int i = 0; i < x.rank; ++i) w(x.dims[i]);
}

template <class Words>
constexpr void visit(Words& w, access& x) {
  w(x.offset);
  for (std::int64_t& stride : x.strides) w(stride);
}

template <class Words>
constexpr void visit(Words& w, domain_axis& x) {
  w(x.extent);
  w(x.batch);
}

template <class Words>
constexpr void visit(Words& w, window& x) {
  for (window_axis& a : x.axes) {
    w(a.in);
    w(a.out);
    w(a.size);
    w(a.stride);
    w(a.dilation);
    w(a.low);
  }
  w(x.groups);
}

template <class Words>
constexpr void visit(Words& w, contraction& x) {
  w(x.code);
  visit(w, x.rows);
  visit(w, x.columns);
  visit(w, x.inner);
  w(x.slot_a);
  w(x.slot_b);
  visit(w, x.a);
  visit(w, x.b);
  w(x.a_row);
  w(x.a_inner);
  w(x.b_inner);
  w(x.b_column);
  w(x.loops);
  visit(w, x.over);
  w(x.channels);
  w(x.filters);
  if (x.code == op::convolution_max)
    for (std::int64_t& length : x.block.at) w(length);
}

template <class Words>
constexpr void visit(Words& w, whole_op& x) {
  w(x.code);
  w(x.type);
  for (std::int64_t* const n : {&x.outer, &x.inner, &x.length, &x.count}) w(*n);
  for (bool* const is : {&x.each, &x.backwards, &x.exclusive, &x.per_sample, &x.over_batch})
    w(*is);
  for (int i = 0; i < 2; ++i) {
    w(x.sampled[i]);
    w(x.slots[i]);
  }
}

template <class Words>
constexpr void visit(Words& w, control_op& x) {
  w(x.code);
  for (int* const n : {&x.operands, &x.results, &x.carries, &x.sequences, &x.region,
                       &x.shared_arena, &x.sample_arena})
    w(*n);
  w(x.length);
  w(x.backwards);
}

template <class Words>
constexpr void visit(Words& w, instruction& x) {
  w(x.code);
  w(x.type);
  w(x.a);
  w(x.b);
  w(x.c);
  w(x.slot);
  w(x.value);
  if (x.code == op::input || x.code == op::iota) visit(w, x.where);
  w(x.varies);
  if (x.code == op::input) w(x.unaligned);
  w(x.cached);
  w(x.phase);
}

template <class Words>
constexpr void visit(Words& w, store& x) {
  w(x.value);
  w(x.slot);
  w(x.type);
  visit(w, x.where);
  w(x.unaligned);
}

template <class Words>
constexpr void visit(Words& w, buffer& x) {
  w(x.where);
  w(x.type);
  w(x.per_sample);
  w(x.index);
  w(x.elements);
  w(x.offset);
}

}  // namespace typegrad::detail
