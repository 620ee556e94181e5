// SPDX-License-Identifier: BSL-1.0
// expect: while_loop: has no gradient, since the number of turns is only known at run time; use fori_loop
// clang: 18
#include <typegrad/expressions.hpp>

namespace tg = typegrad;

float f(tg::variable<"x", tg::shape<2>>& x) {
  auto const y = tg::while_loop([](auto v) { return tg::sum(v) < 100; },
                                [](auto v) { return 2 * v; }, 1 * x);
  return tg::evaluate(tg::sum(tg::gradient(tg::sum(y), x)));
}
