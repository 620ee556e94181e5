// SPDX-License-Identifier: BSL-1.0
// What it costs to include all of typegrad and to use nothing of it.
#include <typegrad/typegrad.hpp>
#ifdef __CUDACC__
#include <typegrad/cuda.hpp>
#endif
