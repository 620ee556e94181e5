// SPDX-License-Identifier: BSL-1.0
#include <typegrad/typegrad.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

// Layers with loops, tables and order in them are built, trained and used like others.

namespace {

namespace tg = typegrad;

/// A sequence to its last state. The layer within is built where it is called first.
template <int Units>
struct simple_recurrent : tg::layer<simple_recurrent<Units>> {
  tg::dense<Units> of_input;
  tg::dense<Units> of_state;
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol const start = tg::build::constant(x.owner(), 0, tg::dtype::float32, {Units});
    return tg::scan(
               [&](tg::symbol state, tg::symbol part) -> tg::scan_step {
                 return {{tg::tanh(of_input(part) + of_state(state))}, {}};
               },
               start, x)
        .carry[0];
  }
};

using counts = tg::sequential<tg::input<12, tg::dtype::int32>, tg::embedding<5, 8>,
                              simple_recurrent<24>, tg::dense<1>>;
static_assert(tg::parameter_count<counts> == 5 * 8 + (8 * 24 + 24) + (24 * 24 + 24) + 25);

}  // namespace

TEST_CASE("a recurrent layer learns to count", "[training]") {
  constexpr std::size_t samples = 512, length = 12;
  xt::xtensor<int, 2> x({samples, length});
  xt::xtensor<float, 2> y({samples, 1});
  unsigned state = 1;
  for (std::size_t i = 0; i < samples; ++i) {
    float twos = 0;
    for (std::size_t t = 0; t < length; ++t) {
      state = state * 1664525U + 1013904223U;
      x(i, t) = static_cast<int>((state >> 16) % 5);
      twos += x(i, t) == 2 ? 1.0F : 0.0F;
    }
    y(i, 0) = twos;
  }
  auto model = tg::compile<counts>(tg::adam{.learning_rate = 3e-3F}, tg::mean_squared_error{});
  model.initialize(3);
  auto const history = model.fit({x, y}, {.epochs = 25, .batch_size = 32, .verbose = false});
  CHECK(history["loss"].back() < 0.1F * history["loss"].front());
  auto const predicted = model.predict(x);
  float worst = 0;
  for (std::size_t i = 0; i < samples; ++i)
    worst = std::max(worst, std::abs(predicted(i, 0) - y(i, 0)));
  CHECK(worst < 2);
}
