// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/limits.hpp>
#include <typegrad/evaluators/thrust/marks.hpp>
#include <typegrad/evaluators/thrust/program_entry.hpp>
#include <typegrad/inference/step_times.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// How long a step takes on the device, kernel by kernel.

TYPEGRAD_ON_THRUST_BEGIN

namespace detail {

/// Makes a mark before the first step and behind each launch, and notes which steps that was.
struct launch_clock {
  queue& q;
  time_marks& marks;
  std::vector<inference_detail::step_times::part> parts;
  std::size_t made = 0;

  static void after(void* self, int first, int count, void* const*) {
    auto& c = *static_cast<launch_clock*>(self);
    if (first < 0)
      c.parts.clear(), c.made = 0;
    else
      c.parts.push_back({first, count, 0});
    c.marks.make(c.q, c.made++);
  }
};

/// What `launch` gives to a queue, to be done again and again: recorded, if that is possible.
template <class Launch>
class repeated {
 public:
  repeated(queue& q, [[maybe_unused]] bool recordable, Launch const& launch)
      : q_{q}, launch_{launch} {
#if TYPEGRAD_CUDA
    if (recordable) recording_ = q.capture(launch);
#endif
  }
  void operator()() const {
#if TYPEGRAD_CUDA
    if (recording_.get() != nullptr) return q_.replay(recording_);
#endif
    launch_();
  }

 private:
  queue& q_;
  Launch const& launch_;
  recording recording_;
};

inline product_type products_of(program_entry const& entry) {
  for (buffer const& b : entry.view().buffers) {
    if (b.type == dtype::bfloat16) return product_type::bfloat16;
    if (b.type == dtype::float16) return product_type::float16;
  }
  return entry.products == arithmetic::tensor_float32 ? product_type::tensor_float32
                                                      : product_type::float32;
}

}  // namespace detail

/// Measures for about so many seconds what `give(watch)` gives to the queue: a run of the program,
/// with this watch, and what follows it, of which the watch is told as of no steps.
template <class Give>
inference_detail::step_times measure_step(queue& q, program_entry const& entry, double seconds,
                                          Give const& give) {
  inference_detail::step_times out;
  out.device = device_name();
  out.limits = measure_limits(q, detail::products_of(entry));
  auto const launches = static_cast<std::size_t>(entry.view().regions[0].step_count) + 1;
  time_marks marks(launches + 3), ends(2);
  detail::launch_clock clock{q, marks, {}};
  auto const give_all = [&] { give(step_watch{}); };
  auto const give_parts = [&] {
    give(step_watch{&detail::launch_clock::after, &clock});
    marks.make(q, clock.made);  // what the clock takes
  };
  detail::repeated const whole(q, entry.recordable, give_all);
  detail::repeated const parts(q, entry.recordable, give_parts);
  for (int i = 0; i < 3; ++i) whole(), parts();
  q.finish();
  std::size_t const count = clock.parts.size();
  std::vector<double> wholes;
  std::vector<std::vector<double>> times(count + 1);
  using host_clock = std::chrono::steady_clock;
  auto const begin = host_clock::now();
  do {
    // to begin with a recording takes the device as long as some kernels do
    constexpr int turns = TYPEGRAD_CUDA ? 10 : 1;
    ends.make(q, 0);
    for (int i = 0; i < turns; ++i) whole();
    ends.make(q, 1);
    parts();
    q.finish();
    wholes.push_back(ends.seconds(0) / turns);
    for (std::size_t i = 0; i <= count; ++i) times[i].push_back(marks.seconds(i));
  } while (wholes.size() < 5 ||
           std::chrono::duration<double>(host_clock::now() - begin).count() < seconds);
  out.runs = static_cast<int>(wholes.size());
  out.seconds = inference_detail::median_of(std::move(wholes));
  double const of_clock = inference_detail::median_of(std::move(times[count]));
  out.parts = clock.parts;
  for (std::size_t i = 0; i < count; ++i)
    out.parts[i].seconds =
        std::max(inference_detail::median_of(std::move(times[i])) - of_clock, 0.0);
  return out;
}

TYPEGRAD_ON_THRUST_END
