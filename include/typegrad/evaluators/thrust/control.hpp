// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/thrust/body.hpp>
#include <typegrad/evaluators/thrust/queue.hpp>

#include <array>
#include <stdexcept>
#include <utility>

// Steps that run regions: the host gives the regions' steps to the queue, turn by turn. Nothing is
// copied from turn to turn: what goes round is written to two places in turns, and parts of
// sequences are read and written where they are.

TYPEGRAD_ON_THRUST_BEGIN

namespace detail {

/// Whether the host has to wait for conditions while it gives a program to a queue: with
/// `while_loop`, and with `cond` of a condition that all samples share. What it gives then depends
/// on the data, so that such a program cannot be recorded.
template <class Program>
constexpr bool decides_on_host() {
  for (int s = 0; s < Program::all_step_count; ++s) {
    step_info const& info = Program::data.steps[static_cast<std::size_t>(s)];
    if (info.kind == step_kind::control && info.control.code != op::scan) return true;
  }
  return false;
}

/// Steps [First, First + Count) of a region, whose slots begin with the program's slot FirstSlot.
template <class Program, auto Arithmetic, int First, int Count, int FirstSlot>
void run_region_steps(queue& q, void* const* slots, run_context const& run,
                      std::int64_t const* scratch);

template <class Program, auto Arithmetic, int Step>
class control_runner {
  static constexpr control_op c = Program::data.steps[static_cast<std::size_t>(Step)].control;
  static constexpr int first_slot =
      Program::data.steps[static_cast<std::size_t>(Step)].first_buffer;

 public:
  control_runner(queue& q, void* const* slots, run_context const& run, std::int64_t const* scratch)
      : q_{q}, slots_{slots}, run_{run}, scratch_{scratch} {
    for (int i = 0; i < c.operands - c.first_input(); ++i)
      inputs_[index(i)] = slots[c.first_input() + i];
    for (int k = 0; k < c.results; ++k) outputs_[index(k)] = slots[c.result_slot(k)];
  }

  void run() {
    if constexpr (c.code == op::cond) {
      if (read(0))
        region<c.region>();
      else
        region<c.region + 1>();
    } else if constexpr (c.code == op::scan) {
      bool to_result = c.length % 2 == 1;  // the last turn writes the results
      for (std::int64_t turn = 0; turn < c.length; ++turn, to_result = !to_result) {
        move(c.backwards ? c.length - 1 - turn : turn);
        go_round(to_result);
      }
    } else {
      bool more = read(0);
      for (bool to_result = true; more; to_result = !to_result) {
        go_round(to_result);
        more = read(c.result_slot(c.carries));
      }
      for (int i = 0; i < c.carries; ++i) {  // where the last turn, or none, did not write it
        buffer const& b = buffer_at(c.result_slot(i));
        if (inputs_[index(i)] != slots_[c.result_slot(i)])
          q_.copy(slots_[c.result_slot(i)], inputs_[index(i)],
                  b.elements * bytes_of(b.type) * (b.per_sample ? run_.batch_size : 1));
      }
    }
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  static buffer const& buffer_at(int slot) {
    return Program::data.buffers[index(Program::data.slots[index(first_slot + slot)])];
  }

  /// A truth value of a slot.
  bool read(int slot) {
#if TYPEGRAD_CUDA
    if (q_.is_recording())
      throw std::runtime_error(
          "cuda: a program with while_loop or cond cannot be recorded, since what it launches "
          "depends on data");
#endif
    bool value = false;
    q_.copy(&value, slots_[slot], 1);
    q_.finish();
    return value;
  }

  void go_round(bool to_result) {
    for (int i = 0; i < c.carries; ++i)
      outputs_[index(i)] = slots_[to_result ? c.result_slot(i) : c.partner_slot(i)];
    region<c.region>();
    for (int i = 0; i < c.carries; ++i) inputs_[index(i)] = outputs_[index(i)];
  }
  /// Part t of the sequences.
  void move(std::int64_t t) {
    for (int i = c.carries; i < c.carries + c.sequences; ++i)
      inputs_[index(i)] = part(c.first_input() + i, t);
    for (int k = c.carries; k < c.results; ++k) outputs_[index(k)] = part(c.result_slot(k), t);
  }
  void* part(int slot, std::int64_t t) const {
    buffer const& b = buffer_at(slot);
    return static_cast<std::byte*>(slots_[slot]) + t * (b.elements / c.length) * bytes_of(b.type);
  }

  template <int R>
  void region() {
    constexpr region_info r = Program::data.regions[static_cast<std::size_t>(R)];
    std::array<void*, static_cast<std::size_t>(r.slot_count) + 1> slots;
    for (int i = 0; i < r.slot_count; ++i) {
      buffer const& b = Program::data.buffers[index(Program::data.slots[index(r.first_slot + i)])];
      switch (b.where) {
        case buffer::place::input:
          slots[index(i)] = inputs_[index(b.index)];
          break;
        case buffer::place::output:
          slots[index(i)] = outputs_[index(b.index)];
          break;
        default:
          slots[index(i)] = run_.arena + Program::arena_offset(b, run_.batch_size);
      }
    }
    run_region_steps<Program, Arithmetic, r.first_step, r.step_count, r.first_slot>(
        q_, slots.data(), run_, scratch_);
  }

  queue& q_;
  void* const* slots_;
  run_context const& run_;
  std::int64_t const* scratch_;
  std::array<void*, static_cast<std::size_t>(c.operands) + 1> inputs_{};
  std::array<void*, static_cast<std::size_t>(c.results) + 1> outputs_{};
};

}  // namespace detail

TYPEGRAD_ON_THRUST_END
