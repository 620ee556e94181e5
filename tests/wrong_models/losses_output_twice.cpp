// SPDX-License-Identifier: BSL-1.0
// expect: compile: losses: output "main" has two losses
// within: 7
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
  auto model = tg::compile<net>(
      tg::sgd{}, tg::losses("main"_n = tg::mean_squared_error{}, "main"_n = tg::huber{}));
  model.initialize(1);
}
