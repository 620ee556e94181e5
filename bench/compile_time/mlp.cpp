// SPDX-License-Identifier: BSL-1.0
// A perceptron of TYPEGRAD_BENCH_LAYERS layers, all but the last of 64 units.
#include "use.hpp"

#include <array>

template <int Layers>
struct perceptron : tg::layer<perceptron<Layers>> {
  std::array<tg::dense<64, tg::relu>, Layers - 1> hidden;
  tg::dense<10> last;
  constexpr tg::symbol call(tg::symbol x) {
    for (auto& each : hidden) x = each(x);
    return last(x);
  }
};

using net = tg::sequential<tg::input<64>, perceptron<TYPEGRAD_BENCH_LAYERS>>;

int main() {
  xt::xtensor<float, 2> const x = xt::random::randn<float>({64, 64});
  return use<net>(x);
}
