// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>

#include <array>
#include <cstddef>

// What a kernel is made from: a step, its instructions and its stores, as a type.

namespace typegrad::cpu {

/// A step of a program. Two programs' kernels are two even where they compute alike.
template <class Program, int Step>
struct step_source {
  static constexpr step_info const& info = Program::data.steps[static_cast<std::size_t>(Step)];
  static constexpr instruction const& instruction_at(int i) {
    return Program::data.instructions[static_cast<std::size_t>(info.first_instruction + i)];
  }
  static constexpr store const& store_at(int i) {
    return Program::data.stores[static_cast<std::size_t>(info.first_store + i)];
  }
};

/// A step by its contents alone.
template <int Instructions, int Stores>
struct step_contents {
  step_info info;
  std::array<instruction, static_cast<std::size_t>(Instructions)> instructions;
  std::array<store, static_cast<std::size_t>(Stores)> stores;
};

template <class Program, int Step>
constexpr auto contents_of() {
  using source = step_source<Program, Step>;
  step_contents<source::info.instruction_count, source::info.store_count> out{};
  out.info = source::info;
  out.info.first_instruction = out.info.first_store = 0;  // where it stands does not matter
  out.info.first_buffer = out.info.first_stream = out.info.signature = 0;
  for (std::size_t i = 0; i < out.instructions.size(); ++i)
    out.instructions[i] = source::instruction_at(static_cast<int>(i));
  for (std::size_t i = 0; i < out.stores.size(); ++i)
    out.stores[i] = source::store_at(static_cast<int>(i));
  return out;
}

/// A step whose kernel serves all programs that have one of the same contents: training, evaluation
/// and prediction of a model share their matrix products, which are what takes long to compile.
template <auto Contents>
struct shared_source {
  static constexpr step_info const& info = Contents.info;
  static constexpr instruction const& instruction_at(int i) {
    return Contents.instructions[static_cast<std::size_t>(i)];
  }
  static constexpr store const& store_at(int i) {
    return Contents.stores[static_cast<std::size_t>(i)];
  }
};

}  // namespace typegrad::cpu
