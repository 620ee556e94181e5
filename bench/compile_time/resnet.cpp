// SPDX-License-Identifier: BSL-1.0
// ResNet-TYPEGRAD_BENCH_LAYERS for images of 32x32, as in examples/cifar_resnet.cpp.
#include "use.hpp"

#include <array>

template <int Filters, int Size = 3, int Stride = 1>
struct convolution : tg::layer<convolution<Filters, Size, Stride>> {
  tg::conv2d<Filters, Size, tg::strides<Stride>, tg::same, tg::no_bias, tg::he_normal{},
             tg::l2(1e-4f)>
      convolve;
  tg::batch_normalization<tg::momentum(0.9)> normalize;
  constexpr tg::symbol call(tg::symbol x) { return normalize(convolve(x)); }
};

template <int Filters, int Stride = 1>
struct residual_block : tg::layer<residual_block<Filters, Stride>> {
  convolution<Filters, 3, Stride> first;
  convolution<Filters> second;
  convolution<Filters, 1, Stride> shortcut;  // has weights only where it is called
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol const y = second(tg::relu(first(x)));
    if (x.shape() != y.shape()) x = shortcut(x);
    return tg::relu(x + y);
  }
};

template <int Filters, int Stride, int Blocks>
struct stage : tg::layer<stage<Filters, Stride, Blocks>> {
  residual_block<Filters, Stride> first;
  std::array<residual_block<Filters>, Blocks - 1> others;
  constexpr tg::symbol call(tg::symbol x) {
    x = first(x);
    for (auto& block : others) x = block(x);
    return x;
  }
};

template <int Depth, int Blocks = (Depth - 2) / 6>
using resnet = tg::sequential<tg::input<32, 32, 3>, convolution<16>, tg::activation<tg::relu>,
                              stage<16, 1, Blocks>, stage<32, 2, Blocks>, stage<64, 2, Blocks>,
                              tg::global_average_pooling2d<>, tg::dense<10, tg::l2(1e-4f)>>;

int main() {
  xt::xtensor<float, 4> const x = xt::random::randn<float>({64, 32, 32, 3});
  return use<resnet<TYPEGRAD_BENCH_LAYERS>>(x);
}
