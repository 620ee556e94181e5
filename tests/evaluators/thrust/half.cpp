// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/half.hpp"
#include "evaluators/recipes/networks.hpp"
#include "evaluators/thrust/check_layers.hpp"

// Values of 16 bits, and models in mixed precision.

using namespace recipes;

namespace {

template <class Recipe>
std::string failure(dtype type, reference::bindings const& b) {
  auto const got = support::run_thrust<program<Recipe>>(b);
  if (!support::identical(got, support::run_thrust<program<Recipe>>(b))) return "two runs differ";
  return far_off_in_half(got, reference::evaluate<float>(support::graph_of<Recipe>(), b), type);
}

template <dtype Type>
void check_half() {
  for (std::int64_t const batch : {1, 5, 33})
    CHECK(failure<in_half<Type>>(
              Type, random_graphs::data_for(support::graph_of<in_half<Type>>(), 3, batch)) == "");
}

template <dtype Type>
void check_training() {
  using recipe = training_step<image_network, Type>;
  for (std::int64_t const batch : {5, 33})
    CHECK(failure<recipe>(Type, uniform_data(support::graph_of<recipe>(), 3, batch)) == "");
}

struct scaled {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {3});
    g.outputs.push_back((x * build::scalar(g, run_scalar::loss_scale)).id());
    g.outputs.push_back((x / build::scalar(g, run_scalar::batch_size)).id());
    return g;
  }
};

}  // namespace

TEST_CASE("thrust: values of 16 bits", "[thrust]") {
  check_half<dtype::float16>();
  check_half<dtype::bfloat16>();
}

TEST_CASE("thrust: training steps in mixed precision", "[thrust]") {
  check_training<dtype::float16>();
  check_training<dtype::bfloat16>();
}

TEST_CASE("thrust: the scale of a loss", "[thrust]") {
  reference::bindings b = random_graphs::data_for(support::graph_of<scaled>(), 1, 5);
  b.loss_scale = 1024;
  CHECK(support::thrust_failure<scaled>(b) == "");
}
