// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <typegrad/data/imputer.hpp>
#include <typegrad/data/pipeline.hpp>
#include <typegrad/data/scaler.hpp>

namespace tg = typegrad;

TEST_CASE("pipeline: each step learns from what the one before made of the training data") {
  float const none = std::numeric_limits<float>::quiet_NaN();
  xt::xtensor<float, 2> const train{{0, 4}, {2, none}, {4, 8}};
  tg::pipeline prepare{tg::imputer{{.indicators = true}}, tg::min_max_scaler{}};
  CHECK(prepare.fit_transform(train) ==
        xt::xtensor<float, 2>{{0, 0, 0}, {0.5f, 0.5f, 1}, {1, 1, 0}});
  xt::xtensor<float, 2> const fresh{{8, none}};
  CHECK(prepare.transform(fresh) == xt::xtensor<float, 2>{{2, 0.5f, 1}});
  CHECK(prepare.step<0>().fills()[1] == 6);

  tg::pipeline alone{tg::min_max_scaler{}};
  xt::xtensor<float, 1> const one_feature{1, 3};
  CHECK(alone.fit(one_feature).transform(one_feature) == xt::xtensor<float, 1>{0, 1});
}
