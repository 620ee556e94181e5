// SPDX-License-Identifier: BSL-1.0
// expect: predict: data is an array of numbers, an xtensor or a std::vector, or several of them in braces; got samples_of_mine
// clang: 12
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

struct samples_of_mine {};
using net = tg::sequential<tg::input<8>, tg::dense<3>>;
int main() {
  tg::predictor<net> model;
  auto const y = model.predict(samples_of_mine{});
  return static_cast<int>(y(0, 0));
}
