// SPDX-License-Identifier: BSL-1.0
#include "evaluators/cpu_products.hpp"

#include <catch2/catch_test_macros.hpp>

// See cpu_products.hpp.

TEST_CASE("cpu: products, of samples by samples", "[cpu][threads]") {
  for (std::int64_t const batch : {1, 2, 7, 33}) {
    INFO("batch " << batch);
    CHECK(products::failure<products::of_samples<1, 1, 1>>(batch) == "");
    CHECK(products::failure<products::of_samples<1, 10, 7>>(batch) == "");
    CHECK(products::failure<products::of_samples<5, 1, 9>>(batch) == "");
    CHECK(products::failure<products::of_samples<3, 4, 1>>(batch) == "");
    CHECK(products::failure<products::of_samples<17, 33, 20>>(batch) == "");
    CHECK(products::failure<products::of_samples<4, 128, 40>>(batch) == "");
  }
}
