// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/machine_limits.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace typegrad::inference_detail {

template <int = 0>
double median_of(std::vector<double> values) {
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What was measured of a step.
struct step_times {
  /// What is launched together: steps [first, first + count) of the program. What follows the
  /// program (the optimizer) has no steps.
  struct part {
    int first = 0, count = 0;
    double seconds = 0;
  };
  std::vector<part> parts;
  double seconds = 0;  ///< of a whole step
  int runs = 0;        ///< that these are medians of
  machine_limits limits;
  std::string device;  ///< its name; empty if it is the host's processor
};

}  // namespace typegrad::inference_detail
