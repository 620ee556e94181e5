// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <evaluators/cpu/convolution/check.hpp>

// Shapes with so few channels or filters that they leave most of a vector's lanes empty.

using namespace convolution_test;

namespace {

template <convolution_shape S, class T = float>
constexpr bool in_columns = on_cpu::convolution_input<S, T>::in_columns;

constexpr convolution_shape lenet_2 = conv2(valid_axis(14, 5), valid_axis(14, 5), 6, 16);

template <convolution_shape S, class T = float>
constexpr bool in_pixels = on_cpu::convolution_forward<S, T>::in_pixels;
constexpr bool has_permutes = on_cpu::detail::has_avx512<xsimd::default_arch>;

constexpr convolution_shape lenet_1 = conv2(same_axis(28, 5), same_axis(28, 5), 1, 6);

// An epilogue that takes several rows at once, and stores what it is given.
template <class T, bool Heavy>
struct run_epilogue : counting_epilogue<T> {
  static constexpr bool heavy = Heavy;
  template <std::int64_t Columns>
  static constexpr bool takes_runs = true;

  template <std::int64_t Columns, class Batch, class Lanes>
  void run_of(std::int64_t row, std::int64_t column, Batch sum, Lanes count) const {
    if (column < 0 || column >= Columns || Columns != this->stride) return;  // is not counted
    std::int64_t const at = row * Columns + column;
    on_cpu::store_partial(this->data + at, sum, count);
    for (int i = 0; i < count; ++i) ++this->times[at + i];
  }
};

// The same sums, to the bit, by rows and by runs of rows.
template <convolution_shape S>
void check_runs(std::int64_t batch) {
  using kernel = on_cpu::convolution_forward<S, float>;
  guarded<float> x(batch * S.x_size()), k(S.k_size());
  fill(x, 1);
  fill(k, 2);
  auto const n = static_cast<std::size_t>(batch * S.y_size());
  std::vector<float> by_row(n), by_run(n), by_heavy(n);
  std::vector<unsigned char> times(n);
  auto const count = [&](std::vector<float>& to) {
    return counting_epilogue<float>{to.data(), times.data(), S.filters};
  };
  CHECK(run_on<kernel>(1, batch, x.data(), k.data(), count(by_row)));
  CHECK(run_on<kernel>(3, batch, x.data(), k.data(), run_epilogue<float, false>{count(by_run)}));
  CHECK(run_on<kernel>(2, batch, x.data(), k.data(), run_epilogue<float, true>{count(by_heavy)}));
  CHECK(by_row == by_run);
  CHECK(by_row == by_heavy);
  CHECK(std::count(times.begin(), times.end(), 3) == static_cast<std::ptrdiff_t>(n));
}

template <convolution_shape S, class T = float>
void check_batches() {
  for (std::int64_t const batch : {0, 1, 3}) check<S, T>(batch, 3);
}

}  // namespace

TEST_CASE("the cost model: input gradients whose columns are taps and channels", "[convolution]") {
  constexpr auto pays = [](convolution_shape const& s, int width, int split) {
    return on_cpu::detail::input_cost::of(s, width, split).pays();
  };
  static_assert(pays(lenet_2, 16, 2));
  static_assert(pays(lenet_2, 8, 1));
  static_assert(pays(conv2(valid_axis(14, 5), valid_axis(14, 5), 20, 50), 16, 1));
  // Channels that fill vectors, where little padding is read.
  static_assert(!pays(conv2(valid_axis(32, 3), valid_axis(32, 3), 64, 64), 16, 1));
  // Few filters: summing up costs as much as the product.
  static_assert(!pays(conv2(valid_axis(28, 5), valid_axis(28, 5), 6, 1), 16, 2));
  static_assert(in_columns<lenet_2> || on_cpu::detail::width<float, xsimd::default_arch> < 8);
}

TEST_CASE("input gradients with few channels", "[convolution]") {
  check_batches<lenet_2>();
  check<lenet_2>(40, 3, input);
  check<lenet_2>(3, 1, input, true);
  check_batches<conv2(valid_axis(9, 4), valid_axis(11, 5), 5, 9)>();
  check_batches<conv2(valid_axis(9, 2, {.stride = 2}), valid_axis(13, 5, {.stride = 2}), 6, 8)>();
  check_batches<conv2(valid_axis(9, 3, {.low = 1, .high = 1}),
                      valid_axis(10, 4, {.low = 1, .high = 2}), 5, 16)>();
  check_batches<conv2(same_axis(7, 3, 2, 1), same_axis(12, 7, 3), 7, 16)>();
  check_batches<conv2(valid_axis(9, 3, {.dilation = 2}), valid_axis(12, 3, {.dilation = 3}), 18,
                      20)>();
  check_batches<conv3(valid_axis(4, 2), valid_axis(5, 3, {.low = 1}), valid_axis(7, 4), 4, 16)>();
  check_batches<conv1(valid_axis(15, 6), 17, 33)>();
  check_batches<lenet_2, double>();
  check_batches<conv2(valid_axis(8, 3), valid_axis(8, 4), 3, 8), double>();
}

TEST_CASE("the cost model: outputs of a row as lanes", "[convolution]") {
  static_assert(in_pixels<lenet_1> == has_permutes);
  static_assert(in_pixels<conv2(valid_axis(32, 5), valid_axis(36, 5), 3, 6)> == has_permutes);
  static_assert(!in_pixels<lenet_1, double>);
  // Many filters; rows that leave most of a vector empty.
  static_assert(!in_pixels<conv2(same_axis(28, 5), same_axis(28, 5), 1, 16)>);
  static_assert(!in_pixels<conv2(same_axis(18, 5), same_axis(18, 5), 1, 6)>);
}

TEST_CASE("convolutions with few filters", "[convolution]") {
  check_batches<lenet_1>();
  check<lenet_1>(40, 3, forward);
  check<lenet_1>(3, 1, forward, true);
  check_batches<conv2(valid_axis(20, 5), valid_axis(36, 5), 3, 6)>();
  check_batches<conv2(same_axis(9, 3), same_axis(16, 3), 1, 1)>();
  check_batches<conv2(same_axis(9, 3), same_axis(31, 4), 1, 2)>();
  check_batches<conv2(same_axis(5, 3), same_axis(15, 3), 2, 3)>();
  check_batches<conv2(same_axis(5, 2), same_axis(64, 3), 1, 4)>();
  check_batches<conv2(same_axis(9, 3, 2), same_axis(62, 5, 2), 1, 5)>();
  check_batches<conv2(same_axis(9, 3, 2), same_axis(46, 4, 3), 2, 7)>();
  check_batches<conv2(same_axis(4, 3), same_axis(100, 3), 1, 8)>();
  check_batches<conv2(valid_axis(9, 3, {.dilation = 2}),
                      valid_axis(38, 4, {.stride = 2, .dilation = 3}), 1, 6)>();
  check_batches<conv3(valid_axis(5, 2), same_axis(5, 3), same_axis(15, 3), 1, 6)>();
  check_batches<conv1(same_axis(300, 5), 1, 6)>();
}

TEST_CASE("convolutions give several rows at once to epilogues that take them", "[convolution]") {
  check_runs<lenet_1>(3);
  check_runs<conv2(same_axis(9, 3), same_axis(31, 4), 1, 5)>(2);
  check_runs<conv2(same_axis(5, 3), same_axis(15, 3), 2, 3)>(3);
  check_runs<conv2(same_axis(5, 3), same_axis(31, 3), 1, 1)>(1);
}
