// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/inline.hpp>

#include <cstddef>
#include <utility>

namespace typegrad {

/// Calls f.operator()<I>() for I from First on, Count times, in blocks so that no fold grows long.
template <int Count, int First = 0, class F>
TYPEGRAD_INLINE constexpr void each_index(F const& f) {
  if constexpr (Count > 64) {
    each_index<Count / 2, First>(f);
    each_index<Count - Count / 2, First + Count / 2>(f);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      (f.template operator()<First + static_cast<int>(I)>(), ...);
    }(std::make_index_sequence<static_cast<std::size_t>(Count)>{});
  }
}

}  // namespace typegrad
