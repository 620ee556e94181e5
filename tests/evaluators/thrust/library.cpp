// SPDX-License-Identifier: BSL-1.0
#include "evaluators/thrust/run_thrust.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <typegrad/nn.hpp>

#include <cmath>
#include <limits>

// Products so large that on a device they are the library's, against the same samples a few at a
// time, which are not.

namespace {

namespace tg = typegrad;

constexpr std::int64_t wide = TYPEGRAD_CUDA ? 1024 : 24;
constexpr std::int64_t samples = TYPEGRAD_CUDA ? 512 : 16;

template <tg::dtype Type, class Epilogue>
struct recipe {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", {wide}, Type);
    tg::symbol const k = tg::build::input(g, "kernel", {wide, wide}, Type, false);
    tg::symbol const b = tg::build::input(g, "bias", {wide}, tg::dtype::float32, false);
    g.outputs.push_back(Epilogue{}(matmul(x, k), b).id());
    return g;
  }
};
struct plain {
  constexpr tg::symbol operator()(tg::symbol y, tg::symbol) const {
    return tg::cast(y, tg::dtype::float32);
  }
};
struct biased {
  constexpr tg::symbol operator()(tg::symbol y, tg::symbol b) const {
    return y + tg::cast(b, y.type());
  }
};
struct rectified {
  constexpr tg::symbol operator()(tg::symbol y, tg::symbol b) const {
    return tg::relu(y + tg::cast(b, y.type()));
  }
};
struct squashed {  // nothing that the library knows
  constexpr tg::symbol operator()(tg::symbol y, tg::symbol b) const {
    return tg::tanh(tg::cast(y, tg::dtype::float32)) * b;
  }
};

template <class Recipe>
void check(double tolerance) {
  tg::reference::bindings all;
  all.batch_size = samples;
  auto const made = [](std::int64_t count, int seed, double scale) {
    tg::reference::values v(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < v.size(); ++i)
      v[i] = std::round(scale * 64 * std::sin(static_cast<double>(i) * 12.9898 + seed)) / 64;
    return v;
  };
  all.inputs = {made(samples * wide, 1, 1), made(wide * wide, 2, 1), made(wide, 3, 2)};
  all.inputs[0][5] = std::numeric_limits<double>::quiet_NaN();  // the first sample is NaN
  auto const whole = support::run_thrust<tg::program<Recipe>>(all);
  constexpr std::int64_t few = samples / 16;
  for (std::int64_t first = 0; first < samples; first += few) {
    tg::reference::bindings some = all;
    some.batch_size = few;
    some.inputs[0].assign(all.inputs[0].begin() + first * wide,
                          all.inputs[0].begin() + (first + few) * wide);
    auto const part = support::run_thrust<tg::program<Recipe>>(some);
    double worst = 0;
    int nans = 0;
    for (std::size_t i = 0; i < part[0].size(); ++i) {
      double const other = whole[0][static_cast<std::size_t>(first * wide) + i];
      nans += std::isnan(part[0][i]);
      if (std::isnan(part[0][i]) != std::isnan(other)) worst = 1e300;
      if (!std::isnan(other))
        worst = std::max(worst, std::abs(other - part[0][i]) / (1 + std::abs(other)));
    }
    INFO("samples from " << first);
    CHECK(worst < tolerance);
    CHECK(nans == (first == 0 ? wide : 0));
  }
}

}  // namespace

TEST_CASE("thrust: large products of float32", "[thrust]") {
  check<recipe<tg::dtype::float32, plain>>(1e-5);
  check<recipe<tg::dtype::float32, biased>>(1e-5);
  check<recipe<tg::dtype::float32, rectified>>(1e-5);
  check<recipe<tg::dtype::float32, squashed>>(1e-4);
}
TEST_CASE("thrust: large products of bfloat16", "[thrust]") {
  check<recipe<tg::dtype::bfloat16, plain>>(1e-2);
  check<recipe<tg::dtype::bfloat16, biased>>(1e-2);
  check<recipe<tg::dtype::bfloat16, rectified>>(1e-2);
  check<recipe<tg::dtype::bfloat16, squashed>>(2e-2);
}
