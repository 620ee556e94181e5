// SPDX-License-Identifier: BSL-1.0
// Layers of one's own: a residual block, stacked by a loop, learns to tell two spirals apart.
#include <typegrad/typegrad.hpp>

#include <array>
#include <cmath>
#include <cstdio>

namespace tg = typegrad;

template <int Width>
struct residual : tg::layer<residual<Width>> {
  tg::dense<Width, tg::relu> widen;
  tg::dense<Width, tg::kernel_initializer(tg::zeros{})> back;  // at first a block does nothing
  constexpr tg::symbol call(tg::symbol x) { return x + back(widen(x)); }
};

template <int Width, int Blocks>
struct tower : tg::layer<tower<Width, Blocks>> {
  tg::dense<Width, tg::tanh> first;
  std::array<residual<Width>, Blocks> blocks;
  tg::dense<1, tg::sigmoid> last;
  constexpr tg::symbol call(tg::symbol x) {
    x = first(x);
    for (auto& block : blocks) x = block(x);
    return last(x);
  }
};

using net = tg::sequential<tg::input<2>, tower<24, 3>>;

int main() {
  constexpr std::size_t points = 1000;
  auto x = xt::xtensor<float, 2>::from_shape({points, 2});
  auto y = xt::xtensor<float, 1>::from_shape({points});
  for (std::size_t i = 0; i < points; ++i) {
    auto const t = static_cast<float>(i / 2) / (points / 2);
    float const side = i % 2 == 0 ? 1.0f : -1.0f;
    x(i, 0) = side * t * std::cos(9 * t);
    x(i, 1) = side * t * std::sin(9 * t);
    y(i) = i % 2 == 0 ? 1.0f : 0.0f;
  }
  auto model =
      tg::compile<net>(tg::adam{.learning_rate = 5e-3f}, tg::binary_crossentropy{}, tg::accuracy{});
  for (auto const& w : model.weights())
    std::printf("%-28s %5zu values\n", w.path.c_str(), w.values.size());
  auto const history = model.fit({x, y}, {.epochs = 100, .batch_size = 50, .verbose = false});
  std::printf("loss %.4f -> %.4f, accuracy %.3f\n", history["loss"].front(),
              history["loss"].back(), history["accuracy"].back());
}
