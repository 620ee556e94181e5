// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <typegrad/data/category_encoder.hpp>

#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

namespace {

tg::column places(std::vector<std::string> categories, std::vector<std::int32_t> codes) {
  tg::column out;
  out.name = "place";
  out.type = tg::column_type::category;
  out.categories = std::move(categories);
  out.codes = std::move(codes);
  return out;
}

}  // namespace

TEST_CASE("category encoder: integers from 1, the same for every table") {
  tg::category_encoder encoder;
  // "island" is in the file, but not in these rows.
  auto const train = places({"bay", "inland", "island", "ocean"}, {3, 0, -1, 1, 3});
  CHECK(encoder.fit_transform(train) == xt::xtensor<std::int32_t, 1>{3, 1, 0, 2, 3});
  CHECK(encoder.categories() == std::vector<std::string>{"bay", "inland", "ocean"});
  CHECK(encoder.size() == 4);
  auto const other = places({"inland", "island", "ocean"}, {2, 1, 0, -1});
  CHECK(encoder.transform(other) == xt::xtensor<std::int32_t, 1>{3, 0, 2, 0});
}

TEST_CASE("category encoder: what it cannot read is a sentence") {
  tg::category_encoder encoder;
  auto const none = places({"bay"}, {-1, -1});
  CHECK_THAT(message_of([&] { static_cast<void>(encoder.transform(none)); }),
             ContainsSubstring("category_encoder: transform before fit"));
  CHECK_THAT(message_of([&] { encoder.fit(none); }),
             ContainsSubstring("column \"place\" has no categories in 2 rows"));
  tg::column numbers;
  numbers.name = "rooms";
  numbers.numbers = {1, 2};
  CHECK_THAT(message_of([&] { encoder.fit(numbers); }),
             ContainsSubstring("column \"rooms\" holds numbers, not categories"));
}
