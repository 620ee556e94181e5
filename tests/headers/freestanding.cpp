// SPDX-License-Identifier: BSL-1.0
// A model that runs without exceptions, RTTI, heap and xtensor: what a microcontroller's program is.
#include <typegrad/nn.hpp>

#include <typegrad/compiler/layout.hpp>
#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/cpu/run.hpp>

#include <algorithm>
#include <cstdio>

namespace tg = typegrad;

using net = tg::sequential<tg::input<4>, tg::dense<8, tg::relu>, tg::dense<3>>;

struct prediction {
  static constexpr tg::graph build() { return tg::trace<net>(); }
};
using step = tg::program<prediction>;

constexpr auto arena_size = tg::on_cpu::arena_bytes<step>(/*batch_size=*/2, /*threads=*/1);
constexpr auto weight_count = tg::weight_layout(prediction::build()).back();

alignas(64) std::byte arena[arena_size];
alignas(64) float weights[static_cast<std::size_t>(weight_count)];

int main() {
  std::fill(std::begin(weights), std::end(weights), 0.5f);
  float const x[2][4] = {{1, 1, 1, 1}, {-1, -1, -1, -1}};
  float y[2][3] = {};
  void const* const inputs[] = {x};
  void* const outputs[] = {y};
  tg::on_cpu::run<step>(
      {.batch_size = 2, .inputs = inputs, .weights = weights, .outputs = outputs, .arena = arena});
  // hidden 4 * 0.5 + 0.5 = 2.5 and relu(-1.5) = 0; then 8 * 2.5 * 0.5 + 0.5 and 0.5
  std::printf("%g %g\n", y[0][2], y[1][2]);
  return y[0][2] == 10.5f && y[1][2] == 0.5f ? 0 : 1;
}
