// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace typegrad {

namespace detail {
inline std::atomic<int> thread_count{0};  // 0: not set
}

/// How many threads models use: what `set_threads` said, else OpenMP's maximum (OMP_NUM_THREADS or
/// the processors there are). Results do not depend on it.
inline int threads() {
  int const set = detail::thread_count.load(std::memory_order_relaxed);
  if (set > 0) return set;
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads for all models; 0 or less goes back to OpenMP's maximum.
inline void set_threads(int count) {
  detail::thread_count.store(count > 0 ? count : 0, std::memory_order_relaxed);
}

}  // namespace typegrad
