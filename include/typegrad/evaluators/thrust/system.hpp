// SPDX-License-Identifier: BSL-1.0
// Which of Thrust's systems the evaluator is built for, and Thrust itself.
#pragma once

#if !defined(__CUDACC__) && !defined(THRUST_DEVICE_SYSTEM)
#error \
    "typegrad on Thrust: build with nvcc, or choose a host system of Thrust: -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_OMP or THRUST_DEVICE_SYSTEM_CPP"
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP  // so that this is the only error
#endif

#include <thrust/detail/config.h>

#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#define TYPEGRAD_CUDA 1
/// Before functions that run where the kernels do.
#define TYPEGRAD_DEVICE __device__
#define TYPEGRAD_THRUST_SYSTEM with_cuda
#else
#define TYPEGRAD_CUDA 0
#define TYPEGRAD_DEVICE
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
#define TYPEGRAD_THRUST_SYSTEM with_omp
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_TBB
#define TYPEGRAD_THRUST_SYSTEM with_tbb
#else
#define TYPEGRAD_THRUST_SYSTEM with_cpp
#endif
#endif

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>

// Everything that differs from system to system lives in an inline namespace of the system's name:
// parts of one program that are built for different systems share no symbol.
#define TYPEGRAD_ON_THRUST_BEGIN  \
  namespace typegrad::on_thrust { \
  inline namespace TYPEGRAD_THRUST_SYSTEM {
#define TYPEGRAD_ON_THRUST_END \
  }                            \
  }

// Where a function's loops are over a kernel's own constants.
#if TYPEGRAD_CUDA
#define TYPEGRAD_UNROLLED _Pragma("unroll")
#define TYPEGRAD_UNROLLED_BY_4 _Pragma("unroll 4")
#else
#define TYPEGRAD_UNROLLED
#define TYPEGRAD_UNROLLED_BY_4
#endif
