// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient.hpp>

using namespace convolution_test;
using on_cpu::detail::forward_problem;
using on_cpu::detail::input_problem;

namespace {

template <class Problem, class T = float, class Arch = xsimd::default_arch>
using by_winograd = on_cpu::detail::winograd<Problem, T, Arch>;

template <convolution_shape S>
constexpr bool suits =
    on_cpu::detail::suits_winograd<forward_problem<S, 1>, float, xsimd::default_arch>();

// Whatever the number of samples. The errors are no greater than those of sums of some 60 products
// may be.
template <convolution_shape S, class Arch = xsimd::default_arch>
void check_winograd(std::int64_t batch, int teams) {
  checking const how{.teams = teams, .depth = 60};
  check_face<by_winograd<forward_problem<S, 1>, float, Arch>, float>(S, face::forward, batch, how);
  check_face<by_winograd<input_problem<S, 1>, float, Arch>, float>(S, face::input, batch, how);
}

// The error of the transforms does not fall with the number of tiles.
template <convolution_shape S, class Arch = xsimd::default_arch>
void check_gradient(std::int64_t batch, int teams) {
  using kernel = on_cpu::convolution_kernel<S, float, Arch>;
  STATIC_CHECK(kernel::winograd::suits);
  check_face<kernel, float>(S, face::kernel, batch, {.teams = teams, .depth = 100});
}

}  // namespace

TEST_CASE("Winograd's algorithm gives a convolution's kernel gradient", "[convolution]") {
  check_gradient<conv2(same_axis(8, 3), same_axis(8, 3), 64, 64)>(3, 3);
  check_gradient<conv2(same_axis(8, 3), same_axis(8, 3), 64, 64)>(0, 2);
  check_gradient<conv2(same_axis(8, 3), same_axis(8, 3), 16, 48)>(33, 3);  // blocks of tiles
  check_gradient<conv2(same_axis(4, 3), same_axis(4, 3), 64, 32)>(3, 2);   // too few tiles
  check_gradient<conv2(same_axis(4, 3), same_axis(5, 3), 128, 96)>(5, 2);  // tiles that jut out
  check_gradient<conv2(valid_axis(7, 3), valid_axis(9, 3, {.low = 2, .high = 2}), 96, 64)>(2, 2);
  check_gradient<conv2(same_axis(4, 3), same_axis(4, 3), 512, 288)>(20, 2);  // groups of filters
}

TEST_CASE("Winograd's algorithm gives a convolution and its input gradient", "[convolution]") {
  check_winograd<conv2(same_axis(8, 3), same_axis(8, 3), 64, 64)>(3, 3);
  check_winograd<conv2(same_axis(16, 3), same_axis(16, 3), 16, 16)>(2, 2);
  check_winograd<conv2(same_axis(4, 3), same_axis(5, 3), 128, 96)>(5, 2);  // tiles that jut out
  check_winograd<conv2(valid_axis(13, 3), valid_axis(13, 3), 32, 48)>(3, 3);
  check_winograd<conv2(valid_axis(7, 3), valid_axis(9, 3, {.low = 2, .high = 2}), 96, 64)>(2, 2);
  check_winograd<conv2(valid_axis(6, 3), valid_axis(6, 3), 64, 64)>(0, 2);
  check_winograd<conv2(same_axis(4, 3), same_axis(4, 3), 256, 288)>(9, 3);  // panels one by one
  check_winograd<conv2(same_axis(4, 3), same_axis(4, 3), 256, 288)>(33, 2);
}

TEST_CASE("Winograd's algorithm is chosen for enough tiles", "[convolution]") {
  check<conv2(same_axis(4, 3), same_axis(4, 3), 64, 64)>(3, 2);  // too few
  check<conv2(same_axis(4, 3), same_axis(4, 3), 64, 64)>(4, 2);
  check<conv2(same_axis(8, 3), same_axis(8, 3), 64, 64)>(1, 2);
  check<conv2(same_axis(14, 3), same_axis(14, 3), 16, 48)>(1, 3);
  STATIC_CHECK(suits<conv2(same_axis(8, 3), same_axis(8, 3), 16, 64)>);
  STATIC_CHECK_FALSE(suits<conv2(same_axis(8, 3), same_axis(8, 3), 8, 64)>);
  STATIC_CHECK_FALSE(suits<conv2(same_axis(8, 3, 2), same_axis(8, 3, 2), 64, 64)>);
  STATIC_CHECK_FALSE(suits<conv2(same_axis(8, 5), same_axis(8, 3), 64, 64)>);
  STATIC_CHECK_FALSE(suits<conv2(same_axis(8, 3, 1, 2), same_axis(8, 3), 64, 64)>);
  STATIC_CHECK_FALSE(
      suits<conv2(same_axis(2, 3), same_axis(2, 3), 64, 64)>);  // tiles that are mostly empty
  STATIC_CHECK_FALSE(suits<conv2(same_axis(8, 3), same_axis(8, 3), 64, 64, 2)>);
}

#if XSIMD_WITH_FMA3_AVX2
TEST_CASE("Winograd's algorithm with shorter vectors", "[convolution]") {
  check_winograd<conv2(same_axis(8, 3), same_axis(7, 3), 64, 80), xsimd::fma3<xsimd::avx2>>(2, 2);
  check_gradient<conv2(same_axis(8, 3), same_axis(7, 3), 24, 80), xsimd::fma3<xsimd::avx2>>(2, 2);
}
#endif
