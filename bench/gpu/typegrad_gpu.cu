// SPDX-License-Identifier: BSL-1.0
// typegrad's side of bench/gpu: typegrad_gpu --serve answers compare.py (the protocol stands
// there); typegrad_gpu [--seconds S] [CASE...] measures cases by itself.
#include "cases.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>

namespace {

/// The case that is set up; another one takes its place.
class player {
 public:
  double play(gpu_bench::cases const& all, std::string const& name, double seconds) {
    if (name != name_) {
      work_.reset();
      name_.clear();
      auto const found = all.find(name);
      if (found == all.end()) throw std::invalid_argument("there is no such case");
      work_ = found->second();
      name_ = name;
    }
    return gpu_bench::measure(*work_, seconds);
  }

 private:
  std::string name_;
  std::unique_ptr<gpu_bench::work> work_;
};

void serve(gpu_bench::cases const& all) {
  std::string ready = "ready";
  for (auto const& [name, make] : all) ready += ' ' + name;
  std::cout << ready << std::endl;
  player p;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string name;
    double seconds = 1;
    in >> name >> seconds;
    try {
      double const microseconds = p.play(all, name, seconds);
      std::cout << name << ' ' << microseconds << std::endl;
    } catch (std::exception const& error) {
      std::cout << name << " error " << error.what() << std::endl;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  gpu_bench::cases all;
  gpu_bench::add_mlps(all);
  gpu_bench::add_cnn(all);
  gpu_bench::add_kernels(all);
  std::vector<std::string> const arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--serve") {
    serve(all);
    return 0;
  }
  double seconds = 1;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i] == "--seconds" && i + 1 < arguments.size())
      seconds = std::strtod(arguments[++i].c_str(), nullptr);
    else
      names.push_back(arguments[i]);
  if (names.empty())
    for (auto const& [name, make] : all) names.push_back(name);
  player p;
  int failed = 0;
  for (std::string const& name : names) {
    try {
      std::printf("%-24s %12.2f us\n", name.c_str(), p.play(all, name, seconds));
    } catch (std::exception const& error) {
      std::printf("%-24s %s\n", name.c_str(), error.what());
      ++failed;
    }
    std::fflush(stdout);
  }
  return failed == 0 ? 0 : 1;
}
