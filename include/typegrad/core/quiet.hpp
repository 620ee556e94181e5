// SPDX-License-Identifier: BSL-1.0
#pragma once

// g++ 12 warns that its own AVX-512 intrinsics use a value before it is set (they say so by design:
// _mm512_undefined_ps). The warnings name the intrinsic but appear wherever it is inlined, so code
// that calls xsimd stands between these two. nvcc's front end warns of GCC's own pragmas.

#if defined(__CUDACC__)
#define TYPEGRAD_QUIET_BEGIN _Pragma("nv_diagnostic push") _Pragma("nv_diag_suppress 445,1675")
#define TYPEGRAD_QUIET_END _Pragma("nv_diagnostic pop")
#elif defined(__GNUC__) && !defined(__clang__)
#define TYPEGRAD_QUIET_BEGIN                                    \
  _Pragma("GCC diagnostic push")                                \
  _Pragma("GCC diagnostic ignored \"-Wuninitialized\"")         \
  _Pragma("GCC diagnostic ignored \"-Wmaybe-uninitialized\"")
#define TYPEGRAD_QUIET_END _Pragma("GCC diagnostic pop")
#else
#define TYPEGRAD_QUIET_BEGIN
#define TYPEGRAD_QUIET_END
#endif
