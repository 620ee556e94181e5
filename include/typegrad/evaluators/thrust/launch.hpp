// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/group.hpp>
#include <typegrad/evaluators/thrust/queue.hpp>

#include <cstddef>
#include <cstdint>

// Who walks over a kernel's units and tiles: Thrust, or CUDA's grid of blocks.

TYPEGRAD_ON_THRUST_BEGIN

/// The two stages that a step's tiles can have. On a device the last block does what is the second
/// stage elsewhere.
enum class stage { first, merging };

/// Unit u of a kernel, for Thrust.
template <class Kernel>
struct unit_of {
  typename Kernel::arguments arguments;

  TYPEGRAD_DEVICE void operator()(std::int64_t u) const { Kernel::unit(u, arguments); }
};

/// Computes `count` units, each by itself.
template <class Kernel>
void launch_units(queue const& q, std::int64_t count, typename Kernel::arguments const& a) {
  if (count > 0)
    ::thrust::for_each_n(q.policy(), ::thrust::counting_iterator<std::int64_t>(0), count,
                         unit_of<Kernel>{a});
}

template <class Kernel, stage Stage, class Group, class Plan>
TYPEGRAD_DEVICE void one_tile(Group const& g, std::int64_t t, typename Kernel::arguments const& a,
                              Plan const& p) {
  if constexpr (Stage == stage::first)
    Kernel::tile(g, t, a, p);
  else
    Kernel::merging_tile(g, t, a, p);
}

#if TYPEGRAD_CUDA

/// Blocks that a processor shall have room for, if the kernel says so.
template <class Kernel>
constexpr int blocks_of() {
  if constexpr (requires { Kernel::blocks; })
    return Kernel::blocks;
  else
    return 1;
}

template <class Kernel, stage Stage, class Plan>
__global__ void __launch_bounds__(Kernel::threads, blocks_of<Kernel>())
    tiles_of(std::int64_t count, typename Kernel::arguments const a, Plan const p) {
  extern __shared__ std::byte typegrad_shared_memory alignas(16)[];
  group<Kernel::threads> const g{typegrad_shared_memory};
  wait_for_earlier_kernels();
  for (std::int64_t t = blockIdx.x; t < count; t += gridDim.x) one_tile<Kernel, Stage>(g, t, a, p);
}

#else

template <class Kernel, stage Stage, class Plan>
struct tile_of {
  typename Kernel::arguments arguments;
  Plan plan;
  void operator()(std::int64_t t) const {
    one_tile<Kernel, Stage>(group<Kernel::threads>{}, t, arguments, plan);
  }
};

#endif

/// Computes `count` tiles, each by a group of threads; the plan is handed to each.
template <class Kernel, stage Stage = stage::first, class Plan = no_plan>
void launch_tiles(queue const& q, std::int64_t count, typename Kernel::arguments const& a,
                  Plan const& p = {}) {
  if (count <= 0) return;
#if TYPEGRAD_CUDA
  constexpr std::size_t shared = Kernel::shared_bytes();
  if constexpr (shared > 47 * 1024) {  // with what is static, more than a block gets unasked
    static cudaError_t const more = cudaFuncSetAttribute(
        tiles_of<Kernel, Stage, Plan>, cudaFuncAttributeMaxDynamicSharedMemorySize, int{shared});
    check(more, "asking for shared memory");
  }
  constexpr std::int64_t most = 1 << 30;
  auto const blocks = static_cast<unsigned>(count < most ? count : most);
  tiles_of<Kernel, Stage, Plan><<<blocks, Kernel::threads, shared, q.stream()>>>(count, a, p);
  check(cudaGetLastError(), "launching a kernel");
#else
  ::thrust::for_each_n(q.policy(), ::thrust::counting_iterator<std::int64_t>(0), count,
                       tile_of<Kernel, Stage, Plan>{a, p});
#endif
}

TYPEGRAD_ON_THRUST_END
