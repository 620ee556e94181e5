// SPDX-License-Identifier: BSL-1.0
// expect: there is no input "lefd"; the inputs are "left", "right"
// within: 7
// lines: 11
// clang: 16
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::named<"left", 3>, tg::named<"right", 3>>;
  tg::dense<1> a;
  constexpr tg::symbol call(tg::symbol x, tg::symbol y) { return a(x * y); }
};
int main() {
  tg::predictor<net> model;
  xt::xtensor<float, 2> const x = xt::ones<float>({4, 3});
  auto const slopes = model.gradient([](tg::symbol y) { return sum(y); }, {x, x});
  return static_cast<int>(slopes.input("lefd"_n)(0, 0));
}
