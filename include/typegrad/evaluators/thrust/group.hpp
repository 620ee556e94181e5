// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/system.hpp>

#include <cstddef>
#include <cstdint>

#if TYPEGRAD_CUDA
#include <cub/block/block_reduce.cuh>
#include <cub/warp/warp_reduce.cuh>
#endif

// Threads that work on one tile of a step together. With CUDA that is a block of them; on Thrust's
// host systems a group is one thread alone, which runs the same code.

TYPEGRAD_ON_THRUST_BEGIN

#if TYPEGRAD_CUDA

template <int Size>
struct group {
  static constexpr int size = Size;
  std::byte* shared = nullptr;  ///< the kernel's shared memory

  TYPEGRAD_DEVICE static int rank() { return static_cast<int>(threadIdx.x); }
  TYPEGRAD_DEVICE static void sync() { __syncthreads(); }
};

#else

template <int>
struct group {
  static constexpr int size = 1;
  std::byte* shared = nullptr;

  static int rank() { return 0; }
  static void sync() {}
};

#endif

#if TYPEGRAD_CUDA
/// Whether this group is the last of `count` that call with the same counter: then it sees what all
/// of them wrote before. The counter is 0 before the first call and after the last one. All threads
/// must call.
template <int Size>
TYPEGRAD_DEVICE bool last_of(group<Size> const& g, std::int64_t count, unsigned* counter) {
  __shared__ bool last;
  __threadfence();
  g.sync();
  if (g.rank() == 0) {
    last = atomicAdd(counter, 1U) == static_cast<unsigned>(count) - 1U;
    if (last) *counter = 0;
  }
  g.sync();
  if (last) __threadfence();
  return last;
}
#endif

/// Of kernels whose tiles need no more than their number.
struct no_plan {};

/// How many threads a group has that is asked for with `wanted` of them.
constexpr int group_size(int wanted) { return TYPEGRAD_CUDA ? wanted : 1; }

TYPEGRAD_ON_THRUST_END
