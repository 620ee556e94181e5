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
template <class First, class... Others>
requires(!(a_named_value<First> && (a_named_value<Others> && ...)))
First const& by_name(First const& first, Others const&...) {
  static_assert(is_right<sizeof(First)>,
                "by_name: needs values under names, by_name(\"x\"_n = x), after using namespace "
                "typegrad::literals");
  return first;  // so that there is no second error
}

}  // namespace typegrad
