// SPDX-License-Identifier: BSL-1.0
#pragma once

// Before a loop of a constant number of steps: unroll it wholly, also at -O2, so that the arrays it
// indexes become registers.
// TYPEGRAD_NO_UNROLL: leave a loop as it is written.
#if defined(__clang__)
#define TYPEGRAD_UNROLL _Pragma("clang loop unroll(full)")
#define TYPEGRAD_NO_UNROLL _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define TYPEGRAD_UNROLL _Pragma("GCC unroll 64")
#define TYPEGRAD_NO_UNROLL _Pragma("GCC unroll 1")
#else
#define TYPEGRAD_UNROLL
#define TYPEGRAD_NO_UNROLL
#endif
