// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/core/each_index.hpp>
#include <typegrad/evaluators/cpu/cost.hpp>
#include <typegrad/evaluators/cpu/run.hpp>
#include <typegrad/evaluators/cpu/threads.hpp>
#include <typegrad/expressions/operation.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

// Expressions become one program, which runs on their leaves.

namespace typegrad::expressions {

/// The graph of the expressions' values, as outputs. `Sharing`: copies of what is differentiated,
/// or dear to compute, are taken for one (tracer.hpp).
template <bool Sharing, class... E>
constexpr tracer trace_all(graph& g) {
  tracer t{g, Sharing};
  symbol const outputs[] = {t.template trace<E>()...};
  for (symbol const& y : outputs) g.outputs.push_back(y.id());
  return t;
}

template <bool Sharing, class... E>
struct recipe {
  static constexpr graph build() {
    graph g;
    trace_all<Sharing, E...>(g);
    return g;
  }
};

/// Which leaf is which.
template <int Count>
struct leaf_plan {
  struct one {
    int same_as = -1;
    bool is_number = false;  ///< that lies within the expression
    dtype type = dtype::float32;
    bool named = false;
    bool dynamic_rows = false;
    bool copied = false;  ///< of a function that is applied once: known to be the same
  };
  std::array<one, static_cast<std::size_t>(Count > 0 ? Count : 1)> leaves{};
  std::array<int, static_cast<std::size_t>(Count > 0 ? Count : 1)> inputs{};  ///< the leaf of each
  int input_count = 0;
  bool guesses = false;  ///< some leaves without a name are taken for one
};

template <bool Sharing, class... E>
struct traced_plan {
  leaf_plan<(0 + ... + E::leaf_count)> plan;
  diagnosis error;  ///< what is wrong with the expressions as a whole
};
template <bool Sharing, class... E>
inline constexpr auto traced_plan_of = [] {
  traced_plan<Sharing, E...> all;
  auto& out = all.plan;
  graph g;
  tracer const t = trace_all<Sharing, E...>(g);
  all.error = g.error;
  for (int i = 0; i < t.leaves().size(); ++i) {
    traced_leaf const& l = t.leaves()[i];
    auto& to = out.leaves[static_cast<std::size_t>(i)];
    to.same_as = l.same_as;
    to.named = l.key.given;
    to.dynamic_rows = l.dynamic_rows;
    to.is_number = l.by_value;
    to.copied = l.copied;
    to.type = g[l.node].type;
    if (l.same_as < 0) out.inputs[static_cast<std::size_t>(out.input_count++)] = i;
    out.guesses = out.guesses || (l.same_as >= 0 && !l.key.given);
  }
  return all;
}();
template <bool Sharing, class... E>
inline constexpr auto plan_of = traced_plan_of<Sharing, E...>.plan;

/// What is only found out when all of the expressions are traced, such as a loop that has no
/// gradient.
template <class... E>
struct whole_problem {
  static constexpr diagnosis sentence() {
    if constexpr ((E::facts.failed || ...))
      return {};  // has been said
    else
      return traced_plan_of<true, E...>.error;
  }
};

/// Whether a program may write an output over an input, of as many elements: nothing reads the
/// input after the first of the output is written, and what is read meanwhile is read by whoever
/// writes that very element.
template <class Program>
constexpr bool may_write_over(int output, int input) {
  auto const& data = Program::data;
  auto const at = [](int i) { return static_cast<std::size_t>(i); };
  auto const is = [&](step_info const& s, int slot, buffer::place where, int index) {
    buffer const& b = data.buffers[at(data.slots[at(s.first_buffer + slot)])];
    return b.where == where && b.index == index;
  };
  if (Program::sizes.regions > 1) return false;  // what regions read is not looked at
  bool written = false;
  for (int k = 0; k < Program::step_count; ++k) {
    step_info const& s = data.steps[at(k)];
    access where;
    int writes = 0;
    for (int i = 0; i < s.store_count; ++i) {
      store const& x = data.stores[at(s.first_store + i)];
      if (!is(s, x.slot, buffer::place::output, output)) continue;
      where = x.where;
      ++writes;
    }
    bool const before = written;
    written = written || writes > 0;
    if (!written) continue;
    if (s.kind == step_kind::contraction)
      for (int const slot : {s.product.slot_a, s.product.slot_b})
        if (is(s, slot, buffer::place::input, input)) return false;
    for (int i = 0; i < s.instruction_count; ++i) {
      instruction const& x = data.instructions[at(s.first_instruction + i)];
      if (x.code != op::input || !is(s, x.slot, buffer::place::input, input)) continue;
      if (before || writes != 1 || s.kind != step_kind::loop || !(x.where == where)) return false;
    }
  }
  return true;
}

/// Whether a program is scalar arithmetic that is worth having in place.
template <class Program>
constexpr bool is_tiny() {
  if (Program::sizes.regions > 1) return false;
  int instructions = 0;
  for (int k = 0; k < Program::step_count; ++k) {
    step_info const& s = Program::data.steps[static_cast<std::size_t>(k)];
    if (s.rank > 0 || s.kind != step_kind::loop) return false;
    instructions += s.instruction_count;
  }
  return instructions <= 100;
}

/// Memory that evaluations of this thread share.
inline std::byte* thread_scratch(std::size_t bytes) {
  thread_local aligned_buffer<std::byte> memory;
  if (memory.size() < static_cast<std::int64_t>(bytes))
    memory = aligned_buffer<std::byte>(static_cast<std::int64_t>(bytes), uninitialized_tag{});
  return memory.data();
}

/// Runs a program, wherever it is asked for, in one place.
template <class Program>
__attribute__((noinline)) void run_program(void const* const* inputs, void* const* outputs,
                                           std::int64_t rows, int threads) {
  on_cpu::run<Program>({.batch_size = rows,
                        .inputs = inputs,
                        .weights = nullptr,
                        .outputs = outputs,
                        .arena = thread_scratch(on_cpu::arena_bytes<Program>(rows, threads)),
                        .seed = 0,
                        .step = 0,
                        .threads = threads});
}

/// Expressions with their leaves looked up, ready to be computed together.
template <class... E>
class request {
  using sound = typename check<whole_problem<E...>>::sound;
  static constexpr int leaf_count = (0 + ... + E::leaf_count);
  static constexpr auto slots = static_cast<std::size_t>(leaf_count > 0 ? leaf_count : 1);
  static constexpr std::size_t output_count = sizeof...(E);
  static constexpr auto const& shared_plan = plan_of<true, E...>;
  static constexpr bool is_dynamic = [] {
    bool any = false;
    for (auto const& l : shared_plan.leaves) any = any || l.dynamic_rows;
    return any;
  }();

 public:
  /// `trusted`: the expressions are what follows from one application of a function, of which they
  /// hold copies.
  TYPEGRAD_INLINE explicit request(E const&... e, bool trusted = false) {
    bind_all<0>(leaves_.data(), e...);
    each_index<leaf_count>([&]<int I>() __attribute__((always_inline)) { look_at<I>(trusted); });
  }

  /// The length of the dynamic first axes; 1 if there are none.
  std::int64_t rows() const {
    if constexpr (is_dynamic)
      return rows_;
    else
      return 1;
  }

  /// Computes all of them; nothing that is read lies where something is written.
  TYPEGRAD_INLINE void run(void* const* outputs) const {
    if constexpr (shared_plan.guesses) {
      if (!shared_) return run_as<false>(outputs);
    }
    run_as<true>(outputs);
  }

  /// The same where some of what is written may be read.
  TYPEGRAD_INLINE void run_over(std::array<void*, output_count> outputs) const {
    if constexpr (shared_plan.guesses) {
      if (!shared_) return run_over_as<false>(outputs);
    }
    run_over_as<true>(outputs);
  }

  /// Hands the program, and the inputs it reads, to what runs it elsewhere:
  /// give.template operator()<Program>(inputs, rows).
  template <class Give>
  void hand_to(Give const& give) const {
    if constexpr (shared_plan.guesses) {
      if (!shared_) return hand_as<false>(give);
    }
    hand_as<true>(give);
  }

 private:
  static constexpr std::size_t most_on_the_stack = 2048;

  template <int I>
  TYPEGRAD_INLINE void look_at(bool trusted) {
    constexpr auto l = shared_plan.leaves[I];
    if constexpr (l.dynamic_rows) {
      if (rows_ >= 0 && leaves_[I].rows != rows_)
        refuse("the dynamic first axes of an expression's values must be of one length, got ",
               rows_, " and ", leaves_[I].rows);
      rows_ = leaves_[I].rows;
    }
    if constexpr (l.same_as >= 0 && l.named) {
      if (leaves_[I].data != leaves_[l.same_as].data)
        refuse(
            "an expression has two variables of one name and type; give them names of their own");
    } else if constexpr (l.same_as >= 0) {
      if (trusted && l.copied) return;
      constexpr auto number = shared_plan.leaves[l.same_as];
      if constexpr (number.is_number)
        shared_ = shared_ &&
                  same_number<element_of<number.type>>(leaves_[I].data, leaves_[l.same_as].data);
      else
        shared_ = shared_ && leaves_[I].data == leaves_[l.same_as].data;
    }
  }

  /// Bit by bit; read as the type they have, so that optimizers see where they come from.
  template <class T>
  TYPEGRAD_INLINE static bool same_number(void const* a, void const* b) {
    using bits =
        std::conditional_t<sizeof(T) == 8, std::uint64_t,
                           std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint8_t>>;
    return std::bit_cast<bits>(*static_cast<T const*>(a)) ==
           std::bit_cast<bits>(*static_cast<T const*>(b));
  }

  template <bool Sharing>
  TYPEGRAD_INLINE std::array<void const*, slots> inputs_of() const {
    constexpr auto const& plan = plan_of<Sharing, E...>;
    std::array<void const*, slots> inputs;
    each_index<plan.input_count>(
        [&]<int I>() __attribute__((always_inline)) { inputs[I] = leaves_[plan.inputs[I]].data; });
    return inputs;
  }
  template <bool Sharing, class Give>
  void hand_as(Give const& give) const {
    give.template operator()<typegrad::program<recipe<Sharing, E...>>>(inputs_of<Sharing>().data(),
                                                                       rows());
  }

  template <bool Sharing>
  TYPEGRAD_INLINE void run_as(void* const* outputs) const {
    using program = typegrad::program<recipe<Sharing, E...>>;
    auto const inputs = inputs_of<Sharing>();
    constexpr auto cost = on_cpu::cost_of<program>();
    constexpr int most = on_cpu::useful_threads(cost, on_cpu::run_steps_of<program>(), 1, 1024);
    constexpr bool grows = is_dynamic || cost.per_sample > 0;
    constexpr std::size_t least = on_cpu::arena_bytes<program>(1, 1);
    if constexpr (!grows && is_tiny<program>() && least <= most_on_the_stack) {
      alignas(64) std::byte arena[least > 0 ? least : 1];
      on_cpu::run_alone<program>(inputs.data(), outputs, arena);
    } else {
      int const threads = grows || most > 1
                              ? on_cpu::useful_threads(cost, on_cpu::run_steps_of<program>(),
                                                       rows(), typegrad::threads())
                              : 1;
      run_program<program>(inputs.data(), outputs, rows(), threads);
    }
  }

  template <bool Sharing>
  TYPEGRAD_INLINE void run_over_as(std::array<void*, output_count> outputs) const {
    using program = typegrad::program<recipe<Sharing, E...>>;
    constexpr auto const& plan = plan_of<Sharing, E...>;
    constexpr int pairs = static_cast<int>(output_count) * plan.input_count;
    bool aside[output_count] = {};  // which outputs have to go elsewhere first
    bool any = false;
    each_index<pairs>([&]<int I>() __attribute__((always_inline)) {
      constexpr int output = I / plan.input_count;
      constexpr int input = I % plan.input_count;
      if constexpr (!may_write_over<program>(output, input)) {
        bool const over = leaves_[plan.inputs[input]].data == outputs[output];
        aside[output] = aside[output] || over;
        any = any || over;
      }
    });
    if (any)
      run_aside<Sharing>(outputs, aside);
    else
      run_as<Sharing>(outputs.data());
  }

  static std::size_t bytes_of_output(value_facts const& f, std::int64_t rows) {
    return static_cast<std::size_t>((f.dynamic_rows ? rows : 1) * f.shape.count() *
                                    bytes_of(f.type));
  }

  template <bool Sharing>
  __attribute__((noinline)) void run_aside(std::array<void*, output_count> outputs,
                                           bool const (&aside)[output_count]) const {
    constexpr std::array<value_facts, output_count> facts{E::facts...};
    auto const room = [&](std::size_t o) {
      return (bytes_of_output(facts[o], rows()) + 63) / 64 * 64;
    };
    std::size_t all = 0;
    for (std::size_t o = 0; o < output_count; ++o) all += aside[o] ? room(o) : 0;
    thread_local aligned_buffer<std::byte> elsewhere;
    if (elsewhere.size() < static_cast<std::int64_t>(all))
      elsewhere = aligned_buffer<std::byte>(static_cast<std::int64_t>(all), uninitialized_tag{});
    std::array<void*, output_count> to = outputs;
    std::byte* next = elsewhere.data();
    for (std::size_t o = 0; o < output_count; ++o) {
      if (!aside[o]) continue;
      to[o] = next;
      next += room(o);
    }
    run_as<Sharing>(to.data());
    for (std::size_t o = 0; o < output_count; ++o)
      if (aside[o]) std::memcpy(outputs[o], to[o], bytes_of_output(facts[o], rows()));
  }

  std::array<bound_leaf, slots> leaves_;
  std::int64_t rows_ = -1;
  bool shared_ = true;
};

}  // namespace typegrad::expressions
