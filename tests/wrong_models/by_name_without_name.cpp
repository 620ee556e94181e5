// SPDX-License-Identifier: BSL-1.0
// expect: by_name: needs values under names, by_name("x"_n = x), after using namespace typegrad::literals
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<3>>;
int main() {
  xt::xtensor<float, 2> const x = xt::ones<float>({8, 4});
  auto model = tg::compile<net>(tg::adam{}, tg::mean_squared_error{});
  model.predict(tg::by_name(x));
}
