// SPDX-License-Identifier: BSL-1.0
#pragma once
// What a C++ program of this comparison is made of: named cases, a timer, and a main that either
// prints a line for each case or serves `compare.py`, which plays several programs against each
// other in turns. torch_worker.py speaks the same protocol and measures in the same way.
//
//   int main(int argc, char** argv) {
//     compare::add("softmax_1024x1000", [](int threads) {
//       auto state = ...;                         // set up, outside the timing
//       return [state]() mutable { ...; };        // one step
//     });
//     return compare::run(argc, argv);
//   }
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace compare {

/// Microseconds a step; each sample is a run of steps of at least a millisecond, or one step.
struct timing {
  double median_us = 0, minimum_us = 0;
  std::size_t samples = 0;
};

using repeat = std::function<void(std::size_t times)>;  // runs a case's step so many times

struct named_case {
  std::string name;
  std::function<repeat(int threads)> prepare;
};

inline std::vector<named_case>& cases() {
  static std::vector<named_case> all;
  return all;
}

/// Registers a case: `prepare(threads)` sets it up and returns its step, a callable `step()`.
template <class Prepare>
void add(std::string name, Prepare prepare) {
  cases().push_back({std::move(name), [prepare](int threads) -> repeat {
                       using step = decltype(prepare(threads));
                       auto const shared =
                           std::make_shared<step>(prepare(threads));  // a step need not be copyable
                       return [shared](std::size_t times) {
                         for (std::size_t i = 0; i != times; ++i) (*shared)();
                       };
                     }});
}

/// Keeps the compiler from dropping the computation of what `value` refers to.
template <class T>
void keep(T const& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

inline double seconds_of(repeat const& steps, std::size_t times) {
  auto const start = std::chrono::steady_clock::now();
  steps(times);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Warms for a quarter of `seconds` (at least two steps), then measures for `seconds`, at least
/// five samples.
inline timing measure(repeat const& steps, double seconds) {
  using clock = std::chrono::steady_clock;
  auto const since = [](clock::time_point start) {
    return std::chrono::duration<double>(clock::now() - start).count();
  };
  auto const warming = clock::now();
  std::size_t warmed = 0;
  double quickest = 1e9;
  while (warmed < 2 || since(warming) < 0.25 * seconds) {
    quickest = std::min(quickest, seconds_of(steps, 1));
    ++warmed;
  }
  auto const times = std::max<std::size_t>(1, static_cast<std::size_t>(1e-3 / quickest));
  std::vector<double> samples;
  auto const measuring = clock::now();
  while (samples.size() < 5 || since(measuring) < seconds) {
    samples.push_back(1e6 * seconds_of(steps, times) / static_cast<double>(times));
  }
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples.front(), samples.size()};
}

inline void print(std::string const& name, int threads, timing const& t) {
  std::printf("%s %d %.3f %.3f %zu\n", name.c_str(), threads, t.median_us, t.minimum_us, t.samples);
  std::fflush(stdout);
}

/// Answers lines of standard input: `names`; `measure NAME SECONDS`, with the line of `print` or
/// `failed NAME REASON`; `drop`, which frees what the cases measured so far hold.
inline int serve(int threads) {
  std::vector<std::pair<std::string, repeat>> prepared;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, name;
    double seconds = 0.2;
    words >> command >> name >> seconds;
    if (command == "names") {
      for (auto const& c : cases()) std::printf("%s ", c.name.c_str());
      std::puts("");
    } else if (command == "drop") {
      prepared.clear();
      std::puts("dropped");
    } else if (command == "measure") {
      auto const is_it = [&](auto const& p) { return p.first == name; };
      auto found = std::find_if(prepared.begin(), prepared.end(), is_it);
      try {
        if (found == prepared.end()) {
          auto const known = std::find_if(cases().begin(), cases().end(),
                                          [&](named_case const& c) { return c.name == name; });
          if (known == cases().end()) {
            std::printf("failed %s no such case\n", name.c_str());
            std::fflush(stdout);
            continue;
          }
          prepared.emplace_back(name, known->prepare(threads));
          found = prepared.end() - 1;
        }
        print(name, threads, measure(found->second, seconds));
      } catch (std::exception const& error) {
        std::printf("failed %s %s\n", name.c_str(), error.what());
      }
    } else {
      std::printf("failed %s unknown command\n", command.c_str());
    }
    std::fflush(stdout);
  }
  return 0;
}

/// [--threads N] [--seconds S] [--only PART]: prints for each case whose name contains PART
/// `name threads median_us minimum_us samples`; [--serve]: serves compare.py.
inline int run(int argc, char** argv) {
  int threads = 1;
  double seconds = 1.0;
  bool serving = false;
  std::string_view only;
  for (int i = 1; i < argc; ++i) {
    std::string_view const option = argv[i];
    bool const has_value = i + 1 < argc;
    if (option == "--serve") {
      serving = true;
    } else if (option == "--threads" && has_value) {
      threads = std::max(1, std::atoi(argv[++i]));
    } else if (option == "--seconds" && has_value) {
      seconds = std::atof(argv[++i]);
    } else if (option == "--only" && has_value) {
      only = argv[++i];
    } else {
      std::fprintf(stderr, "usage: %s [--threads N] [--seconds S] [--only PART] [--serve]\n",
                   argv[0]);
      return 2;
    }
  }
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
  if (serving) return serve(threads);
  for (auto const& c : cases()) {
    if (c.name.find(only) == std::string::npos) continue;
    print(c.name, threads, measure(c.prepare(threads), seconds));
  }
  return 0;
}

}  // namespace compare
