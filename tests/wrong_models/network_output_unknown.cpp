// SPDX-License-Identifier: BSL-1.0
// expect: there is no output "mian"; the outputs are "main", "auxiliary"
// within: 7
// clang: 13
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::named<"wide_in", 3>, tg::named<"deep_in", 5>>;
  tg::dense<4, tg::relu> hidden;
  tg::dense<1> head, auxiliary_head;
  constexpr auto call(tg::symbol wide, tg::symbol deep) {
    deep = hidden(deep);
    return tg::outputs(tg::output<"main">(head(tg::concatenate(wide, deep))),
                       tg::output<"auxiliary">(auxiliary_head(deep)));
  }
};

int main() {
  xt::xtensor<float, 2> const wide = xt::ones<float>({4, 3}), deep = xt::ones<float>({4, 5});
  tg::predictor<net> model;
  auto const both = model.predict({wide, deep});
  return static_cast<int>(both["mian"_n](0, 0));
}
