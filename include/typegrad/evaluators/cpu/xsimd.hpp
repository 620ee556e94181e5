// SPDX-License-Identifier: BSL-1.0
// xsimd, in the one place where it is included.
#pragma once

// nvcc hands xsimd's shuffle by __builtin_shufflevector to g++ with its pack unexpanded; where this
// is defined, to whatever value, xsimd uses its general one.
#if defined(__CUDACC__) && !defined(XSIMD_WITH_EMULATED)
#define XSIMD_WITH_EMULATED 0
#endif

#include <xsimd/xsimd.hpp>
