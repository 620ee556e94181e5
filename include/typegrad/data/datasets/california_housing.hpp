// SPDX-License-Identifier: BSL-1.0
// California housing: 20,640 districts of the 1990 census with the median house value of each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <typegrad/data/csv.hpp>
#include <typegrad/data/datasets/synthetic_housing.hpp>
#include <typegrad/data/download.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/table.hpp>
#include <utility>

namespace typegrad {

namespace data_detail {

inline constexpr std::array<published_file, 1> housing_files{
    {{"housing.csv", "d1c47305887e2252bf1ccbd74ff159a6", 2'000'000}}};
inline constexpr std::array<std::string_view, 2> housing_mirrors{
    "https://raw.githubusercontent.com/ageron/handson-ml2/master/datasets/housing/",
    "https://raw.githubusercontent.com/ageron/handson-ml/master/datasets/housing/"};

template <int = 0>
table read_housing(std::filesystem::path const& path) {
  csv_options options;
  for (char const* const name :
       {"longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms",
        "population", "households", "median_income", "median_house_value"}) {
    options.types.emplace_back(name, column_type::number);
  }
  options.types.emplace_back("ocean_proximity", column_type::category);
  return read_csv(path, options);
}

template <int = 0>
table announced_housing(table districts, std::string_view why = {}) {
  std::string const more = why.empty() ? std::string() : message(" (", why, ")");
  std::fprintf(stderr, "typegrad: California housing: %zu districts from %s%s\n", districts.rows(),
               districts.source().c_str(), more.c_str());
  return districts;
}

template <int = 0>
table housing_anywhere() {
  std::error_code ignored;
  if (auto const data = environment("TYPEGRAD_DATA")) {
    auto const path = std::filesystem::path(*data) / "california_housing.csv";
    if (std::filesystem::is_regular_file(path, ignored))
      return announced_housing(read_housing(path));
  }
  std::string reason = "no folder for a download: neither XDG_CACHE_HOME nor HOME is set";
  if (auto const cache = cache_folder()) {
    auto const folder = *cache / "california_housing";
    auto const path = folder / housing_files[0].name;
    if (std::filesystem::is_regular_file(path, ignored))
      return announced_housing(read_housing(path));
    if (offline()) {
      reason = "TYPEGRAD_OFFLINE is set";
    } else {
      auto const failure = download(housing_files, housing_mirrors, folder);
      if (!failure) return announced_housing(read_housing(path));
      reason = "no download: " + *failure;
    }
  }
  return announced_housing(datasets::synthetic_housing(),
                           message("there is no california_housing.csv; ", reason));
}

}  // namespace data_detail

namespace datasets {

/// The table in `california_housing.csv`, given by its own path or its folder's. Nine number
/// columns (`total_bedrooms` has missing values), the target `median_house_value` among them, and
/// the category `ocean_proximity`. Throws std::runtime_error for a file that lacks one of them.
/// Source: Pace and Barry, "Sparse spatial autoregressions" (1997), in A. Geron's version.
template <int = 0>
table california_housing(std::filesystem::path const& where) {
  std::error_code ignored;
  return data_detail::read_housing(
      std::filesystem::is_directory(where, ignored) ? where / "california_housing.csv" : where);
}

/// The same from the first of: $TYPEGRAD_DATA, the user's cache
/// ($XDG_CACHE_HOME/typegrad/california_housing or ~/.cache/typegrad/california_housing), a
/// checksummed download into that cache (not with TYPEGRAD_OFFLINE=1), synthetic districts. Says
/// which on stderr and in the table's `source()`.
template <int = 0>
table california_housing() {
  return data_detail::housing_anywhere();
}

}  // namespace datasets
}  // namespace typegrad
