// SPDX-License-Identifier: BSL-1.0
// A table of districts made in code, for machines without California housing and without a network.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <typegrad/data/random.hpp>
#include <typegrad/data/table.hpp>
#include <utility>
#include <vector>

namespace typegrad::datasets {

/// Districts with the columns of `california_housing`, the same for the same seed: two towns at a
/// coast, near which houses cost more, the more the richer the people are; one in a hundred lacks
/// total_bedrooms.
template <int = 0>
table synthetic_housing(std::size_t rows = 20'640, std::uint64_t seed = 0) {
  std::array<char const*, 9> const names{"longitude",   "latitude",       "housing_median_age",
                                         "total_rooms", "total_bedrooms", "population",
                                         "households",  "median_income",  "median_house_value"};
  std::vector<column> columns(names.size());
  for (std::size_t c = 0; c < names.size(); ++c) columns[c].name = names[c];
  column place;
  place.name = "ocean_proximity";
  place.type = column_type::category;
  place.categories = {"<1H OCEAN", "INLAND", "NEAR BAY", "NEAR OCEAN"};

  data_detail::data_random random(seed);
  auto const rounded = [](double value, double step) { return std::round(value / step) * step; };
  for (std::size_t row = 0; row < rows; ++row) {
    // A place some degrees from the coast, which runs from north-west to south-east.
    double const south = static_cast<double>(random.uniform(0, 9));
    double const inland =
        static_cast<double>(random.uniform(0, 2)) * static_cast<double>(random.uniform(0, 1));
    double const longitude = -124 + south + 0.7 * inland, latitude = 41.5 - south + 0.7 * inland;
    double const north_town = std::exp(-std::hypot(south - 3.7, inland) / 0.4);
    double const south_town = std::exp(-std::hypot(south - 7.4, inland) / 0.6);
    double const income =
        std::clamp(3.5 * std::exp(0.45 * static_cast<double>(random.bell())), 0.5, 15.0);
    double const households = std::ceil(430 * std::exp(0.7 * static_cast<double>(random.bell())));
    double const age =
        rounded(std::clamp(28 + 12 * static_cast<double>(random.bell()), 1.0, 52.0), 1);
    double const rooms = rounded(households * (3.5 + 0.5 * income), 1);
    double const bedrooms =
        rounded(households * (1 + 0.05 * static_cast<double>(random.bell())) + 1, 1);
    double const people = rounded(households * static_cast<double>(random.uniform(2, 4)), 1);
    double const near = north_town + 0.8 * south_town;
    double const value = (40'000 + 28'000 * income * (0.6 + near) + 90'000 * near +
                          30'000 * std::exp(-6 * inland) + 400 * (age - 28) * near) *
                         (1 + 0.12 * static_cast<double>(random.bell()));
    bool const missing = random.below(100) == 0;
    std::array<double, 9> const values{
        rounded(longitude, 0.01),
        rounded(latitude, 0.01),
        age,
        rooms,
        missing ? std::numeric_limits<double>::quiet_NaN() : bedrooms,
        people,
        households,
        rounded(income, 1e-4),
        rounded(std::clamp(value, 15'000.0, 500'001.0), 1)};
    for (std::size_t c = 0; c < names.size(); ++c) columns[c].numbers.push_back(values[c]);
    columns[4].missing += missing ? 1 : 0;
    place.codes.push_back(inland > 0.5 ? 1 : north_town > 0.4 ? 2 : inland < 0.08 ? 3 : 0);
  }
  columns.push_back(std::move(place));
  return table("synthetic districts", std::move(columns));
}

}  // namespace typegrad::datasets
