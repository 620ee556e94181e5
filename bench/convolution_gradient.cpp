// SPDX-License-Identifier: BSL-1.0
// The kernel gradients of LeNet-5's, the Keras CNN's and residual networks' convolutions, and the
// three faces of depthwise ones, by batch and threads. FLOPS counts the products that a window
// makes with elements of x, not those with padding; it stands beside that of bench_gemm's fma_peak.
#include "convolution.hpp"

namespace {

template <convolution_shape S>
void kernel_gradient(benchmark::State& state) {
  std::int64_t const batch = state.range(0);
  face<tg::on_cpu::convolution_kernel<S, float>>(state, S, batch * S.x_size(), batch * S.y_size(),
                                                 S.k_size(), S.filters);
}
template <convolution_shape S>
void depthwise_forward(benchmark::State& state) {
  std::int64_t const batch = state.range(0);
  face<tg::on_cpu::depthwise_forward<S, float>>(state, S, batch * S.x_size(), S.k_size(),
                                                batch * S.y_size(), S.filters);
}
template <convolution_shape S>
void depthwise_input(benchmark::State& state) {
  std::int64_t const batch = state.range(0);
  face<tg::on_cpu::depthwise_input<S, float>>(state, S, batch * S.y_size(), S.k_size(),
                                              batch * S.x_size(), S.filters);
}

}  // namespace

#define ROWS(FACE, NAME, ...) \
  BENCHMARK(FACE<square(__VA_ARGS__)>)->Name(#FACE "/" NAME)->Apply(batches<32, 128>)

ROWS(kernel_gradient, "lenet_1", 28, 1, 6, 5, true);
ROWS(kernel_gradient, "lenet_2", 14, 6, 16, 5, false);
ROWS(kernel_gradient, "keras_1", 28, 1, 32, 3, false);
ROWS(kernel_gradient, "keras_2", 13, 32, 64, 3, false);
ROWS(kernel_gradient, "stem_16", 32, 3, 16, 3, true);
ROWS(kernel_gradient, "stem_64", 32, 3, 64, 3, true);
ROWS(kernel_gradient, "16@32", 32, 16, 16, 3, true);
ROWS(kernel_gradient, "32@16", 16, 32, 32, 3, true);
ROWS(kernel_gradient, "64@8", 8, 64, 64, 3, true);
ROWS(kernel_gradient, "64@32", 32, 64, 64, 3, true);
ROWS(kernel_gradient, "128@16_stride_2", 32, 64, 128, 3, true, 2);
ROWS(kernel_gradient, "128@16_1x1_stride_2", 32, 64, 128, 1, true, 2);
ROWS(kernel_gradient, "128@16", 16, 128, 128, 3, true);
ROWS(kernel_gradient, "256@8", 8, 256, 256, 3, true);
ROWS(kernel_gradient, "512@4", 4, 512, 512, 3, true);
ROWS(kernel_gradient, "depthwise_128@16", 16, 128, 128, 3, true, 1, 128);
ROWS(depthwise_forward, "128@16", 16, 128, 128, 3, true, 1, 128);
ROWS(depthwise_forward, "128@16_stride_2", 16, 128, 128, 3, true, 2, 128);
ROWS(depthwise_input, "128@16", 16, 128, 128, 3, true, 1, 128);
ROWS(depthwise_input, "128@16_stride_2", 16, 128, 128, 3, true, 2, 128);

BENCHMARK_MAIN();
