// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>

using namespace convolution_test;
using on_cpu::detail::tile_choice;
using on_cpu::detail::tile_problem;

namespace {

// 3x3 windows, in float32 on AVX-512 registers.
constexpr tile_choice choose(std::int64_t plane, std::int64_t channels, std::int64_t filters,
                             int registers = 32, std::int64_t width = 16) {
  return tile_problem{
      plane, plane, (filters + width - 1) / width, 3, 3 * channels, 9 * channels * 64, registers}
      .best();
}

}  // namespace

TEST_CASE("the cost model chooses tiles that fit and fill the registers", "[convolution]") {
  for (std::int64_t plane = 2; plane <= 40; ++plane) {
    for (std::int64_t filters : {1, 16, 32, 48, 64, 80, 128, 512}) {
      for (int registers : {16, 32}) {
        tile_choice const c = choose(plane, 32, filters, registers);
        INFO("plane " << plane << ", filters " << filters << ", registers " << registers);
        CHECK(c.rows() * c.vectors + c.vectors + 1 <= registers);
        CHECK(c.high <= plane);
        CHECK(c.wide <= plane);
        CHECK(c.vectors * 16 < filters + 16);
        // Enough independent sums to hide their latency, where the result has as many.
        if (plane * plane * (filters + 15) / 16 >= 16) CHECK(c.rows() * c.vectors >= 7);
      }
    }
  }
}

TEST_CASE("the cost model's choices leave little over", "[convolution]") {
  for (std::int64_t plane : {4, 8, 11, 13, 14, 16, 26, 28, 32, 56}) {
    tile_choice const c = choose(plane, 64, 64);
    double const covered = static_cast<double>((plane + c.high - 1) / c.high * c.high *
                                               ((plane + c.wide - 1) / c.wide * c.wide));
    INFO("plane " << plane << ": tiles of " << c.high << "x" << c.wide << "x" << c.vectors);
    CHECK(covered <= 1.15 * static_cast<double>(plane * plane));
  }
  static_assert(choose(11, 32, 64) == tile_choice{1, 11, 2});
  static_assert(choose(26, 1, 32).rows() == 13);
}

TEST_CASE("a team's grid covers panels before it divides tiles unevenly", "[convolution]") {
  using on_cpu::detail::team_grid;
  auto const is = [](team_grid const& g, int down, int across) {
    return g.down == down && g.across == across;
  };
  CHECK(is(team_grid::of(2, 100, 4, false), 2, 1));
  CHECK(is(team_grid::of(2, 100, 4, true), 1, 2));
  CHECK(is(team_grid::of(2, 1, 4, false), 1, 2));
  CHECK(is(team_grid::of(4, 2, 2, false), 2, 2));
}
