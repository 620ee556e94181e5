// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace typegrad {

/// The two limits of what a program runs on: what a kernel's time is compared with.
struct machine_limits {
  double flops = 0;  ///< floating-point operations a second: fused multiply-adds, twice
  double bytes = 0;  ///< bytes a second, read and written, of copies that no cache holds
};

}  // namespace typegrad
