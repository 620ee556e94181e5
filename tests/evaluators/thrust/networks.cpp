// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/networks.hpp"
#include "evaluators/recipes/columns.hpp"
#include "evaluators/recipes/products.hpp"
#include "evaluators/thrust/check_layers.hpp"

#if defined(_OPENMP)
#include <omp.h>
#endif

// A whole step of training, and that it depends on nothing but its data.

using namespace recipes;

TEST_CASE("thrust: a training step of a convolutional network", "[thrust]") {
  support::check_layers<training_step<image_network>>();
}

namespace {

template <class Recipe>
void check_runs(reference::bindings const& b) {
  auto const first = support::run_thrust<program<Recipe>>(b);
  CHECK(support::identical(first, support::run_thrust<program<Recipe>>(b)));
#if defined(_OPENMP)
  int const before = omp_get_max_threads();
  for (int threads = 1; threads <= 5; threads += 2) {
    omp_set_num_threads(threads);
    CHECK(support::identical(first, support::run_thrust<program<Recipe>>(b)));
  }
  omp_set_num_threads(before);
#endif
}
template <class Recipe>
void check_runs(std::int64_t batch) {
  check_runs<Recipe>(uniform_data(support::graph_of<Recipe>(), 3, batch));
}

}  // namespace

TEST_CASE("thrust: equal runs have equal results, on any number of threads", "[thrust]") {
  check_runs<training_step<image_network>>(33);
  check_runs<reductions<5, 19>>(500);
  check_runs<all_orders<dtype::float32, 2, 3, 4099>>(5);
}
