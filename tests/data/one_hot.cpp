// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <typegrad/data/one_hot.hpp>

#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

TEST_CASE("one_hot: a one at the label") {
  xt::xtensor<std::int32_t, 1> const labels{2, 0, 1};
  CHECK(tg::one_hot(labels, 4) == xt::xtensor<float, 2>{{0, 0, 1, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}});
  CHECK(tg::to_categorical(labels) == xt::xtensor<float, 2>{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}});
  xt::xtensor<std::uint8_t, 2> const grid{{0, 1}};
  CHECK(tg::one_hot(grid, 2) == xt::xtensor<float, 3>{{{1, 0}, {0, 1}}});
  xt::xtensor<std::int32_t, 1> const none(std::array<std::size_t, 1>{0});
  CHECK(tg::to_categorical(none).size() == 0);
}

TEST_CASE("one_hot: a label that is no class is named with its row") {
  xt::xtensor<std::int32_t, 1> const labels{2, 0, -1};
  CHECK_THAT(message_of([&] { tg::one_hot(labels, 3); }),
             ContainsSubstring("row 2 holds -1, which is not a class from 0 to 2"));
  CHECK_THAT(message_of([&] { tg::one_hot(labels, 2); }), ContainsSubstring("row 0 holds 2"));
  CHECK_THAT(message_of([&] { tg::to_categorical(labels); }), ContainsSubstring("row 2 holds -1"));
  xt::xtensor<std::uint8_t, 2> const grid{{0, 1}, {1, 7}};
  CHECK_THAT(message_of([&] { tg::one_hot(grid, 2); }), ContainsSubstring("row 1 holds 7"));
}
