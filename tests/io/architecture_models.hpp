// SPDX-License-Identifier: BSL-1.0
// The models whose architectures are stored as Keras's JSON: architecture_*.json.
#pragma once

#include <typegrad/nn.hpp>

namespace architecture_models {

namespace tg = typegrad;

struct wide_and_deep : tg::network<wide_and_deep> {
  using inputs = tg::inputs<tg::named<"wide_in", 3>, tg::named<"deep_in", 5>>;
  tg::dense<30, tg::relu> deep_1, deep_2;
  tg::dense<1> head, auxiliary_head;
  constexpr auto call(tg::symbol wide, tg::symbol deep) {
    deep = deep_2(deep_1(deep));
    tg::symbol const main = head(tg::concatenate(wide, deep));
    return tg::outputs(tg::output<"main">(main), tg::output<"auxiliary">(auxiliary_head(deep)));
  }
};

using images = tg::sequential<
    tg::input<8, 8, 3>, tg::zero_padding2d<tg::sides<1, 0>, 1>,
    tg::conv2d<4, 3, tg::strides<2>, tg::relu, tg::l2(0.001f), tg::he_normal{}>,
    tg::batch_normalization<tg::momentum(0.9), tg::no_scale>,
    tg::separable_conv2d<6, tg::size<3, 2>, tg::same, tg::depth_multiplier<2>,
                         tg::pointwise_regularizer(tg::l1(0.25f))>,
    tg::frozen<tg::depthwise_conv2d<3, tg::same, tg::dilation_rate<2>, tg::no_bias>>,
    tg::activation<tg::leaky_relu(0.3f)>, tg::max_pooling2d<2, tg::strides<1>, tg::same>,
    tg::up_sampling2d<2, tg::bilinear>,
    tg::conv2d_transpose<4, 3, tg::strides<2>, tg::same, tg::output_padding<1>>,
    tg::cropping2d<tg::sides<1, 0>, 1>, tg::average_pooling2d<tg::size<2, 3>>,
    tg::group_normalization<2>, tg::spatial_dropout2d<0.25f>,
    tg::conv2d<4, 1, tg::groups<2>, tg::elu(0.5f)>, tg::gaussian_dropout<0.25f>,
    tg::global_average_pooling2d<tg::keepdims>, tg::flatten, tg::dense<3, tg::softmax>>;

using words = tg::sequential<
    tg::input<10, tg::dtype::int32>, tg::embedding<20, 6, tg::random_normal{.stddev = 0.5f}>,
    tg::conv1d<6, 3, tg::causal, tg::gelu>, tg::layer_normalization<tg::axis(0, 1)>,
    tg::einsum_dense<"abc,cd->abd", tg::output_extents<-1, 4>, tg::bias_axes<"d">, tg::tanh>,
    tg::gaussian_noise<0.125f>, tg::permute<2, 1>, tg::rms_normalization<tg::epsilon(1e-5)>,
    tg::max_pooling1d<2>, tg::conv1d_transpose<4, 2, tg::strides<2>>, tg::unit_normalization<>,
    tg::reshape<2, 2, 2, -1>, tg::conv3d<2, 2, tg::silu>,
    tg::activation<tg::relu({.max_value = 2, .negative_slope = 0.125f})>,
    tg::global_max_pooling3d<>, tg::repeat_vector<3>, tg::zero_padding1d<1>, tg::cropping1d<1>,
    tg::up_sampling1d<2>, tg::global_average_pooling1d<>, tg::identity, tg::dropout<0.5f>,
    tg::dense<4, tg::orthogonal{}, tg::bias_initializer(tg::constant<>{0.5f}), tg::sigmoid,
              tg::activity_regularizer(tg::l1_l2(0.5f, 0.25f))>>;

constexpr tg::symbol shares(tg::symbol x) { return tg::softmax(x); }

struct residual : tg::layer<residual> {
  tg::dense<8, tg::variance_scaling{.scale = 0.5f}> first, second;
  tg::batch_normalization<> normalization;
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol const y = second(tg::relu(normalization(first(x))));
    return tg::relu(tg::add(x, y));
  }
};

struct tower : tg::network<tower> {
  residual block;
  tg::sequential<tg::dense<8>, tg::lambda<shares>> rest;
  tg::dropout<0.5f> drop;
  constexpr auto call(tg::symbol x) {
    tg::symbol const y = block(x);
    return tg::outputs(tg::output<"mixed">(rest(y)), tg::output<"kept">(tg::add(y, drop(y))));
  }
};

constexpr tg::symbol gated(tg::symbol x) {
  return tg::sigmoid(tg::dense<4>{}(tg::leaky_relu(0.1f)(x)));
}
using squeeze = tg::functional<tg::inputs<tg::input<8>>, gated>;

struct many : tg::network<many> {
  using inputs = tg::inputs<tg::named<"left", 8>, tg::named<"right", 8>>;
  tower shared;
  squeeze gate;
  tg::submodel<wide_and_deep, "main"> other;
  tg::dense<3> head, wide;
  tg::dense<5> deep;
  constexpr auto call(tg::symbol left, tg::symbol right) {
    // One call a statement: C++ does not say which of a function's arguments comes first.
    auto const [a, x] = shared(left);
    auto const [b, y] = shared(right);
    tg::symbol const most = tg::maximum(a, b);
    tg::symbol const least = tg::minimum(a, b);
    tg::symbol const share = 1 - b;
    tg::symbol const first = reshape(x, {4, 2});
    tg::symbol const second = transpose(reshape(y, {2, 4}), {1, 0});
    tg::symbol const rows = tg::concatenate(tg::axis(0), first, second);
    tg::symbol const scaled = first * reshape(gate(x), {4, 1});
    tg::symbol const apart = most - least;
    tg::symbol const product = tg::multiply(a, share) / 4;
    tg::symbol const line = 2 * x + 3;
    tg::symbol const flat = reshape(rows, {16});
    tg::symbol const main = head(tg::concatenate(apart, product, line, flat, reshape(scaled, {8})));
    tg::symbol const to_wide = -wide(x);
    tg::symbol const to_deep = deep(y);
    return tg::outputs(tg::output<"main">(main), tg::output<"other">(other(to_wide, to_deep)));
  }
};

}  // namespace architecture_models
