// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>

// Shapes with so few channels or filters that they leave most of a vector's lanes empty.

using namespace convolution_test;

namespace {

template <convolution_shape S, class T = float>
constexpr bool in_columns = cpu::convolution_input<S, T>::in_columns;

constexpr convolution_shape lenet_2 = conv2(axis(14, 5), axis(14, 5), 6, 16);

template <convolution_shape S, class T = float>
void check_batches() {
  for (std::int64_t const batch : {0, 1, 3}) check<S, T>(batch, 3);
}

}  // namespace

TEST_CASE("the cost model: input gradients whose columns are taps and channels", "[convolution]") {
  constexpr auto pays = [](convolution_shape const& s, int width, int split) {
    return cpu::detail::input_cost::of(s, width, split).pays();
  };
  static_assert(pays(lenet_2, 16, 2));
  static_assert(pays(lenet_2, 8, 1));
  static_assert(pays(conv2(axis(14, 5), axis(14, 5), 20, 50), 16, 1));
  // Channels that fill vectors, where little padding is read.
  static_assert(!pays(conv2(axis(32, 3), axis(32, 3), 64, 64), 16, 1));
  // Few filters: summing up costs as much as the product.
  static_assert(!pays(conv2(axis(28, 5), axis(28, 5), 6, 1), 16, 2));
  static_assert(in_columns<lenet_2> || cpu::detail::width<float, xsimd::default_arch> < 8);
}

TEST_CASE("input gradients with few channels", "[convolution]") {
  check_batches<lenet_2>();
  check<lenet_2>(40, 3, input);
  check<lenet_2>(3, 1, input, true);
  check_batches<conv2(axis(9, 4), axis(11, 5), 5, 9)>();
  check_batches<conv2(axis(9, 2, {.stride = 2}), axis(13, 5, {.stride = 2}), 6, 8)>();
  check_batches<conv2(axis(9, 3, {.low = 1, .high = 1}), axis(10, 4, {.low = 1, .high = 2}), 5, 16)>();
  check_batches<conv2(same(7, 3, 2, 1), same(12, 7, 3), 7, 16)>();
  check_batches<conv2(axis(9, 3, {.dilation = 2}), axis(12, 3, {.dilation = 3}), 18, 20)>();
  check_batches<conv3(axis(4, 2), axis(5, 3, {.low = 1}), axis(7, 4), 4, 16)>();
  check_batches<conv1(axis(15, 6), 17, 33)>();
  check_batches<lenet_2, double>();
  check_batches<conv2(axis(8, 3), axis(8, 4), 3, 8), double>();
}
