// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

// How many threads a program is worth.

namespace typegrad::on_cpu {

/// About how long a program takes on one thread, in clock cycles: shared + batch * per_sample.
struct program_cost {
  double shared = 0;
  double per_sample = 0;
};

/// How often each step of a program runs; of a loop that goes on for as long as data say, a guess.
template <class Program>
constexpr auto turns_of() {
  constexpr auto at = [](int i) { return static_cast<std::size_t>(i); };
  constexpr double turns_of_while_loop = 16;
  std::array<double, at(Program::all_step_count) + 1> turns{};
  std::array<double, at(Program::sizes.regions)> of_region{};
  of_region[0] = 1;
  for (int r = 0; r < Program::sizes.regions; ++r) {
    region_info const& region = Program::data.regions[at(r)];
    for (int i = region.first_step; i < region.first_step + region.step_count; ++i) {
      step_info const& s = Program::data.steps[at(i)];
      turns[at(i)] = of_region[at(r)];
      if (s.kind != step_kind::control) continue;
      control_op const& c = s.control;
      double const times = c.code == op::scan         ? static_cast<double>(c.length)
                           : c.code == op::while_loop ? turns_of_while_loop
                                                      : 1;
      for (int k = 0; k < c.regions(); ++k)
        of_region[at(c.region + k)] = of_region[at(r)] * times;
    }
  }
  return turns;
}

/// The steps that a run goes through.
template <class Program>
constexpr int run_steps_of() {
  double all = 0;
  for (double const n : turns_of<Program>()) all += n;
  return all < 1e9 ? static_cast<int>(all) : 1'000'000'000;
}

template <class Program>
constexpr program_cost cost_of() {
  // Vectors of 16 or 8; near enough for what it decides.
  constexpr double products_a_cycle = 32;
  constexpr double instructions_a_cycle = 8;
  constexpr auto turns = turns_of<Program>();
  program_cost cost;
  for (int i = 0; i < Program::all_step_count; ++i) {
    step_info const& s = Program::data.steps[static_cast<std::size_t>(i)];
    double elements = 1;
    double loops = 1;
    bool sampled = false;
    auto const size = [&sampled](domain_axis const& axis) {
      sampled = sampled || axis.batch;
      return static_cast<double>(axis.extent);
    };
    auto const add = [&](double once) {
      double const cycles = once * turns[static_cast<std::size_t>(i)];
      (sampled ? cost.per_sample : cost.shared) += cycles;
    };
    for (int a = 0; a < s.rank; ++a) {
      double const n = size(s.axes[a]);
      elements *= n;
      if (a < s.product.loops) loops *= n;
    }
    add(elements * s.instruction_count / instructions_a_cycle);
    if (s.kind == step_kind::contraction)
      add(loops * size(s.product.rows) * size(s.product.columns) * size(s.product.inner) /
          products_a_cycle);
  }
  return cost;
}

/// How many of `most` threads are worth having. Each step ends with all of them waiting for the
/// last one, so that small programs are faster on fewer.
constexpr int useful_threads(program_cost const& cost, int steps, std::int64_t batch, int most) {
  constexpr double begin = 10000;  // cycles that a thread must save to pay for itself
  constexpr double wait = 400;     // and for each step
  double const cycles = cost.shared + static_cast<double>(batch) * cost.per_sample;
  double const useful = 1 + cycles / (begin + wait * steps);
  return useful < most ? static_cast<int>(useful) : most;
}

}  // namespace typegrad::on_cpu
