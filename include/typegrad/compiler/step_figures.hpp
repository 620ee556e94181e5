// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/ops/op_names.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

// What the steps of a program take: arithmetic and memory. For reports; nothing that runs depends
// on it.

namespace typegrad {

/// A number that grows with the batch: shared + batch * per_sample.
struct batch_amount {
  std::int64_t shared = 0;
  std::int64_t per_sample = 0;

  constexpr std::int64_t at(std::int64_t batch) const { return shared + batch * per_sample; }
  constexpr batch_amount& operator+=(batch_amount const& o) {
    shared += o.shared;
    per_sample += o.per_sample;
    return *this;
  }
  constexpr batch_amount operator*(std::int64_t times) const {
    return {shared * times, per_sample * times};
  }
};

/// A step's work. A loop that goes on for as long as data say counts with one turn.
struct step_figures {
  batch_amount multiply_adds;  ///< of products and convolutions
  batch_amount operations;     ///< others: elementwise, reductions, windows; one an element
  batch_amount read, written;  ///< bytes of the values that it reads and writes, each counted once

  constexpr step_figures& operator+=(step_figures const& o) {
    multiply_adds += o.multiply_adds;
    operations += o.operations;
    read += o.read;
    written += o.written;
    return *this;
  }
  constexpr step_figures operator*(std::int64_t times) const {
    return {multiply_adds * times, operations * times, read * times, written * times};
  }
  constexpr batch_amount bytes() const {
    batch_amount both = read;
    return both += written;
  }
  /// Floating-point operations for a batch: a multiply-add is two.
  constexpr std::int64_t flops(std::int64_t batch) const {
    return 2 * multiply_adds.at(batch) + operations.at(batch);
  }
};

/// The arrays of a program, whatever its type.
struct program_view {
  std::span<region_info const> regions;
  std::span<step_info const> steps;
  std::span<instruction const> instructions;
  std::span<store const> stores;
  std::span<int const> slots;
  std::span<buffer const> buffers;
  std::span<int const> layers;  ///< per store

  constexpr std::span<instruction const> body(step_info const& s) const {
    return instructions.subspan(at(s.first_instruction), at(s.instruction_count));
  }
  constexpr std::span<store const> stores_of(step_info const& s) const {
    return stores.subspan(at(s.first_store), at(s.store_count));
  }
  /// The buffer at a step's slot.
  constexpr int buffer_at(step_info const& s, int slot) const {
    return slots[at(s.first_buffer + slot)];
  }
  constexpr std::span<step_info const> steps_of(region_info const& r) const {
    return steps.subspan(at(r.first_step), at(r.step_count));
  }
  /// The layer whose value a step finishes, -1 where that belongs to none.
  constexpr int layer_of(step_info const& s) const {
    int layer = -1;
    for (int const one : layers.subspan(at(s.first_store), at(s.store_count)))
      if (one >= 0) layer = one;
    return layer;
  }
  static constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }
};

template <class Program>
constexpr program_view view_of() {
  auto const& d = Program::data;
  return {d.regions,      {d.steps.data(), program_view::at(Program::all_step_count)},
          d.instructions, d.stores,
          d.slots,        d.buffers,
          d.layers};
}

namespace detail {

constexpr batch_amount amount_of(std::int64_t each, bool per_sample) {
  return per_sample ? batch_amount{0, each} : batch_amount{each, 0};
}

/// The positions of a step's first axes, and of further ones.
constexpr batch_amount positions_of(step_info const& s, int axes,
                                    std::initializer_list<domain_axis> others = {}) {
  std::int64_t all = 1;
  bool sampled = false;
  auto const times = [&](domain_axis const& axis) {
    sampled = sampled || axis.batch;
    all *= axis.extent;
  };
  for (int a = 0; a < axes; ++a) times(s.axes[a]);
  for (domain_axis const& axis : others) times(axis);
  return amount_of(all, sampled);
}

/// How often a contraction takes an element into account, for one run of it.
constexpr batch_amount inner_count_of(step_info const& s) {
  contraction const& p = s.product;
  if (s.kind != step_kind::contraction) return {};
  return positions_of(s, p.loops, {p.rows, p.columns, p.inner});
}

/// Windows sum or compare; other contractions multiply and add.
constexpr bool is_window(op code) { return is_between(code, op::window_sum, op::window_gather); }

constexpr batch_amount multiply_adds_of(step_info const& s) {
  return is_window(s.product.code) ? batch_amount{} : inner_count_of(s);
}

/// Whether an instruction computes something elementwise, or reduces.
constexpr bool is_arithmetic(op code) {
  return !is_leaf(code) && !is_movement(code) && !is_contraction(code) && !takes_whole(code) &&
         code != op::result && code != op::stop_gradient;
}

constexpr batch_amount bytes_of(buffer const& b) {
  return amount_of(b.elements * typegrad::bytes_of(b.type), b.per_sample);
}

}  // namespace detail

/// What a step takes.
constexpr step_figures figures_of(program_view const& p, step_info const& s) {
  step_figures f;
  if (s.kind == step_kind::control) {
    std::int64_t const turns = s.control.code == op::scan ? s.control.length : 1;
    for (int i = 0; i < s.control.regions(); ++i)
      for (step_info const& inner : p.steps_of(p.regions[program_view::at(s.control.region + i)]))
        f += figures_of(p, inner) * turns;
    return f;
  }
  list<int> known;
  auto const read = [&](int slot) {
    int const b = p.buffer_at(s, slot);
    for (int const other : known)
      if (other == b) return;
    known.push_back(b);
    f.read += detail::bytes_of(p.buffers[program_view::at(b)]);
  };
  each_read(s, read);
  std::int64_t arithmetic = 0;
  for (instruction const& x : p.body(s)) {
    if (x.code == op::input) read(x.slot);
    arithmetic += detail::is_arithmetic(x.code);
  }
  f.operations = detail::positions_of(s, s.rank) * arithmetic;
  f.multiply_adds = detail::multiply_adds_of(s);
  if (detail::is_window(s.product.code)) f.operations += detail::inner_count_of(s);
  for (store const& x : p.stores_of(s))
    f.written += detail::bytes_of(p.buffers[program_view::at(p.buffer_at(s, x.slot))]);
  return f;
}

/// What steps [first, first + count) of the program itself take as one kernel: values that only
/// they read do not count as bytes.
constexpr step_figures figures_of(program_view const& p, int first, int count) {
  auto const steps = p.steps_of(p.regions[0]);
  if (count == 1) return figures_of(p, steps[program_view::at(first)]);
  list<bool> known(static_cast<int>(p.buffers.size()), false);   // read, or written by these steps
  list<bool> needed(static_cast<int>(p.buffers.size()), false);  // by others
  for (int i = 0; i < static_cast<int>(p.buffers.size()); ++i)
    needed[i] = p.buffers[program_view::at(i)].where == buffer::place::output;
  for (int i = 0; i < static_cast<int>(steps.size()); ++i)
    for (int k = 0; k < steps[program_view::at(i)].buffer_count; ++k)
      if (i < first || i >= first + count)
        needed[p.buffer_at(steps[program_view::at(i)], k)] = true;
  step_figures f;
  for (int i = first; i < first + count; ++i) {
    step_info const& s = steps[program_view::at(i)];
    step_figures const one = figures_of(p, s);
    f.multiply_adds += one.multiply_adds;
    f.operations += one.operations;
    for (bool const written : {false, true})
      for (int k = 0; k < s.buffer_count; ++k) {
        int const b = p.buffer_at(s, k);
        if (known[b] || writes_slot(p.stores.data(), s, k) != written) continue;
        known[b] = true;
        batch_amount const bytes = detail::bytes_of(p.buffers[program_view::at(b)]);
        if (!written)
          f.read += bytes;
        else if (needed[b])
          f.written += bytes;
      }
  }
  return f;
}

/// What a step computes, "matmul + add + maximum": its ops in the order in which they first come,
/// at most four, then "...".
constexpr name_text name_of(program_view const& p, step_info const& s) {
  if (s.kind == step_kind::control) return name_text{op_name(s.control.code)};
  name_text name;
  list<op> named;
  for (instruction const& x : p.body(s)) {
    bool known = is_leaf(x.code) || is_movement(x.code) || x.code == op::stop_gradient;
    for (op const other : named) known = known || other == x.code;
    if (known) continue;
    named.push_back(x.code);
    if (named.size() <= 4) name.append(named.size() == 1 ? "" : " + ").append(op_name(x.code));
  }
  if (named.size() > 4) name.append(" + ...");
  return name.empty() ? name_text{"copy"} : name;
}

}  // namespace typegrad
