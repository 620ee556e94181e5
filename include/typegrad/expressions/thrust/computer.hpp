// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/memory.hpp>
#include <typegrad/evaluators/thrust/program_entry.hpp>
#include <typegrad/expressions/evaluate.hpp>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

// Expressions on Thrust: evaluate<on<thrust>>(x).

TYPEGRAD_ON_THRUST_BEGIN

/// Where expressions are computed: a queue, and memory that grows as it is needed. What they are
/// made of goes there in one copy.
class workplace {
 public:
  /// One for each thread of the host.
  static workplace& of_this_thread() {
    thread_local workplace place;
    return place;
  }

  /// Runs a program on arrays of the host's, and waits for it.
  void run(program_entry const& program, void const* const* inputs, void* const* outputs,
           std::int64_t rows) {
    auto const bytes_of_value = [&](value_info const& v) {
      return program_entry::bytes_of_value(v, rows);
    };
    std::int64_t sent = detail::aligned_to_256(sizeof(run_state));
    std::int64_t const first = sent;
    for (value_info const& v : program.inputs) sent += detail::aligned_to_256(bytes_of_value(v));
    std::int64_t made = 0;
    for (value_info const& v : program.outputs) made += detail::aligned_to_256(bytes_of_value(v));
    make_room(sent_, sent, "what an expression is made of");
    if (collected_.bytes() < sent)
      collected_ = pinned_memory(sent, "what an expression is made of");
    make_room(made_, made, "an expression's values");
    make_room(arena_, program.arena_bytes(rows), "an expression's intermediate values");
    make_room(counters_, program.counter_count * std::int64_t{sizeof(unsigned)}, "an expression");

    *collected_.as<run_state>() = run_state{};
    std::vector<void const*> from;
    std::int64_t at = first;
    for (value_info const& v : program.inputs) {
      std::memcpy(collected_.as<>() + at, inputs[from.size()],
                  static_cast<std::size_t>(bytes_of_value(v)));
      from.push_back(sent_.as<>() + at);
      at += detail::aligned_to_256(bytes_of_value(v));
    }
    std::vector<void*> to;
    at = 0;
    for (value_info const& v : program.outputs) {
      to.push_back(made_.as<>() + at);
      at += detail::aligned_to_256(bytes_of_value(v));
    }
    queue_.copy(sent_.as<>(), collected_.as<>(), sent);
    program.run(queue_, {rows, from.data(), nullptr, to.data(), arena_.as<>(),
                         counters_.as<unsigned>(), sent_.as<run_state>()});
    for (std::size_t i = 0; i < to.size(); ++i)
      queue_.copy(outputs[i], to[i], bytes_of_value(program.outputs[i]));
    queue_.finish();
  }

 private:
  static void make_room(device_memory& m, std::int64_t bytes, std::string_view what) {
    if (m.bytes() >= bytes) return;
    m = device_memory();  // before more is taken
    m = device_memory(bytes, what);
  }

  queue queue_;
  pinned_memory collected_;
  device_memory sent_, made_, arena_, counters_;
};

TYPEGRAD_ON_THRUST_END

namespace typegrad::expressions {

template <auto Policy>
requires(Policy.compute == dtype::float32)
struct computer<on<thrust, Policy>> {
  template <class Program>
  static void run(void const* const* inputs, void* const* outputs, std::int64_t rows) {
    constexpr auto arithmetic = Policy.tensor_float32 ? on_thrust::arithmetic::tensor_float32
                                                      : on_thrust::arithmetic::float32;
    on_thrust::workplace::of_this_thread().run(on_thrust::entry_of<Program, arithmetic>, inputs,
                                               outputs, rows);
  }
};

}  // namespace typegrad::expressions
