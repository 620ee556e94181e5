// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/chain.hpp>
#include <typegrad/evaluators/thrust/column.hpp>
#include <typegrad/evaluators/thrust/control.hpp>
#include <typegrad/evaluators/thrust/convolution.hpp>
#include <typegrad/evaluators/thrust/launch.hpp>
#include <typegrad/evaluators/thrust/loop.hpp>
#include <typegrad/evaluators/thrust/order.hpp>
#include <typegrad/evaluators/thrust/product.hpp>
#include <typegrad/evaluators/thrust/row.hpp>
#include <typegrad/evaluators/thrust/sliding.hpp>
#include <typegrad/evaluators/thrust/whole.hpp>
#include <typegrad/evaluators/thrust/windows.hpp>

#include <algorithm>
#include <array>

// The Thrust evaluator: gives a program's steps to a queue, one after the other.

TYPEGRAD_ON_THRUST_BEGIN

/// Which chains of steps are one kernel each, of those that can be.
enum class chaining { where_faster, always, never };

/// Who looks on while a program is run: called before the first step, with first = -1, and each
/// time that steps [first, first + count), one of them or a chain, have been given to the queue.
/// `slots`: where each of all steps' slots lies, on the device. Steps are then one after another.
struct step_watch {
  void (*after)(void* context, int first, int count, void* const* slots) = nullptr;
  void* context = nullptr;

  void operator()(int first, int count, void* const* slots) const {
    if (after != nullptr) after(context, first, count, slots);
  }
};

/// What a program works on; all of it in the device's memory, at multiples of 16 bytes. Arrays are
/// dense and row-major; per-sample ones are (batch, extents...).
struct bindings {
  std::int64_t batch_size = 1;
  void const* const* inputs = nullptr;  ///< per input of the program
  float* weights = nullptr;             ///< the flat buffer of the weight layout
  void* const* outputs = nullptr;       ///< per output: where it is written
  std::byte* arena = nullptr;           ///< `arena_bytes`
  unsigned* counters = nullptr;         ///< `counter_count` of them, 0 before the first run
  run_state const* state = nullptr;
  chaining chains = chaining::where_faster;
  step_watch watch = {};
};

namespace detail {

template <arithmetic Arithmetic, class Source>
constexpr auto choose_kernel(std::type_identity<Source>) {
  constexpr auto const& info = Source::info;
  if constexpr (info.kind == step_kind::loop)
    return std::type_identity<loop_kernel<Source>>{};
  else if constexpr (info.kind == step_kind::row)
    return std::type_identity<row_kernel<Source>>{};
  else if constexpr (info.kind == step_kind::column)
    return std::type_identity<column_kernel<Source>>{};
  else if constexpr (info.kind == step_kind::whole)
    return choose_whole_kernel(std::type_identity<Source>{});
  else if constexpr (info.product.code == op::dot_general)
    return std::type_identity<product_kernel<Source, Arithmetic>>{};
  else if constexpr (is_between(info.product.code, op::convolution, op::convolution_kernel) &&
                     info.product.over.groups == 1)
    return std::type_identity<convolution_kernel<Source, Arithmetic>>{};
  else if constexpr (is_between(info.product.code, op::window_sum, op::window_gather))
    return std::type_identity<window_kernel<Source>>{};
  else
    return std::type_identity<sliding_kernel<Source>>{};
}
template <class Program, arithmetic Arithmetic, int Step>
constexpr auto kernel_of() {
  return choose_kernel<Arithmetic>(
      encoded_step<Program, Program::data.steps[static_cast<std::size_t>(Step)].signature>());
}

/// Scratch memory that a step needs, and how it is launched: what its kernel offers decides.
template <class Kernel>
std::int64_t scratch_of(std::type_identity<Kernel>, std::int64_t batch_size) {
  if constexpr (requires { Kernel::scratch_bytes(batch_size); })
    return Kernel::scratch_bytes(batch_size);
  else
    return 0;
}
template <class Kernel>
auto plan_of([[maybe_unused]] std::int64_t batch_size) {
  if constexpr (requires { Kernel::plan_of(batch_size); })
    return Kernel::plan_of(batch_size);
  else
    return no_plan{};
}
/// Whether a step works in the library's memory, of which there is one piece.
template <class Kernel>
bool uses_library(std::type_identity<Kernel>, [[maybe_unused]] std::int64_t batch_size) {
  if constexpr (requires { Kernel::for_library(batch_size); })
    return Kernel::for_library(batch_size);
  else
    return false;
}
/// Whether a step is one launch of tiles, unless it is the library's.
template <class Kernel>
constexpr bool is_of_tiles(std::type_identity<Kernel>) {
  return requires { &Kernel::tiles; };
}
template <class Kernel>
void launch(queue& q, typename Kernel::arguments const& a) {
  std::int64_t const batch = a.run.batch_size;
  if constexpr (requires { Kernel::launch(q, a); })
    Kernel::launch(q, a);
  else if constexpr (requires { Kernel::units(batch); })
    launch_units<Kernel>(q, Kernel::units(batch), a);
  else
    launch_tiles<Kernel>(q, Kernel::tiles(batch), a, plan_of<Kernel>(batch));
  if constexpr (requires { Kernel::merging_tiles(batch); })
    launch_tiles<Kernel, stage::merging>(q, Kernel::merging_tiles(batch), a,
                                         plan_of<Kernel>(batch));
}

template <class Kernel>
void run_kernel(std::type_identity<Kernel>, queue& q, step_info const& info, void* const* slots,
                int const* streams, run_context const& run) {
  typename Kernel::arguments a{};
  for (int i = 0; i < info.buffer_count; ++i) a.slots[i] = slots[i];
  for (int i = 0; i < info.stream_count; ++i) a.streams[i] = streams[info.first_stream + i];
  a.run = run;
  launch<Kernel>(q, a);
}
template <class Program, int Step>
constexpr bool is_control_step() {
  return Program::data.steps[static_cast<std::size_t>(Step)].kind == step_kind::control;
}
/// One step, or the regions' steps of one; the slots are its own.
template <class Program, arithmetic Arithmetic, int Step>
void give_step(queue& q, void* const* slots, run_context run, std::int64_t const* scratch) {
  if constexpr (is_control_step<Program, Step>()) {
    control_runner<Program, Arithmetic, Step>(q, slots, run, scratch).run();
  } else {
    run.scratch += scratch[Step];
    run.counters += Step * most_counters;
    run_kernel(kernel_of<Program, Arithmetic, Step>(), q,
               Program::data.steps[static_cast<std::size_t>(Step)], slots,
               Program::data.streams.data(), run);
  }
}
/// The first step of the chain that a step of the program itself belongs to, or -1.
template <class Program>
constexpr int chain_begin(int step) {
  for (int first = 0; first <= step && first < Program::step_count; ++first)
    if (first + Program::data.steps[static_cast<std::size_t>(first)].chain > step) return first;
  return -1;
}
/// The same, if a block has room for the chain's values.
template <class Program, int Step>
constexpr int chain_around() {
  constexpr int first = chain_begin<Program>(Step);
  if constexpr (first < 0)
    return -1;
  else
    return chain_former<Program, first>::form.rows > 0 ? first : -1;
}
template <class Kernel>
bool is_chained(std::type_identity<Kernel>, std::int64_t batch_size, chaining which) {
  if (which == chaining::never || !Kernel::fits()) return false;
  return which == chaining::always || Kernel::worth(batch_size);
}
template <class Kernel>
void run_chain(std::type_identity<Kernel>, queue& q, int first, void* const* slots,
               int const* streams, run_context const& run, step_order& order) {
  typename Kernel::arguments a{};
  for (int i = 0; i < Kernel::slots; ++i) a.slots[i] = slots[i];
  for (int i = 0; i < Kernel::streams; ++i) a.streams[i] = streams[i];
  a.run = run;
  order.merge(first, Kernel::steps);
  order.begin(q, first, false, true);
  launch<Kernel>(q, a);
  order.end(q, first);
}
template <class Program, arithmetic Arithmetic, int Step>
void run_step(queue& q, void* const* slots, run_context const& run, std::int64_t const* scratch,
              bindings const& b, step_order& order) {
  constexpr int chain = chain_around<Program, Step>();
  if constexpr (chain >= 0) {
    constexpr auto kernel = kernel_of_chain<Program, Arithmetic, chain>();
    if (is_chained(kernel, run.batch_size, b.chains)) {
      if constexpr (chain == Step) {
        step_info const& info = Program::data.steps[static_cast<std::size_t>(Step)];
        run_context mine = run;
        mine.scratch += scratch[Step];
        run_chain(kernel, q, Step, slots + info.first_buffer,
                  Program::data.streams.data() + info.first_stream, mine, order);
        b.watch(Step, info.chain, slots);
      }
      return;
    }
  }
  if constexpr (is_control_step<Program, Step>()) {
    order.begin(q, Step, true, false);
  } else {
    auto const kernel = kernel_of<Program, Arithmetic, Step>();
    bool const library = uses_library(kernel, run.batch_size);
    order.begin(q, Step, library, !library && is_of_tiles(kernel));
  }
  give_step<Program, Arithmetic, Step>(
      q, slots + Program::data.steps[static_cast<std::size_t>(Step)].first_buffer, run, scratch);
  order.end(q, Step);
  b.watch(Step, 1, slots);
}

/// Steps [First, First + Count), in blocks so that no fold grows long.
template <class Program, arithmetic Arithmetic, int First, int Count>
void run_steps(queue& q, void* const* slots, run_context const& run, std::int64_t const* scratch,
               bindings const& b, step_order& order) {
  if constexpr (Count > 32) {
    run_steps<Program, Arithmetic, First, Count / 2>(q, slots, run, scratch, b, order);
    run_steps<Program, Arithmetic, First + Count / 2, Count - Count / 2>(q, slots, run, scratch, b,
                                                                         order);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (run_step<Program, Arithmetic, First + static_cast<int>(I)>(q, slots, run, scratch, b, order),
       ...);
    }(std::make_index_sequence<static_cast<std::size_t>(Count)>{});
  }
}

template <class Program, auto Arithmetic, int First, int Count, int FirstSlot>
void run_region_steps(queue& q, void* const* slots, run_context const& run,
                      std::int64_t const* scratch) {
  if constexpr (Count > 32) {
    run_region_steps<Program, Arithmetic, First, Count / 2, FirstSlot>(q, slots, run, scratch);
    run_region_steps<Program, Arithmetic, First + Count / 2, Count - Count / 2, FirstSlot>(
        q, slots, run, scratch);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (give_step<Program, Arithmetic, First + static_cast<int>(I)>(
           q,
           slots +
               (Program::data.steps[static_cast<std::size_t>(First) + I].first_buffer - FirstSlot),
           run, scratch),
       ...);
    }(std::make_index_sequence<static_cast<std::size_t>(Count)>{});
  }
}

/// Where each step's scratch memory begins, behind the arena's values, and how much there is: steps
/// that run at the same time must not share it.
template <class Program, arithmetic Arithmetic>
struct scratch_plan {
  std::array<std::int64_t, static_cast<std::size_t>(Program::all_step_count) + 1> begin{};

  explicit scratch_plan(std::int64_t batch_size) {
    fill(batch_size, std::make_index_sequence<static_cast<std::size_t>(Program::all_step_count)>{});
  }

 private:
  template <std::size_t... I>
  void fill(std::int64_t batch_size, std::index_sequence<I...>) {
    std::int64_t const all[] = {0, of_step<static_cast<int>(I)>(batch_size)...};
    for (std::size_t i = 1; i < begin.size(); ++i) begin[i] = begin[i - 1] + aligned_to_256(all[i]);
  }
  template <int Step>
  static std::int64_t of_step([[maybe_unused]] std::int64_t batch_size) {
    if constexpr (is_control_step<Program, Step>()) {
      return 0;
    } else {
      std::int64_t const own = scratch_of(kernel_of<Program, Arithmetic, Step>(), batch_size);
      if constexpr (chain_around<Program, Step>() == Step)
        return std::max(own, scratch_of(kernel_of_chain<Program, Arithmetic, Step>(), batch_size));
      else
        return own;
    }
  }
};

}  // namespace detail

/// Bytes of the arena: the values between the steps, and scratch memory behind them.
template <class Program, arithmetic Arithmetic = arithmetic::float32>
std::int64_t arena_bytes(std::int64_t batch_size) {
  return detail::aligned_to_256(Program::arena_bytes(batch_size)) +
         detail::scratch_plan<Program, Arithmetic>(batch_size).begin[Program::all_step_count];
}

/// Counters that a program needs; any number of programs may share them, one running at a time.
template <class Program>
constexpr std::int64_t counter_count() {
  return Program::all_step_count * most_counters;
}

/// Gives a program to a queue; it is run when its turn comes.
template <class Program, arithmetic Arithmetic = arithmetic::float32>
void run(queue& q, bindings const& b) {
  static_assert(!Program::sizes.failed,
                "typegrad could not cut this program's graph into steps; please report what "
                "compile_graph(Recipe::build()).source.error says");
  auto const& data = Program::data;
  constexpr std::size_t slot_count = static_cast<std::size_t>(Program::data.regions[0].slot_count);
  std::array<void*, slot_count + 1> slots;
  for (int number = 0; number < Program::data.regions[0].slot_count; ++number) {
    auto const i = static_cast<std::size_t>(number);
    buffer const& x = data.buffers[static_cast<std::size_t>(data.slots[i])];
    switch (x.where) {
      case buffer::place::input:
        slots[i] = const_cast<void*>(b.inputs[x.index]);
        break;
      case buffer::place::weight:
        slots[i] = b.weights + data.weight_offsets[static_cast<std::size_t>(x.index)];
        break;
      case buffer::place::output:
        slots[i] = b.outputs[x.index];
        break;
      case buffer::place::arena:
        slots[i] = b.arena + Program::arena_offset(x, b.batch_size);
        break;
    }
  }
  run_context const context{
      b.batch_size, b.state, b.arena + detail::aligned_to_256(Program::arena_bytes(b.batch_size)),
      b.counters,   b.arena, b.batch_size};
  detail::scratch_plan<Program, Arithmetic> const scratch(b.batch_size);
  detail::step_order order(q, Program::data.steps.data(), Program::step_count,
                           Program::data.stores.data(), Program::data.buffers.data(),
                           Program::data.slots.data(), slots.data(), b.batch_size,
                           b.watch.after == nullptr);
  b.watch(-1, 0, slots.data());
  detail::run_steps<Program, Arithmetic, 0, Program::step_count>(q, slots.data(), context,
                                                                 scratch.begin.data(), b, order);
  order.join(q);
}

TYPEGRAD_ON_THRUST_END
