// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/sliding.hpp>

namespace typegrad::detail {

/// A template argument as amounts; amounts of -1 if it is none.
template <class T>
constexpr axis_ends ends_of(T const& amount) {
  if constexpr (std::same_as<T, axis_ends>)
    return amount;
  else if constexpr (std::integral<T> && !std::same_as<T, bool>)
    return {static_cast<std::int64_t>(amount), static_cast<std::int64_t>(amount)};
  else
    return {-1, -1};
}

template <class... Amounts>
void write_ends(config_writer& w, std::string_view key, int spatial, std::int64_t usual,
                Amounts const&... amounts) {
  axis_ends const given[] = {{usual, usual}, ends_of(amounts)...};
  constexpr int count = static_cast<int>(sizeof...(amounts));
  std::int64_t each[2 * max_spatial] = {};
  for (int i = 0; i < spatial; ++i) {
    axis_ends const& e = given[count == 0 ? 0 : count == 1 ? 1 : 1 + i];
    each[2 * i] = e.before;
    each[2 * i + 1] = e.after;
  }
  w.integers(key, each, 2 * spatial, spatial == 1 ? 0 : 2);
}

/// The amounts that a layer has before and after each axis of its input, as its template arguments
/// say: one for all spatial axes, or one for each; `usual` if there are none. `problem` tells if
/// they do not fit.
struct borders {
  extents before, after;
  diagnosis problem;

  template <class... Amounts>
  constexpr borders(int spatial, extents const& input, std::int64_t usual,
                    Amounts const&... amounts) {
    axis_ends const given[] = {{usual, usual}, ends_of(amounts)...};
    int const count = static_cast<int>(sizeof...(amounts));
    set(spatial, input, count == 0 ? given : given + 1, count == 0 ? 1 : count);
  }

 private:
  constexpr void set(int spatial, extents const& input, axis_ends const* given, int count) {
    problem = rank_problem(spatial, input);
    if (problem.empty() && count != 1 && count != spatial)
      problem = spatial == 1
                    ? sentence("needs 1 amount, a number or sides<before, after>, got ", count)
                    : sentence("needs 1 amount, or ", spatial,
                               " of them, each a number or sides<before, after>, got ", count);
    for (int i = 0; problem.empty() && i < spatial; ++i) {
      axis_ends const e = given[count == 1 ? 0 : i];
      if (e.before < 0 || e.after < 0)
        problem = sentence("each amount is a number or sides<before, after>, not negative; amount ",
                           count == 1 ? 1 : i + 1, " is not");
      before.push_back(e.before);
      after.push_back(e.after);
    }
    before.push_back(0);
    after.push_back(0);
  }
};

}  // namespace typegrad::detail
