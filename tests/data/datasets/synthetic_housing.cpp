// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <typegrad/data/datasets/synthetic_housing.hpp>

namespace tg = typegrad;

TEST_CASE("synthetic housing: the columns of California housing, the same for the same seed") {
  auto const districts = tg::datasets::synthetic_housing(2000, 3);
  REQUIRE(districts.rows() == 2000);
  CHECK(districts.number_names() ==
        std::vector<std::string>{"longitude", "latitude", "housing_median_age", "total_rooms",
                                 "total_bedrooms", "population", "households", "median_income",
                                 "median_house_value"});
  for (auto const& name : districts.number_names()) {
    auto const& values = districts[name].numbers;
    auto const lacking = static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); }));
    CHECK(lacking == districts[name].missing);
    CHECK((lacking > 0) == (name == "total_bedrooms"));
  }
  auto const& place = districts["ocean_proximity"];
  for (int i = 0; i < 4; ++i) CHECK(std::count(place.codes.begin(), place.codes.end(), i) > 40);

  auto const again = tg::datasets::synthetic_housing(100, 3);
  CHECK(std::equal(again["median_house_value"].numbers.begin(),
                   again["median_house_value"].numbers.end(),
                   districts["median_house_value"].numbers.begin()));
  CHECK(tg::datasets::synthetic_housing(100, 4)["median_income"].numbers !=
        again["median_income"].numbers);
}
