// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <evaluators/cpu/convolution/check.hpp>
#include <typegrad/evaluators/cpu/convolution/maximum.hpp>

// The greatest elements of blocks of a convolution.

using namespace convolution_test;

namespace {

using typegrad::position_block;

/// What it computes, from the kernel that computes all of the convolution: the same sums, so the
/// same to the bit.
template <convolution_shape S, position_block B>
std::vector<float> greatest_of(std::vector<float> const& y, std::int64_t batch) {
  std::vector<float> out;
  auto const& [d, h, w] = S.over.axes;
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t o0 = 0; o0 < d.out; o0 += B.at[0])
      for (std::int64_t o1 = 0; o1 < h.out; o1 += B.at[1])
        for (std::int64_t o2 = 0; o2 < w.out; o2 += B.at[2])
          for (std::int64_t f = 0; f < S.filters; ++f) {
            float most = -std::numeric_limits<float>::infinity();
            for (std::int64_t i0 = o0; i0 < o0 + B.at[0]; ++i0)
              for (std::int64_t i1 = o1; i1 < o1 + B.at[1]; ++i1)
                for (std::int64_t i2 = o2; i2 < o2 + B.at[2]; ++i2) {
                  std::int64_t const at = ((n * d.out + i0) * h.out + i1) * w.out + i2;
                  float const here = y[static_cast<std::size_t>(at * S.filters + f)];
                  if (here > most || std::isnan(here)) most = here;
                  if (std::isnan(most)) break;
                }
            out.push_back(most);
          }
  return out;
}

template <convolution_shape S, position_block B, bool InPixels>
void check_blocks(std::int64_t batch, bool with_nan = false) {
  using whole = on_cpu::convolution_forward<S, float>;
  using kernel = on_cpu::convolution_maximum<S, B, float>;
  static_assert(kernel::in_pixels == (InPixels && on_cpu::detail::has_avx512<xsimd::default_arch>));
  guarded<float> x(batch * S.x_size(), batch % 2 == 1), k(S.k_size());
  fill(x, 3);
  fill(k, 4);
  if (with_nan)
    for (std::int64_t i = 7; i < x.size(); i += 97) x[i] = std::numeric_limits<float>::quiet_NaN();
  auto const n = static_cast<std::size_t>(batch * S.y_size());
  std::vector<float> y(n);
  std::vector<unsigned char> times(n);
  CHECK(run_on<whole>(1, batch, x.data(), k.data(),
                      counting_epilogue<float>{y.data(), times.data(), S.filters}));
  auto const expected = greatest_of<S, B>(y, batch);
  for (int members = 1; members <= 4; ++members) {
    INFO("batch " << batch << ", " << members << " members");
    std::vector<float> got(expected.size(), -7.0F);
    times.assign(got.size(), 0);
    counting_epilogue<float> const count{got.data(), times.data(), S.filters};
    CHECK((members > 3 ? run_on<kernel>(2, batch, x.data(), k.data(), heavy_epilogue<float>{count})
                       : run_on<kernel>(members, batch, x.data(), k.data(), count)));
    CHECK(std::all_of(times.begin(), times.end(), [](unsigned char t) { return t == 1; }));
    bool same = true;
    for (std::size_t i = 0; i < got.size(); ++i)
      same = same && (got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i])));
    CHECK(same);
  }
}

template <convolution_shape S, position_block B, bool InPixels>
void check_batches() {
  for (std::int64_t const batch : {0, 1, 5}) check_blocks<S, B, InPixels>(batch);
  check_blocks<S, B, InPixels>(3, true);
}

/// Of an axis, windows for whole blocks only.
constexpr window_axis whole_blocks(window_axis a, std::int64_t block) {
  a.out = a.out / block * block;
  return a;
}

constexpr position_block two_by_two{{1, 2, 2}};

}  // namespace

TEST_CASE("greatest elements of blocks, taken in registers", "[convolution][threads]") {
  check_batches<conv2(same_axis(28, 5), same_axis(28, 5), 1, 6), two_by_two, true>();
  check_blocks<conv2(same_axis(28, 5), same_axis(28, 5), 1, 6), two_by_two, true>(33);
  check_batches<conv2(same_axis(6, 3), same_axis(62, 3), 1, 3), two_by_two, true>();
  check_batches<conv2(same_axis(4, 3), same_axis(46, 3), 1, 8), two_by_two, true>();
  check_batches<conv2(same_axis(4, 3), same_axis(110, 3), 1, 7), two_by_two, true>();
  check_batches<conv2(same_axis(3, 3), same_axis(78, 3), 1, 5), position_block{{1, 3, 2}}, true>();
  check_batches<conv2(same_axis(6, 3), same_axis(31, 3), 1, 4), position_block{{1, 2, 1}}, true>();
  check_batches<conv2(same_axis(10, 3), same_axis(32, 4), 1, 2), position_block{{1, 5, 2}}, true>();
  check_batches<conv2(whole_blocks(same_axis(9, 3), 2), whole_blocks(same_axis(63, 5), 2), 1, 5),
                two_by_two, true>();
  check_batches<conv2(whole_blocks(valid_axis(11, 5, {.stride = 2}), 2),
                      whole_blocks(valid_axis(61, 5, {.dilation = 2}), 2), 1, 4),
                two_by_two, true>();
  check_batches<conv1(same_axis(300, 5), 1, 6), position_block{{1, 1, 2}}, true>();
  check_batches<conv3(valid_axis(5, 2), same_axis(4, 3), same_axis(14, 3), 1, 6), two_by_two,
                true>();
}

TEST_CASE("greatest elements of blocks, some samples at a time", "[convolution][threads]") {
  check_batches<conv2(same_axis(27, 5), same_axis(27, 5), 1, 6), position_block{{1, 3, 3}},
                false>();
  check_batches<conv2(valid_axis(14, 5), valid_axis(14, 5), 6, 16), two_by_two, false>();
  check_batches<conv2(same_axis(12, 3), same_axis(12, 3), 4, 4, 4), two_by_two, false>();
  check_batches<conv3(same_axis(4, 3), same_axis(6, 3), same_axis(6, 3), 2, 3),
                position_block{{2, 2, 3}}, false>();
  // too many sums for the registers
  check_batches<conv2(same_axis(12, 3), same_axis(30, 3), 1, 8), position_block{{1, 4, 2}},
                false>();
  // more than the cache holds: parts of one sample, for each member its own or for all together
  check_blocks<conv2(same_axis(96, 3), same_axis(96, 3), 2, 8), position_block{{1, 4, 4}}, false>(
      5);
  check_blocks<conv2(same_axis(96, 3), same_axis(96, 3), 2, 8), position_block{{1, 4, 4}}, false>(
      11);
}
