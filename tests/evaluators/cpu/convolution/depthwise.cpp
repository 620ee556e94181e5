// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>
#include <typegrad/evaluators/cpu/convolution/depthwise.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient.hpp>

using namespace convolution_test;

namespace {

template <convolution_shape Shape, class T = float, class Arch = xsimd::default_arch>
void check_batches(std::initializer_list<std::int64_t> batches, bool at_front = false) {
  checking const how{.at_front = at_front};
  for (std::int64_t batch : batches) {
    check_face<on_cpu::depthwise_forward<Shape, T, Arch>, T>(Shape, face::forward, batch, how);
    check_face<on_cpu::depthwise_input<Shape, T, Arch>, T>(Shape, face::input, batch, how);
    check_face<on_cpu::convolution_kernel<Shape, T, Arch>, T>(Shape, face::kernel, batch, how);
  }
}

template <convolution_shape Shape>
void check_types(std::initializer_list<std::int64_t> batches) {
  check_batches<Shape>(batches);
  check_batches<Shape, double>({1, 3}, true);
#if XSIMD_WITH_AVX2
  using avx2 = xsimd::fma3<xsimd::avx2>;
  check_batches<Shape, float, avx2>({2});
  check_batches<Shape, double, avx2>({3}, true);
#endif
}

constexpr convolution_shape depthwise(window_axis a, window_axis b, window_axis c,
                                      std::int64_t channels) {
  return {{{a, b, c}, channels}, channels, channels};
}

constexpr window_axis none{};

}  // namespace

TEST_CASE("depthwise: plain windows", "[convolution]") {
  check_types<depthwise(none, same_axis(9, 3), same_axis(21, 3), 17)>({0, 1, 3, 33});
  check_types<depthwise(none, same_axis(8, 3), same_axis(8, 3), 64)>({1, 3, 129});
  check_types<depthwise(none, valid_axis(10, 5), valid_axis(31, 5), 6)>({1, 33});
  check_types<depthwise(none, valid_axis(1, 1), valid_axis(1, 1), 3)>({1, 33});
  check_types<depthwise(none, same_axis(12, 7), same_axis(12, 7), 33)>({1, 3});
}

TEST_CASE("depthwise: strides, dilation and uneven padding", "[convolution]") {
  check_types<depthwise(none, same_axis(9, 3, 2), same_axis(40, 3, 2), 16)>({1, 33});
  check_types<depthwise(none, valid_axis(11, 3, 2, 1, 1, 2), valid_axis(12, 4, 3, 1, 0, 3), 3)>(
      {1, 33});
  check_types<depthwise(none, valid_axis(11, 3, 1, 2, 2, 2), valid_axis(40, 3, 1, 3), 17)>({1, 33});
  check_types<depthwise(none, valid_axis(11, 3, 2, 2, 2, 1), valid_axis(40, 3, 2, 3, 1, 2), 17)>(
      {1, 33});
  check_types<depthwise(none, valid_axis(3, 5, 1, 1, 4, 4), valid_axis(2, 5, 2, 1, 3, 5), 8)>(
      {1, 33});
  check_types<depthwise(none, valid_axis(9, 2, 4), valid_axis(9, 2, 3), 5)>(
      {1, 33});  // elements never read
  check_types<depthwise(none, valid_axis(20, 2, 6, 4), valid_axis(20, 3, 4, 6, 3, 3), 5)>({1, 33});
}

TEST_CASE("depthwise: one and three axes", "[convolution]") {
  check_types<depthwise(none, none, valid_axis(100, 40), 20)>({1, 33});
  check_types<depthwise(none, none, valid_axis(61, 3, 1, 4, 8, 0), 12)>({1, 33});
  check_types<depthwise(none, none, valid_axis(50, 3), 1)>({1, 33});
  check_types<depthwise(same_axis(4, 3), same_axis(5, 3), same_axis(6, 3), 20)>({1, 33});
  check_types<depthwise(same_axis(5, 3, 2), valid_axis(6, 3, 3, 2, 2, 2), same_axis(6, 2), 7)>(
      {1, 33});
}
