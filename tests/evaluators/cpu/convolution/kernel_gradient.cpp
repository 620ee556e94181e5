// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient.hpp>

using namespace convolution_test;

namespace {

constexpr window_axis none{};

template <convolution_shape Shape, class T = float, class Arch = xsimd::default_arch>
void check_batches(std::initializer_list<std::int64_t> batches, bool at_front = false) {
  checking const how{.at_front = at_front};
  for (std::int64_t batch : batches) {
    check_face<on_cpu::convolution_kernel<Shape, T, Arch>, T>(Shape, face::kernel, batch, how);
  }
}

#if XSIMD_WITH_AVX2
using avx2 = xsimd::fma3<xsimd::avx2>;
#endif

template <convolution_shape Shape>
void check_types(std::initializer_list<std::int64_t> batches) {
  check_batches<Shape>(batches);
  check_batches<Shape, double>({1, 3}, true);
#if XSIMD_WITH_AVX2
  check_batches<Shape, float, avx2>({2});
  check_batches<Shape, double, avx2>({3});
#endif
}

constexpr window window_1d(window_axis a, std::int64_t groups = 1) {
  return {{none, none, a}, groups};
}
constexpr window window_2d(window_axis a, window_axis b, std::int64_t groups = 1) {
  return {{none, a, b}, groups};
}

}  // namespace

TEST_CASE("kernel gradient: first layers of few channels", "[convolution]") {
  // Keras CNN, LeNet-5, CIFAR
  check_types<{window_2d(valid_axis(28, 3), valid_axis(28, 3)), 1, 32}>({0, 1, 3, 33});
  check_types<{window_2d(same_axis(28, 5), same_axis(28, 5)), 1, 6}>({0, 1, 3, 33, 129});
  check_types<{window_2d(same_axis(32, 3), same_axis(32, 3)), 3, 16}>({1, 3, 33});
  check_types<{window_2d(same_axis(8, 3), same_axis(9, 3)), 3, 70}>({3});
  check_batches<{window_2d(same_axis(56, 7, 2), same_axis(56, 7, 2)), 3, 64}>({1, 2});
}

TEST_CASE("kernel gradient: few filters, samples in pairs", "[convolution]") {
  check_types<{window_2d(same_axis(9, 3), valid_axis(8, 3)), 5, 8}>({0, 1, 2, 3, 33});
  check_types<{window_2d(valid_axis(9, 3, 2), same_axis(20, 3, 1, 2)), 20, 1}>({1, 3, 33});
  check_types<{window_2d(same_axis(9, 2), same_axis(9, 4), 3), 9, 12}>({1, 33});
  check_types<{window_1d(valid_axis(70, 9, 1, 1, 8, 0)), 1, 3}>({1, 129});
}

TEST_CASE("kernel gradient: second layers", "[convolution]") {
  check_types<{window_2d(valid_axis(14, 5), valid_axis(14, 5)), 6, 16}>({0, 1, 3, 33, 129});
  check_types<{window_2d(valid_axis(13, 3), valid_axis(13, 3)), 32, 64}>({1, 3});
  check_types<{window_2d(valid_axis(7, 3), valid_axis(6, 3)), 17, 17}>({1, 33});
}

TEST_CASE("kernel gradient: residual networks", "[convolution]") {
  check_types<{window_2d(same_axis(32, 3), same_axis(32, 3)), 16, 16}>({1, 3});
  check_types<{window_2d(same_axis(16, 3, 2), same_axis(16, 3, 2)), 16, 32}>({0, 3, 33});
  check_types<{window_2d(valid_axis(8, 1, 2), valid_axis(8, 1, 2)), 32, 48}>({1, 33});
  check_types<{window_2d(valid_axis(8, 1), valid_axis(8, 1)), 35, 20}>({1, 129});
  check_batches<{window_2d(same_axis(4, 3), same_axis(4, 3)), 128, 96}>({1, 3, 129});
}

TEST_CASE("kernel gradient: one and three axes", "[convolution]") {
  check_types<{window_1d(valid_axis(50, 3)), 1, 1}>({1, 33});
  check_types<{window_1d(valid_axis(4000, 5, 3, 1, 1, 1)), 2, 5}>({1, 3});
  check_types<{window_1d(valid_axis(61, 3, 1, 4, 8, 0)), 12, 33}>({1, 33});  // causal
  check_types<{window_1d(valid_axis(5000, 4, 1, 1, 2, 0)), 9, 16}>({1, 2});
  check_types<{{{valid_axis(5, 3), valid_axis(6, 2), valid_axis(7, 3)}}, 6, 7}>({1, 33});
  check_types<{{{same_axis(4, 3), same_axis(5, 3), same_axis(6, 3)}}, 2, 17}>({1, 33});
  check_types<{{{same_axis(4, 3, 2), valid_axis(6, 3, 2), same_axis(6, 3)}}, 17, 6}>({1, 33});
  check_batches<{{{same_axis(17, 3), same_axis(17, 3), same_axis(18, 3)}}, 3, 4}>({1, 2});
}

TEST_CASE("kernel gradient: strides, dilation and uneven padding", "[convolution]") {
  check_types<{window_2d(valid_axis(11, 3, 2, 1, 1, 2), valid_axis(12, 4, 3, 1, 0, 3)), 3, 6}>(
      {1, 33});
  check_types<{window_2d(valid_axis(11, 3, 1, 2), valid_axis(12, 3, 1, 3)), 6, 17}>({1, 33});
  check_types<{window_2d(valid_axis(11, 3, 1, 2, 2, 2), valid_axis(12, 3, 2, 2, 1, 2)), 17, 9}>(
      {1, 33});
  check_types<{window_2d(valid_axis(3, 5, 1, 1, 4, 4), valid_axis(2, 5, 2, 1, 3, 5)), 8, 3}>(
      {1, 33});
  check_types<{window_2d(valid_axis(3, 5, 1, 1, 4, 4), valid_axis(2, 5, 2, 1, 3, 5)), 3, 3}>(
      {1, 33});
  check_types<{window_2d(valid_axis(9, 2, 4), valid_axis(9, 2, 3)), 5, 3}>(
      {1, 33});  // elements never read
  check_types<{window_2d(valid_axis(9, 1, 2, 1, 1, 2), valid_axis(9, 3, 1, 1, 1, 0)), 16, 50}>({3});
}

TEST_CASE("kernel gradient: groups", "[convolution]") {
  check_types<{window_2d(valid_axis(9, 3), valid_axis(8, 3), 2), 6, 34}>({1, 33});
  check_types<{window_2d(same_axis(9, 3), same_axis(8, 3), 4), 12, 8}>({1, 33});
  check_types<{window_2d(same_axis(9, 3), same_axis(8, 3), 3), 51, 3}>({1, 33});
  check_types<{window_2d(same_axis(6, 3), same_axis(5, 3), 5), 5, 15}>({1, 33});
  check_types<{window_1d(valid_axis(20, 3, 1, 2), 8), 64, 64}>({1, 33});
}

TEST_CASE("kernel gradient: many tiles and many blocks", "[convolution]") {
  check_batches<{window_2d(same_axis(40, 3), same_axis(40, 3)), 64, 40}>({1, 2});
  check_batches<{window_2d(same_axis(50, 3), same_axis(64, 3)), 65, 33}>({1});
  check_batches<{window_2d(same_axis(4, 3), same_axis(4, 3)), 256, 256}>({65});
}

TEST_CASE("kernel gradient: tiles divide the rows", "[convolution]") {
  using on_cpu::detail::gradient_rows;
  for (gradient_rows const& cut : {gradient_rows{1, 12, 96, 3, 0}, gradient_rows{1, 13, 64, 9, 0},
                                   gradient_rows{3, 2, 5, 2, 0}, gradient_rows{1, 1, 1, 1, 0}}) {
    std::vector<int> times(static_cast<std::size_t>(cut.unit * cut.extent * cut.runs));
    for (std::int64_t i = 0; i < cut.count(); ++i) {
      auto const tile = cut.tile(i);
      CHECK(tile.height == cut.height());
      for (int r = tile.skip; r < tile.height; ++r) ++times[static_cast<std::size_t>(tile.row + r)];
    }
    CHECK(std::all_of(times.begin(), times.end(), [](int n) { return n == 1; }));
  }
  // What the cost model chooses with 32 registers, for the shapes that it was made for.
  std::int64_t const keras[4] = {3, 3, 1, 1}, lenet[4] = {5, 5, 1, 1}, second[4] = {30, 5, 1, 1};
  CHECK(on_cpu::detail::choose_rows(keras, 4, 2, 32).height() == 9);
  CHECK(on_cpu::detail::choose_rows(lenet, 4, 1, 32).height() == 25);
  CHECK(on_cpu::detail::choose_rows(second, 4, 1, 32).height() == 30);
  std::int64_t const wide[4] = {512, 3, 3, 1};
  CHECK(on_cpu::detail::choose_rows(wide, 1, 2, 32).height() == 14);
  CHECK(on_cpu::detail::choose_rows(wide, 1, 2, 16).height() == 6);
}
