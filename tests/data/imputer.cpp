// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <typegrad/data/imputer.hpp>

#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

namespace {
float const none = std::numeric_limits<float>::quiet_NaN();
xt::xtensor<float, 2> const train{{1, 10, 5}, {9, none, 5}, {2, 30, 8}, {4, 20, none}};
}  // namespace

TEST_CASE("imputer: the median of the training data, of even and odd counts") {
  tg::imputer imputer;
  auto const filled = imputer.fit_transform(train);
  CHECK(imputer.fills() == std::vector<float>{3, 20, 5});
  CHECK(filled == xt::xtensor<float, 2>{{1, 10, 5}, {9, 20, 5}, {2, 30, 8}, {4, 20, 5}});
  xt::xtensor<float, 2> const fresh{{none, none, none}, {7, 1, none}};
  CHECK(imputer.transform(fresh) == xt::xtensor<float, 2>{{3, 20, 5}, {7, 1, 5}});
  CHECK(imputer.features() == 3);
}

TEST_CASE("imputer: the mean") {
  tg::imputer imputer({.what = tg::fill_with::mean});
  imputer.fit(train);
  CHECK(imputer.fills() == std::vector<float>{4, 20, 6});
}

TEST_CASE("imputer: a column tells where a feature was missing that can be") {
  tg::imputer imputer({.indicators = true});
  imputer.fit(train);
  CHECK(imputer.indicated() == std::vector<std::size_t>{1, 2});
  xt::xtensor<float, 2> const fresh{{none, none, 4}, {7, 1, none}};
  CHECK(imputer.transform(fresh) == xt::xtensor<float, 2>{{3, 20, 4, 1, 0}, {7, 1, 5, 0, 1}});
  CHECK(tg::imputer{}.fit(train).indicated().empty());
}

TEST_CASE("imputer: what cannot be learned or filled is a sentence") {
  tg::imputer imputer;
  CHECK_THAT(message_of([&] { static_cast<void>(imputer.transform(train)); }),
             ContainsSubstring("imputer: transform before fit"));
  xt::xtensor<float, 2> const empty_column{{1, none}, {2, none}};
  CHECK_THAT(message_of([&] { imputer.fit(empty_column); }),
             ContainsSubstring("imputer: feature 1 has no numbers in 2 rows"));
  imputer.fit(train);
  CHECK_THAT(message_of([&] { static_cast<void>(imputer.transform(empty_column)); }),
             ContainsSubstring("imputer: fitted to 3 features, got 2"));
}
