// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <sched.h>
#endif

// The threads that run one program together.
namespace typegrad::on_cpu {

// A range of whole numbers, [begin, end).
struct span_of_work {
  std::int64_t begin, end;
};

// Lets the core's other thread, or after a while any other process, run while we wait.
inline void relax(int turn) noexcept {
  constexpr int turns_before_yielding = 1000;
  if (turn < turns_before_yielding) {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
    __asm__ __volatile__("yield");
#endif
    return;
  }
#if defined(__unix__) || defined(__APPLE__)
  sched_yield();
#endif
}

// What the members of one team share: a spin barrier with a generation counter. One object serves
// one team at a time, any number of barriers.
class team_state {
 public:
  // Returns when `size` threads have called it; what they wrote before is visible after.
  void wait(int size) noexcept {
    unsigned const now = generation_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == size - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      generation_.store(now + 1, std::memory_order_release);
      return;
    }
    for (int turn = 0; generation_.load(std::memory_order_acquire) == now;) {
      relax(turn);
      turn += turn < (1 << 20);
    }
  }

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> generation_{0};
};

// One member's view of its team. A default-made team is one thread alone and needs no state.
// Kernels are called by every member with the same arguments and split the work by `index`.
struct team {
  int index = 0;
  int size = 1;
  team_state* state = nullptr;  // required when size > 1; the same object for every member

  void barrier() const noexcept {
    if (size > 1) state->wait(size);
  }

  // This member's part of [0, count), in whole multiples of `grain` (but for the last one's end).
  // A function of (count, grain, index, size) only; parts are disjoint and cover the range.
  constexpr span_of_work part(std::int64_t count, std::int64_t grain = 1) const noexcept {
    std::int64_t const units = (count + grain - 1) / grain;
    std::int64_t const begin = units * index / size * grain;
    std::int64_t const end = units * (index + 1) / size * grain;
    return {begin < count ? begin : count, end < count ? end : count};
  }
};

// Runs `body(team const&)` on up to `threads` threads at once: inside one OpenMP parallel region
// where OpenMP is on, else (or for threads <= 1) on the caller's thread alone.
template <class Body>
void run_team(int threads, Body&& body) {
#if defined(_OPENMP)
  if (threads > 1) {
    team_state state;
#pragma omp parallel num_threads(threads)
    body(team{omp_get_thread_num(), omp_get_num_threads(), &state});
    return;
  }
#endif
  (void)threads;
  body(team{});
}

}  // namespace typegrad::on_cpu
