// SPDX-License-Identifier: BSL-1.0
// expect: compile: "val_loss" is the name of loss in validation; give the output or the metric another name
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>>;
  tg::dense<1> a, b;
  constexpr auto call(tg::symbol x) {
    tg::symbol const p = a(x);
    tg::symbol const q = b(x);
    return tg::outputs(tg::output<"val">(p), tg::output<"other">(q));
  }
};

int main() {
  auto model = tg::compile<net>(tg::sgd{}, tg::mean_squared_error{});
  return static_cast<int>(model.step());
}
