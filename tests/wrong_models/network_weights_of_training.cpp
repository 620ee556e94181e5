// SPDX-License-Identifier: BSL-1.0
// expect: compile: the model has other weights in training than outside of it; call every layer
// within: 7
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::input<3>>;
  tg::dense<3> extra;
  tg::dense<1> head;
  constexpr tg::symbol call(tg::symbol x) {
    if (training()) x = extra(x);
    return head(x);
  }
};

int main() {
  auto model = tg::compile<net>(tg::sgd{}, tg::mean_squared_error{});
  return static_cast<int>(model.step());
}
