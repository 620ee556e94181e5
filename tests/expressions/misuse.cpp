// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>
#include <typegrad/expressions/xtensor.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/misuse.hpp"

namespace tg = typegrad;

TEST_CASE("misuse: extents that are known at run time only") {
  using rows = tg::tensor<float, tg::dynamic, 2>;
  using pair = tg::tensor<float, 2, 2>;
  std::vector<float> six{1, 2, 3, 4, 5, 6};
  xt::xtensor<float, 2> const square{{1, 2}, {3, 4}};
  rows const three(3), four(4);
  pair fixed{{1, 2}, {3, 4}};
  auto const view = tg::as_tensor<tg::dynamic, 2>(six);
  auto const one = tg::variable<"w", tg::shape<2>>({1, 2});
  auto const other = tg::variable<"w", tg::shape<2>>({1, 2});
  support::check<std::invalid_argument>(
      {{"an array of too few elements", [&] { tg::as_tensor<4, 2>(six); },
        "as_tensor: needs 8 elements for extents 4x2, got 6"},
       {"an array that is no whole number of rows", [&] { tg::as_tensor<tg::dynamic, 4>(six); },
        "as_tensor: needs a multiple of 4 elements for rows of extents 4, got 6"},
       {"an xtensor of another shape", [&] { tg::as_tensor<2, 3>(square); },
        "as_tensor: needs an array of shape 2x3, got 2x2"},
       {"braces that do not fit", [] { pair{{1, 2}, {3}}; },
        "tensor: axis 1 has length 2, got braces with 1 elements"},
       {"a negative number of rows", [] { rows(-3); },
        "tensor: needs no negative number of rows, got -3"},
       {"a position beyond the ends", [&] { fixed.at(2, 0); },
        "tensor: position 2 does not lie on axis 0 of length 2"},
       {"values of other numbers of rows in one expression", [&] { tg::evaluate(three + four); },
        "the dynamic first axes of an expression's values must be of one length, got 3 and 4"},
       {"an expression of other rows for a tensor of fixed extents", [&] { fixed = three * 1; },
        "tensor: an expression with 3 rows does not fit a tensor with 2"},
       {"an expression of other rows for somebody else's array", [&] { view = four * 1; },
        "as_tensor: an expression with 4 rows does not fit the array, which has others"},
       {"two variables of one name", [&] { tg::evaluate(one + other); },
        "an expression has two variables of one name and type; give them names of their own"}});
  CHECK(fixed(1, 0) == 3);
  CHECK(six[5] == 6);
}

TEST_CASE("misuse: random numbers that cannot be") {
  tg::random random(1);
  double const infinity = std::numeric_limits<double>::infinity();
  support::check<std::invalid_argument>(
      {{"uniform numbers from an empty range", [&] { random.uniform<double, 2>(1, 1); },
        "random: uniform needs finite numbers with low < high, got 1 and 1"},
       {"uniform numbers without an end", [&] { random.uniform<double, 2>(0, infinity); },
        "random: uniform needs finite numbers with low < high, got 0 and inf"},
       {"integers from an empty range", [&] { random.integers<int, 2>(3, 1); },
        "random: integers needs low < high, got 3 and 1"},
       {"a negative deviation", [&] { random.normal<double, 2>(0, -1); },
        "random: normal needs a finite deviation that is not negative, got -1"},
       {"a probability above 1", [&] { random.bernoulli<2>(1.5); },
        "random: bernoulli needs a probability from 0 to 1, got 1.5"}});
}
