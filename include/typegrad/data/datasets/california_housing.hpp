// SPDX-License-Identifier: BSL-1.0
// California housing: 20,640 districts of the 1990 census with the median house value of each.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <typegrad/data/csv.hpp>
#include <typegrad/data/download.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/table.hpp>

namespace typegrad::datasets {

/// The table in `california_housing.csv`, given by its own path or its folder's. Nine number
/// columns (`total_bedrooms` has missing values), the target `median_house_value` among them, and
/// the category `ocean_proximity`. Throws std::runtime_error for a file that lacks one of them.
/// Source: Pace and Barry, "Sparse spatial autoregressions" (1997), in A. Geron's version.
inline table california_housing(std::filesystem::path const& where) {
  std::error_code ignored;
  auto const path =
      std::filesystem::is_directory(where, ignored) ? where / "california_housing.csv" : where;
  csv_options options;
  for (char const* const name :
       {"longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms",
        "population", "households", "median_income", "median_house_value"}) {
    options.types.emplace_back(name, column_type::number);
  }
  options.types.emplace_back("ocean_proximity", column_type::category);
  return read_csv(path, options);
}

/// The same from the folder $TYPEGRAD_DATA.
inline table california_housing() {
  auto const data = data_detail::environment("TYPEGRAD_DATA");
  if (!data) {
    throw std::runtime_error(
        "california_housing: set TYPEGRAD_DATA to the folder that holds california_housing.csv, or"
        " give the folder");
  }
  return california_housing(std::filesystem::path(*data));
}

}  // namespace typegrad::datasets
