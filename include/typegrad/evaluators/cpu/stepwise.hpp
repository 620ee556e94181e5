// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/each_index.hpp>
#include <typegrad/evaluators/cpu/run.hpp>

namespace typegrad::on_cpu {

/// What `run_stepwise` calls; `slots`: the memory of each of the program's slots. It must not
/// throw.
using after_step = void (*)(void* context, int step, void* const* slots);

/// Runs a program as `run` does, and calls `after` before the first step (with step -1) and after
/// each, while nothing else runs: for a clock, or to look at what a step wrote. The kernels are
/// those of `run`.
template <class Program, class Arch = xsimd::default_arch>
void run_stepwise(bindings const& b, after_step after, void* context) noexcept {
  detail::slot_table<Program> slots;
  detail::find_slots<Program>(b, slots);
  run_context const run = detail::context_of<Program>(b);
  auto const call = [&](team const& members, int step) {
    if (members.index == 0) after(context, step, slots.data());
    members.barrier();
  };
  run_team(b.threads, [&](team const& members) {
    members.barrier();
    call(members, -1);
    each_index<Program::step_count>([&]<int I>() {
      detail::run_step<Program, I, Arch, 0>(members, slots.data(), run);
      call(members, I);
    });
  });
}

}  // namespace typegrad::on_cpu
