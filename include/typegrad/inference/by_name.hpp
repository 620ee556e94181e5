// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/diagnosis.hpp>
#include <typegrad/core/name.hpp>

#include <tuple>
#include <utility>

namespace typegrad {

/// Values under names that the compiler knows, in any order: what `by_name` makes. It refers to
/// those that are no temporaries.
template <class... Named>
struct named_values {
  std::tuple<Named...> values;
};

/// Data for inputs or outputs by their names: `by_name("deep_in"_n = deep, "wide_in"_n = wide)`.
template <a_named_value... Named>
named_values<Named...> by_name(Named... each) {
  return {std::tuple<Named...>(std::forward<Named>(each)...)};
}

/// What has no name is told so.
template <class... X>
requires(!(a_named_value<X> && ...))
auto by_name(X const&... each) {
  static_assert(is_right<sizeof...(each)>,
                "by_name: needs values under names, by_name(\"x\"_n = x), after using namespace "
                "typegrad::literals");
  return (each, ...);  // so that there is no second error
}

}  // namespace typegrad
