// SPDX-License-Identifier: BSL-1.0
// expect: samples: there is no target "mian"; the targets are "main", "auxiliary"
// clang: 14
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
  xt::xtensor<float, 1> const y = xt::ones<float>({4});
  auto model = tg::compile<net>(tg::sgd{}, tg::mean_squared_error{});
  model.fit({tg::by_name("wide_in"_n = wide, "deep_in"_n = deep),
             tg::by_name("mian"_n = y, "auxiliary"_n = y)});
}
