// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/io/safetensors.hpp>
#include <typegrad/ops/reduction.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <string>
#include <vector>

// What the tests against Keras's stored numbers share.
namespace oracle {

using values = typegrad::reference::values;

inline typegrad::safetensors::file const& open(std::string const& name) {
  static std::vector<std::pair<std::string, typegrad::safetensors::file>> files;
  for (auto const& [known, file] : files)
    if (known == name) return file;
  files.emplace_back(name, typegrad::safetensors::read(std::string(TYPEGRAD_TESTS_DIR "/oracles/") +
                                                       name + ".safetensors"));
  return files.back().second;
}

inline values load(std::string const& file, std::string const& tensor) {
  auto const view = open(file).at(tensor);
  std::vector<float> numbers(static_cast<std::size_t>(view.size()));
  view.copy_to(std::span<float>(numbers));
  return {numbers.begin(), numbers.end()};
}

/// Compares within 1e-5, relative to the number or to 1, whichever is more.
inline void check_close(values const& got, values const& wanted, double tolerance = 1e-5) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i, got[i], wanted[i]);
    CHECK(std::abs(got[i] - wanted[i]) <= tolerance * std::max(1.0, std::abs(wanted[i])));
  }
}

inline std::vector<values> run(typegrad::graph const& g, std::int64_t batch,
                               std::vector<values> inputs, std::vector<values> weights = {}) {
  typegrad::reference::bindings b;
  b.batch_size = batch;
  b.inputs = std::move(inputs);
  b.weights = std::move(weights);
  return typegrad::reference::interpreter<float>{g, b}.run();
}

/// Makes `value` and the gradients of `objective` for `wanted` the outputs of g.
inline void with_gradient(typegrad::graph& g, typegrad::symbol value, typegrad::symbol objective,
                          typegrad::symbol wanted) {
  typegrad::list<int> const ids =
      typegrad::differentiate(g, objective, typegrad::list<int>{wanted.id()});
  g.outputs.push_back(value.id());
  g.outputs.push_back(ids[0]);
}

}  // namespace oracle
