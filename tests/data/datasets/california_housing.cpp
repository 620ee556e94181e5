// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <typegrad/data/datasets/california_housing.hpp>

#include "../support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

TEST_CASE("California housing") {
  auto const path = test::real_data("california_housing.csv");
  if (!path) SKIP("TYPEGRAD_DATA has no california_housing.csv");
  auto const t = tg::datasets::california_housing(path->parent_path());
  CHECK(t.rows() == 20640);
  CHECK(t.columns().size() == 10);
  CHECK(t["total_bedrooms"].missing == 207);
  CHECK(t["median_income"].missing == 0);
  CHECK(t["ocean_proximity"].categories ==
        std::vector<std::string>{"<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN"});
  CHECK(t.numbers({"longitude", "median_house_value"})(0, 1) == 452600.0f);
  CHECK(t.number_names().size() == 9);
}

TEST_CASE("California housing that is not there") {
  test::folder const at;
  CHECK_THAT(message_of([&] { tg::datasets::california_housing(at.path()); }),
             ContainsSubstring("california_housing.csv: there is no such file"));
  test::write_file(at / "california_housing.csv", "longitude,latitude\n1,2\n");
  CHECK_THAT(message_of([&] { tg::datasets::california_housing(at.path()); }),
             ContainsSubstring("there is no column \"housing_median_age\""));
}

TEST_CASE("California housing: from TYPEGRAD_DATA, the cache, or made") {
  test::bare_machine const machine;
  auto const made = tg::datasets::california_housing();
  CHECK(made.source() == "synthetic districts");
  CHECK(made.rows() == 20640);

  std::string_view const text =
      "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,population,households,"
      "median_income,median_house_value,ocean_proximity\n-122.23,37.88,41,880,,322,126,8.3252,"
      "452600,NEAR BAY\n";
  auto const cached = machine.home / "cache/typegrad/california_housing";
  std::filesystem::create_directories(cached);
  test::write_file(cached / "housing.csv", text);
  CHECK(tg::datasets::california_housing().source() == (cached / "housing.csv").string());
  test::folder const own;
  test::environment const set("TYPEGRAD_DATA", own.path().string());
  CHECK(tg::datasets::california_housing().rows() == 1);  // the folder has none: the cache's
  test::write_file(own / "california_housing.csv", text);
  auto const kept = tg::datasets::california_housing();
  CHECK(kept.source() == (own / "california_housing.csv").string());
  CHECK(kept["total_bedrooms"].missing == 1);
}
