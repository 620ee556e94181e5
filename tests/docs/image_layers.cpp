// SPDX-License-Identifier: BSL-1.0
// The layers for images and sequences that docs/keras_cheat_sheet.md shows; built and run by the
// tests.
#include <typegrad/typegrad.hpp>

#include <cstdio>

namespace tg = typegrad;

using images = tg::sequential<
    tg::input<28, 28, 1>,
    tg::zero_padding2d<tg::sides<1, 0>, tg::sides<0, 2>>,
    tg::conv2d<8, 3, tg::same, tg::relu>,
    tg::max_pooling2d<3, tg::strides<2>, tg::same>,
    tg::conv2d<8, 3, tg::dilation_rate<2>, tg::groups<4>>,
    tg::depthwise_conv2d<3, tg::depth_multiplier<2>>,
    tg::average_pooling2d<tg::size<2, 3>>,
    tg::separable_conv2d<8, 3, tg::same, tg::pointwise_regularizer(tg::l2(1e-4f))>,
    tg::conv2d_transpose<8, 3, tg::strides<2>, tg::same, tg::output_padding<1>>,
    tg::cropping2d<tg::sides<1, 0>, 2>,
    tg::conv2d<8, tg::size<3, 5>, tg::strides<2>, tg::no_bias, tg::same>,
    tg::global_average_pooling2d<>,
    tg::dense<3>>;
static_assert(tg::parameter_count<images> == 80 + 152 + 160 + 144 + 136 + 584 + 960 + 27);

template <class... Layers>
using shape_of = tg::output_shape<tg::sequential<tg::input<28, 28, 4>, Layers...>>;
static_assert(std::same_as<shape_of<tg::max_pooling2d<>>, tg::shape<14, 14, 4>>);
static_assert(std::same_as<shape_of<tg::zero_padding2d<1>>, tg::shape<30, 30, 4>>);
static_assert(std::same_as<shape_of<tg::zero_padding2d<1, 2>>, tg::shape<30, 32, 4>>);
static_assert(std::same_as<shape_of<tg::global_max_pooling2d<tg::keepdims>>, tg::shape<1, 1, 4>>);
static_assert(std::same_as<shape_of<tg::up_sampling2d<2, tg::bilinear>>, tg::shape<56, 56, 4>>);

using sequence = tg::sequential<tg::input<100, 3>, tg::conv1d<16, 3, tg::causal>>;
static_assert(std::same_as<tg::output_shape<sequence>, tg::shape<100, 16>>);

int main() {
  // 64 images of which the bright place is at the left, in the middle or at the right; they have no
  // axis of channels.
  xt::xtensor<float, 3> x = 0.1F * xt::random::randn<float>({64, 28, 28});
  xt::xtensor<std::int32_t, 1> y = xt::zeros<std::int32_t>({64});
  for (int i = 0; i < 64; ++i) {
    y(i) = i % 3;
    xt::view(x, i, xt::all(), xt::range(9 * (i % 3), 9 * (i % 3) + 9)) += 1.0F;
  }
  auto model = tg::compile<images>(tg::adam{.learning_rate = 5e-3f},
                                   tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                   tg::accuracy{});
  model.initialize(/*seed=*/1);
  model.fit({x, y}, {.epochs = 30, .batch_size = 16, .verbose = false});
  auto const [loss, accuracy] = model.evaluate({x, y});
  std::printf("loss %.3f, accuracy %.3f\n", loss, accuracy);
  return accuracy > 0.9f ? 0 : 1;
}
