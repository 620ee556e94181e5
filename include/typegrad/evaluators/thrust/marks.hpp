// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/queue.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

// A clock for what is given to a queue.

TYPEGRAD_ON_THRUST_BEGIN

/// Points in time of a queue's work. A mark may be recorded; it is then made anew by each replay.
class time_marks {
 public:
#if TYPEGRAD_CUDA
  explicit time_marks(std::size_t count) : events_(count) {
    for (cudaEvent_t& e : events_) check(cudaEventCreate(&e), "making an event");
  }
  time_marks(time_marks const&) = delete;
  time_marks& operator=(time_marks const&) = delete;
  ~time_marks() {
    for (cudaEvent_t const e : events_)
      if (e != nullptr) static_cast<void>(cudaEventDestroy(e));
  }
  void make(queue& q, std::size_t i) {
    check(cudaEventRecordWithFlags(
              events_[i], q.stream(),
              q.is_recording() ? cudaEventRecordExternal : cudaEventRecordDefault),
          "recording an event");
  }
  /// From mark i to the next. The queue must have finished.
  double seconds(std::size_t i) const {
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, events_[i], events_[i + 1]), "reading the clock");
    return static_cast<double>(milliseconds) / 1000;
  }

 private:
  std::vector<cudaEvent_t> events_;
#else
  explicit time_marks(std::size_t count) : times_(count) {}
  void make(queue&, std::size_t i) { times_[i] = std::chrono::steady_clock::now(); }
  double seconds(std::size_t i) const {
    return std::chrono::duration<double>(times_[i + 1] - times_[i]).count();
  }

 private:
  std::vector<std::chrono::steady_clock::time_point> times_;
#endif
};

TYPEGRAD_ON_THRUST_END
