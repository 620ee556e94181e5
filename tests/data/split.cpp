// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>
#include <typegrad/data/split.hpp>
#include <vector>

#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

TEST_CASE("split: every row goes to one part, with its target") {
  xt::xtensor<float, 3> x(std::array<std::size_t, 3>{10, 2, 3});
  xt::xtensor<std::int32_t, 1> y(std::array<std::size_t, 1>{10});
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i);
  for (std::size_t i = 0; i < y.size(); ++i) y(i) = static_cast<std::int32_t>(i);
  auto const parts = tg::train_test_split(x, y, {.test_fraction = 0.25, .seed = 3});
  REQUIRE(parts.train.size() == 7);
  REQUIRE(parts.test.size() == 3);  // 2.5 rounded up
  std::vector<std::int32_t> seen;
  for (auto const* part : {&parts.train, &parts.test}) {
    for (std::size_t r = 0; r < part->size(); ++r) {
      seen.push_back(part->y(r));
      CHECK(part->x(r, 0, 0) == static_cast<float>(6 * part->y(r)));
      CHECK(part->x(r, 1, 2) == static_cast<float>(6 * part->y(r) + 5));
    }
  }
  CHECK(!std::is_sorted(seen.begin(), seen.end()));
  std::sort(seen.begin(), seen.end());
  for (std::size_t i = 0; i < 10; ++i) CHECK(seen[i] == static_cast<std::int32_t>(i));

  tg::dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>> const whole{x, y};
  CHECK(tg::train_test_split(whole, {.test_fraction = 0.25, .seed = 3}).test.y == parts.test.y);
}

TEST_CASE("split: the order is the seed's, on every platform") {
  // The numbers are those of SplitMix64 and Fisher-Yates; they must never change.
  auto const rows = tg::train_test_rows(8, {.test_count = 3, .seed = 42});
  auto again = tg::train_test_rows(8, {.test_count = 3, .seed = 42});
  CHECK(rows.train == again.train);
  CHECK(rows.test == again.test);
  CHECK(tg::train_test_rows(100, {.seed = 1}).test != tg::train_test_rows(100, {.seed = 2}).test);
  CHECK(tg::data_detail::permutation(8, 42) == std::vector<std::size_t>{6, 1, 4, 7, 3, 0, 2, 5});
  CHECK(tg::data_detail::permutation(0, 1).empty());
  auto const kept = tg::train_test_rows(5, {.test_count = 2, .shuffle = false});
  CHECK(kept.train == std::vector<std::size_t>{0, 1, 2});
  CHECK(kept.test == std::vector<std::size_t>{3, 4});
}

TEST_CASE("split: bounded numbers are uniform") {
  tg::data_detail::data_random random(7);
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) ++counts[static_cast<std::size_t>(random.below(6))];
  for (int const count : counts) CHECK(std::abs(count - 10000) < 400);  // 4.4 deviations
  // A bound above 2^63: without rejection the lower half would come twice as often.
  std::uint64_t const bound = (std::uint64_t{3} << 62U);
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += random.below(bound) < bound / 3 ? 1 : 0;
  CHECK(std::abs(low - 10000) < 400);
}

TEST_CASE("split: errors") {
  CHECK_THAT(message_of([] { tg::train_test_rows(10, {.test_fraction = 1.5}); }),
             ContainsSubstring("test_fraction must lie between 0 and 1, got 1.5"));
  CHECK_THAT(message_of([] { tg::train_test_rows(10, {.test_count = 10}); }),
             ContainsSubstring("10 of 10 rows"));
  CHECK_THAT(message_of([] { tg::train_test_rows(1); }),
             ContainsSubstring("leaves one part empty"));
  CHECK_THAT(message_of([] {
               xt::xtensor<float, 1> const x{1, 2, 3}, y{1, 2};
               tg::train_test_split(x, y);
             }),
             ContainsSubstring("x has 3 rows and y has 2"));
  std::vector<std::size_t> const rows{3};
  CHECK_THAT(message_of([&] {
               xt::xtensor<float, 1> const x{1, 2, 3};
               tg::take_rows(x, rows);
             }),
             ContainsSubstring("row 3 of an array with 3 rows"));
}

TEST_CASE("split: a table's rows, numbers and categories, with what is missing counted anew") {
  tg::column rooms, place;
  rooms.name = "rooms";
  place.name = "place";
  place.type = tg::column_type::category;
  place.categories = {"bay", "inland"};
  for (int i = 0; i < 8; ++i) {
    rooms.numbers.push_back(i == 3 ? std::numeric_limits<double>::quiet_NaN() : i);
    place.codes.push_back(i == 3 ? -1 : i % 2);
  }
  rooms.missing = place.missing = 1;
  tg::table const all("houses.csv", {rooms, place});
  auto const [train, test] = tg::train_test_split(all, {.test_count = 3, .seed = 1});
  CHECK(train.rows() == 5);
  CHECK(test.rows() == 3);
  CHECK(train["rooms"].missing + test["rooms"].missing == 1);
  CHECK(train["place"].missing + test["place"].missing == 1);
  for (auto const* part : {&train, &test})
    for (std::size_t r = 0; r < part->rows(); ++r)
      if (auto const n = (*part)["rooms"].numbers[r]; n == n)
        CHECK((*part)["place"].codes[r] == static_cast<int>(n) % 2);
  CHECK(train["place"].categories == place.categories);
  std::vector<std::size_t> const beyond{8};
  CHECK_THAT(message_of([&] { static_cast<void>(tg::take_rows(all, beyond)); }),
             ContainsSubstring("take_rows: row 8 of a table with 8 rows"));
}
