// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step_figures.hpp>
#include <typegrad/evaluators/thrust/run.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

TYPEGRAD_ON_THRUST_BEGIN

/// A program as a value, so that what runs it need not be a template.
struct program_entry {
  void (*run)(queue&, bindings const&) = nullptr;
  std::int64_t (*arena_bytes)(std::int64_t batch_size) = nullptr;
  std::span<value_info const> inputs, outputs;
  std::int64_t counter_count = 0;
  bool recordable = true;  ///< whether what is launched is the same for any data
  program_view (*view)() = nullptr;
  arithmetic products = arithmetic::float32;

  static std::int64_t bytes_of_value(value_info const& v, std::int64_t batch_size) {
    return v.shape.count() * (v.per_sample ? batch_size : 1) * bytes_of(v.type);
  }
};

template <class Program, arithmetic Arithmetic = arithmetic::float32>
inline constexpr program_entry entry_of{
    &on_thrust::run<Program, Arithmetic>,
    &on_thrust::arena_bytes<Program, Arithmetic>,
    {Program::data.inputs.data(), static_cast<std::size_t>(Program::sizes.inputs)},
    {Program::data.outputs.data(), static_cast<std::size_t>(Program::sizes.outputs)},
    counter_count<Program>(),
    !detail::decides_on_host<Program>(),
    &view_of<Program>,
    Arithmetic};

TYPEGRAD_ON_THRUST_END
