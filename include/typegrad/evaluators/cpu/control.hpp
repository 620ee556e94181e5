// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/body.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

#include <array>
#include <cstring>

// Steps that run regions. All threads go through a loop's turns together; each keeps its own list
// of where the region's buffers lie in the turn at hand. Nothing is copied from turn to turn: what
// goes round is written to two places in turns, and parts of sequences are read and written where
// they are.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

namespace detail {

/// Runs steps [First, First + Count), whose slots begin with the program's slot FirstSlot.
template <class Program, class Arch, int First, int Count, int FirstSlot>
inline void run_steps(team const& members, void* const* slots, run_context const& run);

}  // namespace detail

template <class Program, int Step, class Arch>
struct control_kernel {
  static constexpr auto const& info = Program::data.steps[static_cast<std::size_t>(Step)];
  static constexpr control_op op = info.control;

  static constexpr std::size_t scratch_bytes(int) { return 0; }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    pointers at{slots};
    if constexpr (op.code == typegrad::op::cond) {
      if (*static_cast<bool const*>(slots[0]))
        region<op.region>(members, at, run);
      else
        region<op.region + 1>(members, at, run);
    } else if constexpr (op.code == typegrad::op::scan) {
      // the last turn writes the results
      bool to_result = op.length % 2 == 1;
      for (std::int64_t turn = 0; turn < op.length; ++turn, to_result = !to_result) {
        std::int64_t const t = op.backwards ? op.length - 1 - turn : turn;
        at.go_round(slots, to_result);
        at.move(slots, t);
        region<op.region>(members, at, run);
        at.take_over();
      }
    } else {
      bool const* const going_on = static_cast<bool const*>(slots[op.result_slot(op.carries)]);
      bool more = *static_cast<bool const*>(slots[0]);
      for (bool to_result = true; more; to_result = !to_result) {
        at.go_round(slots, to_result);
        region<op.region>(members, at, run);
        at.take_over();
        more = *going_on;
        members.barrier();  // everybody has read it
      }
      // where the last turn, or none, did not write the results
      copy(members, at, slots, run, std::make_index_sequence<op.carries>{});
    }
  }

 private:
  static constexpr std::size_t input_count =
      static_cast<std::size_t>(op.operands - op.first_input());
  static constexpr std::size_t result_count = static_cast<std::size_t>(op.results);

  static constexpr region_info const& region_at(int r) {
    return Program::data.regions[static_cast<std::size_t>(r)];
  }
  /// The bytes of a slot's buffer: of one sample, or shared.
  static constexpr buffer const& buffer_at(int slot) {
    return Program::data.buffers[static_cast<std::size_t>(
        Program::data.slots[static_cast<std::size_t>(info.first_buffer + slot)])];
  }
  /// A part of what a slot has all parts of.
  static constexpr std::int64_t part_bytes(int slot) {
    buffer const& b = buffer_at(slot);
    return b.elements / (op.length > 0 ? op.length : 1) * bytes_of(b.type);
  }

  /// Where the region's inputs and outputs lie in a turn.
  struct pointers {
    std::array<void*, input_count + 1> inputs;
    std::array<void*, result_count + 1> outputs;

    explicit pointers(void* const* slots) {
      for (std::size_t i = 0; i < input_count; ++i)
        inputs[i] = slots[static_cast<std::size_t>(op.first_input()) + i];
      for (std::size_t k = 0; k < result_count; ++k)
        outputs[k] = slots[static_cast<std::size_t>(op.operands) + k];
    }
    void go_round(void* const* slots, bool to_result) {
      for (int i = 0; i < op.carries; ++i)
        outputs[static_cast<std::size_t>(i)] =
            slots[to_result ? op.result_slot(i) : op.partner_slot(i)];
    }
    void move(void* const* slots, std::int64_t t) {
      for (int i = op.carries; i < op.carries + op.sequences; ++i)
        inputs[static_cast<std::size_t>(i)] = part(slots, op.first_input() + i, t);
      for (int k = op.carries; k < op.results; ++k)
        outputs[static_cast<std::size_t>(k)] = part(slots, op.result_slot(k), t);
    }
    void take_over() {
      for (int i = 0; i < op.carries; ++i)
        inputs[static_cast<std::size_t>(i)] = outputs[static_cast<std::size_t>(i)];
    }
    static void* part(void* const* slots, int slot, std::int64_t t) {
      return static_cast<std::byte*>(slots[slot]) + t * part_bytes(slot);
    }
  };

  template <int R>
  static void region(team const& members, pointers const& at, run_context const& run) {
    constexpr region_info r = region_at(R);
    std::array<void*, static_cast<std::size_t>(r.slot_count) + 1> slots;
    for (std::size_t i = 0; i < static_cast<std::size_t>(r.slot_count); ++i) {
      buffer const& b = Program::data.buffers[static_cast<std::size_t>(
          Program::data.slots[static_cast<std::size_t>(r.first_slot) + i])];
      auto const index = static_cast<std::size_t>(b.index);
      switch (b.where) {
        case buffer::place::input:
          slots[i] = at.inputs[index];
          break;
        case buffer::place::output:
          slots[i] = at.outputs[index];
          break;
        default:
          slots[i] = run.arena + Program::arena_offset(b, run.batch_size);
      }
    }
    detail::run_steps<Program, Arch, r.first_step, r.step_count, r.first_slot>(members,
                                                                               slots.data(), run);
  }

  template <std::size_t... I>
  static void copy(team const& members, pointers const& at, void* const* slots,
                   run_context const& run, std::index_sequence<I...>) {
    (copy_one<static_cast<int>(I)>(members, at, slots, run), ...);
  }
  template <int I>
  static void copy_one(team const& members, pointers const& at, void* const* slots,
                       run_context const& run) {
    constexpr buffer b = buffer_at(op.result_slot(I));
    std::int64_t const bytes = b.elements * bytes_of(b.type) * (b.per_sample ? run.batch_size : 1);
    auto* const to = static_cast<std::byte*>(slots[op.result_slot(I)]);
    auto const* const from = static_cast<std::byte const*>(at.inputs[static_cast<std::size_t>(I)]);
    if (to == from) return;
    auto const [first, last] = members.part(bytes, 4096);
    if (first < last) std::memcpy(to + first, from + first, static_cast<std::size_t>(last - first));
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END
