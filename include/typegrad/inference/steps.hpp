// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/cpu/run.hpp>

#include <cstdint>

namespace typegrad::inference_detail {

/// A compiled program as a value, so that what calls it need not be a template.
struct compiled_step {
  void (*run)(cpu::bindings const&) = nullptr;
  std::int64_t (*arena_bytes)(std::int64_t batch, int threads) = nullptr;
};

template <class Recipe>
inline constexpr compiled_step step_of{
    [](cpu::bindings const& b) { cpu::run<program<Recipe>>(b); },
    [](std::int64_t batch, int threads) {
      return static_cast<std::int64_t>(cpu::arena_bytes<program<Recipe>>(batch, threads));
    }};

}  // namespace typegrad::inference_detail
