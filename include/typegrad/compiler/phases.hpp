// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step.hpp>

// What the phases of a row program have to do, for every evaluator's kernel of rows.

namespace typegrad {

/// Which instructions a phase of a row must compute as vectors: what its reductions and stores
/// need and what later phases find in the cache.
template <class Body>
struct phase_needs {
  bool wanted[Body::info.phases][Body::count > 0 ? Body::count : 1] = {};
  bool any[Body::info.phases] = {};

  constexpr phase_needs() {
    for (int phase = 0; phase < Body::info.phases; ++phase) {
      for (int i = 0; i < Body::count; ++i) {
        instruction const& n = Body::at(i);
        if (is_reduction(n.code) && n.phase == phase + 1) want(phase, n.a), any[phase] = true;
        if (n.cached && n.phase == phase) want(phase, i);
      }
      for (int k = 0; k < Body::info.store_count; ++k) {
        store const& x = Body::store_at(k);
        if (!Body::stores_along_inner(x) || Body::at(x.value).phase != phase) continue;
        want(phase, x.value);
        any[phase] = true;
      }
    }
  }

 private:
  constexpr void want(int phase, int i) {
    instruction const& n = Body::at(i);
    if (!n.varies || wanted[phase][i]) return;
    wanted[phase][i] = true;
    if (n.cached && n.phase < phase) return;  // it is loaded
    any[phase] = true;
    if (n.a >= 0) want(phase, n.a);
    if (n.b >= 0) want(phase, n.b);
    if (n.c >= 0) want(phase, n.c);
  }
};

}  // namespace typegrad
