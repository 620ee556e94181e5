// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/each_index.hpp>
#include <typegrad/evaluators/cpu/column.hpp>
#include <typegrad/evaluators/cpu/control.hpp>
#include <typegrad/evaluators/cpu/product.hpp>
#include <typegrad/evaluators/cpu/row.hpp>
#include <typegrad/evaluators/cpu/sliding.hpp>
#include <typegrad/evaluators/cpu/whole.hpp>

// The CPU evaluator: runs a program's steps one after the other, each on all threads.

namespace typegrad::on_cpu {

/// What a program works on. All arrays are dense and row-major; per-sample ones are
/// (batch, extents...).
struct bindings {
  std::int64_t batch_size = 1;
  void const* const* inputs = nullptr;  ///< per input of the program
  float* weights = nullptr;             ///< the flat buffer of the weight layout
  void* const* outputs = nullptr;       ///< per output: where it is written
  std::byte* arena = nullptr;           ///< `arena_bytes`, aligned to 64
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  int threads = 1;
};

namespace detail {

template <class Program, int Step, class Arch>
struct kernel_of {
  static constexpr int signature = Program::data.steps[static_cast<std::size_t>(Step)].signature;
  static constexpr step_kind kind = Program::data.steps[static_cast<std::size_t>(Step)].kind;
  static constexpr auto choose() {
    if constexpr (kind == step_kind::loop)
      return std::type_identity<loop_kernel<step_source<Program, signature>, Arch>>{};
    else if constexpr (kind == step_kind::row)
      return std::type_identity<row_kernel<step_source<Program, signature>, Arch>>{};
    else if constexpr (kind == step_kind::column)
      return std::type_identity<column_kernel<step_source<Program, signature>, Arch>>{};
    else if constexpr (kind == step_kind::control)
      return std::type_identity<control_kernel<Program, Step, Arch>>{};
    else if constexpr (kind == step_kind::whole)
      return std::type_identity<whole_kernel<step_source<Program, signature>, Arch>>{};
    else if constexpr (slides(Program::data.steps[static_cast<std::size_t>(Step)].product.code))
      return std::type_identity<
          sliding_kernel<shared_source<contents_of<Program, signature>()>, Arch>>{};
    else
      return std::type_identity<
          product_kernel<shared_source<contents_of<Program, signature>()>, Arch>>{};
  }
  using type = typename decltype(choose())::type;
};

template <class Program, int Step, class Arch, int FirstSlot>
inline void run_step(team const& members, void* const* slots, run_context const& run) {
  constexpr step_info const& info = Program::data.steps[static_cast<std::size_t>(Step)];
  kernel_of<Program, Step, Arch>::type::run(members, slots + (info.first_buffer - FirstSlot),
                                            Program::data.streams.data() + info.first_stream, run);
  members.barrier();
}

/// Steps [First, First + Count), in blocks so that no fold grows long.
template <class Program, class Arch, int First, int Count, int FirstSlot>
inline void run_steps(team const& members, void* const* slots, run_context const& run) {
  if constexpr (Count > 32) {
    run_steps<Program, Arch, First, Count / 2, FirstSlot>(members, slots, run);
    run_steps<Program, Arch, First + Count / 2, Count - Count / 2, FirstSlot>(members, slots, run);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (run_step<Program, First + static_cast<int>(I), Arch, FirstSlot>(members, slots, run), ...);
    }(std::make_index_sequence<static_cast<std::size_t>(Count)>{});
  }
}

template <class Program>
constexpr bool supported() {
  auto const known = [](dtype t) {
    return t == dtype::float32 || t == dtype::float64 || t == dtype::int32 || t == dtype::boolean;
  };
  for (instruction const& x : Program::data.instructions)
    if (!known(x.type)) return false;
  for (buffer const& x : Program::data.buffers)
    if (!known(x.type)) return false;
  return true;
}

template <class Program>
constexpr bool multiplies_integers() {
  for (instruction const& x : Program::data.instructions)
    if (is_contraction(x.code) && !is_floating(x.type)) return true;
  return false;
}

template <class Program, class Arch>
inline void run_checked(bindings const& b) noexcept;

template <class Program, class Arch, std::size_t... I>
constexpr std::size_t most_scratch(int team_size, std::index_sequence<I...>) {
  std::size_t most = 0;
  std::size_t const all[] = {
      0, kernel_of<Program, static_cast<int>(I), Arch>::type::scratch_bytes(team_size)...};
  for (std::size_t const n : all)
    if (n > most) most = n;
  return (most + 63) / 64 * 64;
}

}  // namespace detail

/// Bytes of scratch memory that a program's kernels need, for the whole team.
template <class Program, class Arch = xsimd::default_arch>
constexpr std::size_t scratch_bytes(int threads) {
  return detail::most_scratch<Program, Arch>(
      threads, std::make_index_sequence<static_cast<std::size_t>(Program::all_step_count)>{});
}

/// Bytes of the arena: the values between the steps, and scratch memory behind them.
template <class Program, class Arch = xsimd::default_arch>
constexpr std::size_t arena_bytes(std::int64_t batch_size, int threads) {
  auto const values = static_cast<std::size_t>(Program::arena_bytes(batch_size));
  return (values + 63) / 64 * 64 + scratch_bytes<Program, Arch>(threads);
}

/// Runs a program. Allocates nothing, locks nothing, throws nothing. The results are bit-identical
/// for any number of threads.
template <class Program, class Arch = xsimd::default_arch>
void run(bindings const& b) noexcept {
  static_assert(!Program::sizes.failed,
                "typegrad could not cut this program's graph into steps; please report what "
                "compile_graph(Recipe::build()).source.error says");
  constexpr bool supported = detail::supported<Program>();
  static_assert(supported,
                "the CPU evaluator computes with float32, float64, int32 and bool; this program "
                "has values of float16, bfloat16 or int8");
  constexpr bool multiplies_integers = detail::multiplies_integers<Program>();
  static_assert(!multiplies_integers,
                "a matrix product on the CPU needs float32 or float64 values; cast them first");
  if constexpr (supported && !multiplies_integers) detail::run_checked<Program, Arch>(b);
}

/// Runs a program without weights, randomness or samples on the caller's thread, within the caller:
/// of a program of scalars, nothing is left but its arithmetic.
template <class Program, class Arch = xsimd::default_arch>
TYPEGRAD_INLINE void run_alone(void const* const* inputs, void* const* outputs,
                               std::byte* arena) noexcept {
  constexpr auto& data = Program::data;
  static_assert(!Program::sizes.failed && detail::supported<Program>() &&
                    !detail::multiplies_integers<Program>(),
                "this program needs another evaluator");
  std::array<void*, static_cast<std::size_t>(Program::sizes.slots) + 1> slots;
  each_index<Program::sizes.slots>([&]<int I>() __attribute__((always_inline)) {
    constexpr buffer x = data.buffers[static_cast<std::size_t>(data.slots[I])];
    static_assert(x.where != buffer::place::weight && !x.per_sample);
    if constexpr (x.where == buffer::place::input)
      slots[I] = const_cast<void*>(inputs[x.index]);
    else if constexpr (x.where == buffer::place::output)
      slots[I] = outputs[x.index];
    else
      slots[I] = arena + Program::arena_offset(x, 1);
  });
  constexpr std::int64_t values = (Program::arena_bytes(1) + 63) / 64 * 64;
  run_context const context{1, 0, 0, arena + values, arena};
  detail::run_steps<Program, Arch, 0, Program::step_count, 0>(team{}, slots.data(), context);
}

namespace detail {

/// What stands at each slot of a program's own steps.
template <class Program>
using slot_table =
    std::array<void*, static_cast<std::size_t>(Program::data.regions[0].slot_count) + 1>;

template <class Program>
inline void find_slots(bindings const& b, slot_table<Program>& slots) noexcept {
  constexpr auto& data = Program::data;
  constexpr region_info whole = data.regions[0];
  std::array<void*, static_cast<std::size_t>(whole.buffer_count) + 1> buffers;
  for (int number = 0; number < whole.buffer_count; ++number) {
    auto const i = static_cast<std::size_t>(number);
    buffer const& x = data.buffers[i];
    switch (x.where) {
      case buffer::place::input:
        buffers[i] = const_cast<void*>(b.inputs[x.index]);
        break;
      case buffer::place::weight:
        buffers[i] = b.weights + data.weight_offsets[static_cast<std::size_t>(x.index)];
        break;
      case buffer::place::output:
        buffers[i] = b.outputs[x.index];
        break;
      case buffer::place::arena:
        buffers[i] = b.arena + Program::arena_offset(x, b.batch_size);
        break;
    }
  }
  for (int number = 0; number < whole.slot_count; ++number) {
    auto const i = static_cast<std::size_t>(number);
    slots[i] = buffers[static_cast<std::size_t>(data.slots[i])];
  }
}

template <class Program>
inline run_context context_of(bindings const& b) noexcept {
  auto const values = static_cast<std::size_t>(Program::arena_bytes(b.batch_size));
  return {b.batch_size, b.seed, b.step, b.arena + (values + 63) / 64 * 64, b.arena};
}

template <class Program, class Arch>
inline void run_checked(bindings const& b) noexcept {
  slot_table<Program> slots;
  find_slots<Program>(b, slots);
  run_context const context = context_of<Program>(b);
  run_team(b.threads, [&](team const& members) {
    detail::run_steps<Program, Arch, 0, Program::step_count, 0>(members, slots.data(), context);
  });
}

}  // namespace detail

}  // namespace typegrad::on_cpu
