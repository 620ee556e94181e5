// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace {

namespace tg = typegrad;
using tg::input;
using tg::sequential;

/// The mean of x^1 to x^4, about `centre`.
std::array<double, 4> moments(oracle::values const& x, double centre = 0) {
  std::array<double, 4> m{};
  for (double const v : x)
    for (std::size_t k = 0; k < 4; ++k) m[k] += std::pow(v - centre, static_cast<double>(k + 1));
  for (double& v : m) v /= static_cast<double>(x.size());
  return m;
}

template <class M>
std::string error_of(bool training = false) {
  return std::string(tg::trace<M>(training).error.view());
}

template <class Layer>
bool does_nothing_in_inference() {
  tg::graph const g = tg::trace<sequential<input<2, 3, 4>, Layer>>(false);
  return g[g.outputs[0]].code == tg::op::input;
}

TEST_CASE("normal numbers have the normal distribution's moments") {
  tg::graph g;
  g.outputs.push_back(tg::detail::random_normal(g, {50}, true).id());
  auto const z = oracle::run(g, 4000, {})[0];
  REQUIRE(z.size() == 200'000);
  auto const m = moments(z);
  double const n = static_cast<double>(z.size());
  // five standard deviations of each moment's estimate
  CHECK(std::abs(m[0]) < 5 * std::sqrt(1 / n));
  CHECK(std::abs(m[1] - 1) < 5 * std::sqrt(2 / n));
  CHECK(std::abs(m[2]) < 5 * std::sqrt(15 / n));
  CHECK(std::abs(m[3] - 3) < 5 * std::sqrt(96 / n));
  auto const share_below = [&](double t) {
    return static_cast<double>(std::count_if(z.begin(), z.end(), [t](double v) { return v < t; })) /
           n;
  };
  for (double const t : {-2.0, -1.0, 0.0, 0.5, 3.0}) {
    double const p = 0.5 * std::erfc(-t / std::sqrt(2.0));
    CHECK(std::abs(share_below(t) - p) < 5 * std::sqrt(p * (1 - p) / n));
  }
  // neighbours do not know of each other
  double together = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i) together += z[i] * z[i + 1];
  CHECK(std::abs(together / n) < 5 / std::sqrt(n));
  CHECK(*std::max_element(z.begin(), z.end()) < 5.8);
}

TEST_CASE("Gaussian noise is added, Gaussian dropout multiplies") {
  std::size_t const count = 100'000;
  double const n = static_cast<double>(count);
  oracle::values const x(count, 3.0);
  auto const noisy =
      oracle::run(tg::trace<sequential<input<100>, tg::gaussian_noise<0.5F>>>(true), 1000, {x})[0];
  CHECK(std::abs(moments(noisy)[0] - 3) < 5 * 0.5 / std::sqrt(n));
  CHECK(std::abs(moments(noisy, 3)[1] - 0.25) < 5 * 0.25 * std::sqrt(2 / n));
  auto const scaled =
      oracle::run(tg::trace<sequential<input<100>, tg::gaussian_dropout<0.2F>>>(true), 1000,
                  {x})[0];
  CHECK(std::abs(moments(scaled)[0] - 3) < 5 * 1.5 / std::sqrt(n));
  CHECK(std::abs(moments(scaled, 3)[1] - 9 * 0.25) < 5 * 9 * 0.25 * std::sqrt(2 / n));
  STATIC_CHECK(tg::detail::root(0.25) == 0.5);
  STATIC_CHECK(tg::detail::root(0) == 0);
  CHECK(std::abs(tg::detail::root(2) / std::sqrt(2.0) - 1) < 1e-15);
  CHECK(std::abs(tg::detail::root(1e-9) / std::sqrt(1e-9) - 1) < 1e-15);
  CHECK(does_nothing_in_inference<tg::gaussian_noise<1>>());
  CHECK(does_nothing_in_inference<tg::gaussian_dropout<0.5>>());
  CHECK(error_of<sequential<input<2>, tg::gaussian_noise<-1>>>() ==
        "layer 1, gaussian_noise: stddev must not be negative, got -1");
  CHECK(error_of<sequential<input<2>, tg::gaussian_dropout<1.0F>>>() ==
        "layer 1, gaussian_dropout: rate must be at least 0 and less than 1, got 1");
}

TEST_CASE("spatial dropout drops whole channels of a sample") {
  constexpr std::size_t samples = 500, positions = 6, channels = 8;
  oracle::values const x(samples * positions * channels, 3.0);
  auto const check = [&](tg::graph const& g) {
    auto const y = oracle::run(g, samples, {x})[0];
    std::size_t kept = 0;
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t c = 0; c < channels; ++c) {
        double const first = y[s * positions * channels + c];
        CHECK((first == 0 || first == 4));
        bool alike = true;
        for (std::size_t p = 0; p < positions; ++p)
          alike = alike && y[(s * positions + p) * channels + c] == first;
        CHECK(alike);
        kept += first != 0;
      }
    double const n = static_cast<double>(samples * channels);
    CHECK(std::abs(static_cast<double>(kept) / n - 0.75) < 5 * std::sqrt(0.75 * 0.25 / n));
  };
  check(tg::trace<sequential<input<6, 8>, tg::spatial_dropout1d<0.25F>>>(true));
  check(tg::trace<sequential<input<2, 3, 8>, tg::spatial_dropout2d<0.25F>>>(true));
  check(tg::trace<sequential<input<1, 3, 2, 8>, tg::spatial_dropout3d<0.25F>>>(true));
  CHECK(does_nothing_in_inference<tg::spatial_dropout2d<0.5>>());
  CHECK(error_of<sequential<input<28, 28>, tg::spatial_dropout2d<0.5>>>() ==
        "layer 1, spatial_dropout2d: needs height x width x channels, got extents 28x28");
  CHECK(error_of<sequential<input<28>, tg::spatial_dropout1d<0.5>>>() ==
        "layer 1, spatial_dropout1d: needs steps x channels, got extents 28");
  CHECK(error_of<sequential<input<2, 3>, tg::spatial_dropout1d<1>>>() ==
        "layer 1, spatial_dropout1d: rate must be at least 0 and less than 1, got 1");
}

}  // namespace
