// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/reference/interpreter.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

// Values held against the reference evaluator's.

namespace support {

/// Where `got` differs from what is expected, as a sentence; empty if it does not. `exact` is the
/// same value in double arithmetic: how far `expected` is from it says how well it is conditioned.
inline std::string difference(typegrad::reference::values const& got,
                              typegrad::reference::values const& expected,
                              typegrad::reference::values const& exact, typegrad::dtype type) {
  if (got.size() != expected.size())
    return std::to_string(got.size()) + " elements instead of " + std::to_string(expected.size());
  double largest = 0;
  double rounding = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(expected[i])) continue;
    largest = std::max(largest, std::abs(expected[i]));
    if (std::isfinite(exact[i])) rounding = std::max(rounding, std::abs(expected[i] - exact[i]));
  }
  double const tolerance = typegrad::is_floating(type) ? 2e-5 * largest + 20 * rounding + 1e-6 : 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    bool const same = std::isnan(expected[i])   ? std::isnan(got[i])
                      : std::isinf(expected[i]) ? got[i] == expected[i]
                                                : std::abs(got[i] - expected[i]) <= tolerance;
    if (!same)
      return "element " + std::to_string(i) + " is " + std::to_string(got[i]) + " instead of " +
             std::to_string(expected[i]) + " (in double " + std::to_string(exact[i]) + ")";
  }
  return {};
}

/// The same for all outputs of a graph.
inline std::string difference(std::vector<typegrad::reference::values> const& got,
                              std::vector<typegrad::reference::values> const& expected,
                              std::vector<typegrad::reference::values> const& exact,
                              typegrad::graph const& g) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    std::string const what =
        difference(got[i], expected[i], exact[i], g[g.outputs[static_cast<int>(i)]].type);
    if (!what.empty()) return "output " + std::to_string(i) + ": " + what;
  }
  return {};
}

/// Whether two results are the same bits, NaNs included.
inline bool identical(std::vector<typegrad::reference::values> const& a,
                      std::vector<typegrad::reference::values> const& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return false;
    if (!a[i].empty() && std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(double)) != 0)
      return false;
  }
  return true;
}

}  // namespace support
