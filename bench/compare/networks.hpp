// SPDX-License-Identifier: BSL-1.0
#pragma once
// The models of the comparison; torch_worker.py, torch_cnn.py and jax_worker.py have the same ones.
#include <typegrad/typegrad.hpp>

#include <array>

namespace networks {

namespace tg = typegrad;

using small_mlp = tg::sequential<tg::input<784>, tg::dense<128, tg::relu>, tg::dense<10>>;
using large_mlp = tg::sequential<tg::input<784>, tg::dense<512, tg::relu>,
                                 tg::dense<256, tg::relu>, tg::dense<10>>;

using lenet5 = tg::sequential<
    tg::input<28, 28, 1>,
    tg::conv2d<6, 5, tg::same, tg::relu>,
    tg::max_pooling2d<2>,
    tg::conv2d<16, 5, tg::relu>,
    tg::max_pooling2d<2>,
    tg::flatten,
    tg::dense<120, tg::relu>,
    tg::dense<84, tg::relu>,
    tg::dense<10>>;

using keras_cnn = tg::sequential<
    tg::input<28, 28, 1>,
    tg::conv2d<32, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::conv2d<64, 3, tg::relu>,
    tg::max_pooling2d<2>,
    tg::flatten,
    tg::dropout<0.5f>,
    tg::dense<10>>;

/// A convolution and its batch normalization, with PyTorch's defaults. Where the stride is 2, Keras's
/// `same` has its border of zeros at the end, and PyTorch at the beginning: the same work.
template <int Filters, int Size = 3, int Stride = 1>
struct convolution : tg::layer<convolution<Filters, Size, Stride>> {
  tg::conv2d<Filters, Size, tg::strides<Stride>, tg::same, tg::no_bias> conv;
  tg::batch_normalization<tg::momentum(0.9), tg::epsilon(1e-5)> normalize;
  constexpr tg::symbol call(tg::symbol x) { return normalize(conv(x)); }
};

template <int Filters, int Stride = 1>
struct residual_block : tg::layer<residual_block<Filters, Stride>> {
  convolution<Filters, 3, Stride> first;
  convolution<Filters> second;
  convolution<Filters, 1, Stride> shortcut;
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

using resnet18 = tg::sequential<
    tg::input<32, 32, 3>,
    convolution<64>,
    tg::activation<tg::relu>,
    stage<64, 1, 2>,
    stage<128, 2, 2>,
    stage<256, 2, 2>,
    stage<512, 2, 2>,
    tg::global_average_pooling2d<>,
    tg::dense<10>>;

}  // namespace networks
