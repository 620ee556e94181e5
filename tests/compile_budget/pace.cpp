// SPDX-License-Identifier: BSL-1.0
// A program of the standard library alone: how long it takes to compile is the pace of a machine.
#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <ranges>
#include <regex>
#include <string>
#include <thread>
#include <vector>

std::map<std::string, std::vector<double>> drawn(std::vector<std::string> const& names,
                                                 unsigned seed) {
  std::regex const wanted("([a-z]+)_([0-9]{1,3})");
  std::map<std::string, std::vector<double>> result;
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  for (std::string const& name : names) {
    std::smatch found;
    if (!std::regex_match(name, found, wanted)) continue;
    std::vector<double>& values = result[found[1].str()];
    values.resize(static_cast<std::size_t>(std::stoi(found[2].str())));
    std::ranges::generate(values, [&] { return normal(engine); });
    std::ranges::sort(values);
  }
  return result;
}
