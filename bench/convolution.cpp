// SPDX-License-Identifier: BSL-1.0
// The convolutions of LeNet-5, the Keras CNN and residual networks, forward and backward to their
// input, by batch and threads. FLOPS counts the products that a window makes with elements of x,
// not those with padding; it stands beside that of bench_gemm's fma_peak. (The kernel's gradient:
// convolution_gradient.cpp.)
#include "convolution.hpp"

namespace {

template <convolution_shape S>
void forward(benchmark::State& state) {
  std::int64_t const batch = state.range(0);
  face<tg::on_cpu::convolution_forward<S, float>>(state, S, batch * S.x_size(), S.k_size(),
                                                  batch * S.y_size(), S.filters);
}
template <convolution_shape S>
void input(benchmark::State& state) {
  std::int64_t const batch = state.range(0);
  face<tg::on_cpu::convolution_input<S, float>>(state, S, batch * S.y_size(), S.k_size(),
                                                batch * S.x_size(), S.channels);
}

}  // namespace

#define ROW(FACE, NAME, ...) \
  BENCHMARK(FACE<square(__VA_ARGS__)>)->Name(#FACE "/" NAME)->Apply(batches<1, 32, 128>)
#define ROWS(NAME, ...)            \
  ROW(forward, NAME, __VA_ARGS__); \
  ROW(input, NAME, __VA_ARGS__)

ROW(forward, "lenet_1", 28, 1, 6, 5, true);
ROWS("lenet_2", 14, 6, 16, 5, false);
ROW(forward, "keras_1", 28, 1, 32, 3, false);
ROWS("keras_2", 13, 32, 64, 3, false);
ROW(forward, "stem_16", 32, 3, 16, 3, true);
ROW(forward, "stem_64", 32, 3, 64, 3, true);
ROWS("16@32", 32, 16, 16, 3, true);
ROWS("32@16_stride_2", 32, 16, 32, 3, true, 2);
ROWS("32@16", 16, 32, 32, 3, true);
ROWS("64@8", 8, 64, 64, 3, true);
ROWS("64@32", 32, 64, 64, 3, true);
ROWS("128@16_stride_2", 32, 64, 128, 3, true, 2);
ROWS("128@16_1x1_stride_2", 32, 64, 128, 1, true, 2);
ROWS("128@16", 16, 128, 128, 3, true);
ROWS("256@8", 8, 256, 256, 3, true);
ROWS("512@4", 4, 512, 512, 3, true);

BENCHMARK_MAIN();
