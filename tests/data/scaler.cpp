// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <typegrad/data/random.hpp>
#include <typegrad/data/scaler.hpp>

#include "support.hpp"

namespace tg = typegrad;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

namespace {
float const none = std::numeric_limits<float>::quiet_NaN();
}

TEST_CASE("scaler: min-max") {
  xt::xtensor<float, 2> const x{{1, 10, 5}, {3, none, 5}, {2, 30, 5}};
  tg::min_max_scaler scaler;
  auto const y = scaler.fit_transform(x);
  xt::xtensor<float, 2> const wanted{{0, 0, 0}, {1, none, 0}, {0.5f, 1, 0}};
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (std::isnan(wanted.data()[i])) {
      CHECK(std::isnan(y.data()[i]));
    } else {
      CHECK(y.data()[i] == wanted.data()[i]);
    }
  }
  tg::min_max_scaler wide(-1, 1);
  wide.fit(x);
  xt::xtensor<float, 2> const fresh{{4, 20, 5}};
  CHECK(wide.transform(fresh)(0, 0) == Approx(2));
  CHECK(wide.transform(fresh)(0, 1) == Approx(0));
  CHECK(wide.transform(fresh)(0, 2) == Approx(-1));
  CHECK(wide.inverse_transform(wide.transform(fresh))(0, 2) == 5);
}

TEST_CASE("scaler: standard") {
  xt::xtensor<float, 2> const x{{1, 7, none}, {2, 7, 4}, {3, 7, 6}};
  tg::standard_scaler scaler;
  auto const y = scaler.fit_transform(x);
  CHECK(y(0, 0) == Approx(-std::sqrt(1.5)));
  CHECK(y(1, 0) == Approx(0));
  CHECK(y(0, 1) == 0);  // constant
  CHECK(std::isnan(y(0, 2)));
  CHECK(y(1, 2) == Approx(-1));
  CHECK(scaler.shift()[2] == 5);
  CHECK(scaler.scale()[2] == 1);
  // A constant that float sums do not hit exactly stays exactly 0.
  xt::xtensor<float, 2> constant(std::array<std::size_t, 2>{1000, 1}, 0.1f);
  CHECK(tg::standard_scaler{}.fit_transform(constant)(999, 0) == 0);
}

TEST_CASE("scaler: the inverse gives back what was scaled; a vector is one feature") {
  tg::data_detail::data_random random(5);
  xt::xtensor<float, 2> x(std::array<std::size_t, 2>{50, 3});
  for (float& v : x) v = random.uniform(-3, 8);
  auto const check = [&](auto scaler) {
    auto const back = scaler.inverse_transform(scaler.fit_transform(x));
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(back.data()[i] == Approx(x.data()[i]));
  };
  check(tg::min_max_scaler(0, 5));
  check(tg::standard_scaler{});
  xt::xtensor<float, 1> const v{2, 4};
  CHECK(tg::min_max_scaler{}.fit_transform(v)(1) == 1);
}

TEST_CASE("scaler: errors") {
  tg::standard_scaler scaler;
  xt::xtensor<float, 2> const x{{1, 2}, {3, 4}};
  CHECK_THAT(message_of([&] { scaler.transform(x); }),
             ContainsSubstring("standard_scaler: transform before fit"));
  scaler.fit(x);
  xt::xtensor<float, 2> const narrow{{1}};
  CHECK_THAT(message_of([&] { scaler.transform(narrow); }),
             ContainsSubstring("fitted to 2 features, got 1"));
  xt::xtensor<float, 2> const empty{{none, 1}, {none, 2}};
  CHECK_THAT(message_of([&] { tg::min_max_scaler{}.fit(empty); }),
             ContainsSubstring("feature 0 has no numbers in 2 rows"));
  xt::xtensor<float, 2> const infinite{{1, 1}, {1, std::numeric_limits<float>::infinity()}};
  CHECK_THAT(message_of([&] { scaler.fit(infinite); }),
             ContainsSubstring("feature 1 is infinite in row 1"));
  CHECK(scaler.shift()[0] == 2);  // as it was before the failure
  CHECK_THAT(message_of([] { tg::min_max_scaler(1, 1); }), ContainsSubstring("low must be less"));
}
