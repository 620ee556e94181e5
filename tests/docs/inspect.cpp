// SPDX-License-Identifier: BSL-1.0
// The snippets of docs/inspect.md.
#include <typegrad/typegrad.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace tg = typegrad;

using net = tg::sequential<
    tg::input<28, 28, 1>,
    tg::conv2d<32, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::flatten,
    tg::dense<64, tg::relu>,
    tg::dense<10>>;

static_assert(tg::multiply_adds<net> == 26 * 26 * 9 * 32 + 13 * 13 * 32 * 64 + 64 * 10);
static_assert(tg::arena_bytes<net, tg::batch<1>> < 110'000);

void inspect() {
  tg::print<net>({.batch_size = 32});
  tg::draw_passes<net>("passes", ".dot");
}

void profile(xt::xtensor<float, 3> const& x, xt::xtensor<std::int32_t, 1> const& y) {
  auto model = tg::compile<net>(tg::adam{}, tg::sparse_categorical_crossentropy<tg::from_logits>{});
  tg::step_profile const step = model.profile(x, y, {.batch_size = 128});
  step.print();
  step.save_trace("step.json");
  step.plot("step.svg");
}

struct logarithm : tg::layer<logarithm> {
  constexpr tg::symbol call(tg::symbol x) { return log(x); }
};
using wrong = tg::sequential<tg::input<4>, tg::dense<8>, logarithm, tg::dense<1>>;

void fail() {
  auto model = tg::compile<wrong>(tg::sgd{}, tg::mean_squared_error{});
  try {
    model.train_on_batch(xt::ones<float>({3, 4}), xt::zeros<float>({3, 1}));
  } catch (std::runtime_error const& e) {
    std::puts(e.what());
  }
}

int main() {
  xt::random::seed(1);
  inspect();
  profile(xt::random::rand<float>({256, 28, 28}), xt::random::randint<std::int32_t>({256}, 0, 10));
  fail();
  for (std::string_view const name : {"passes/5_kernels.dot", "step.json", "step.svg"})
    if (!std::filesystem::exists(name)) return 1;
}
