// SPDX-License-Identifier: BSL-1.0
// Whether there is zlib: TYPEGRAD_HAS_ZLIB, 1 or 0, which the CMake target sets; without it, what
// the include path has.
#pragma once

#if !defined(TYPEGRAD_HAS_ZLIB)
#if __has_include(<zlib.h>)
#define TYPEGRAD_HAS_ZLIB 1
#else
#define TYPEGRAD_HAS_ZLIB 0
#endif
#endif
#if TYPEGRAD_HAS_ZLIB
#include <zlib.h>
#endif
