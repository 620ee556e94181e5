// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <string>
#include <vector>

// Elementwise ops against formulas of their own, in float64, and which dtypes they give.

namespace {

using namespace typegrad;
using reference::values;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

bool same(double x, double y) {
  if (std::isnan(y)) return std::isnan(x);
  if (std::isinf(y)) return x == y;
  return std::abs(x - y) <= 1e-14 * std::max(1.0, std::abs(y));
}

/// Holds f on symbols against `formula` at every argument and every pair of them.
template <class F>
void unary(std::string const& name, F const& f, std::function<double(double)> const& formula) {
  INFO(name);
  values const points{0.0,  0.25, -0.25, 0.5, -0.5, 1.0, -1.0, 1.5,       2.5,
                      -2.5, 7.75, -7.0,  40,  -40,  inf, -inf, no_number, 1e-9};
  graph g;
  symbol const x =
      build::input(g, "x", {static_cast<std::int64_t>(points.size())}, dtype::float64, false);
  g.outputs.push_back(f(x).id());
  reference::bindings b;
  b.inputs = {points};
  auto const got = reference::evaluate<double>(g, b)[0];
  for (std::size_t i = 0; i < points.size(); ++i) {
    CAPTURE(points[i], got[i], formula(points[i]));
    CHECK(same(got[i], formula(points[i])));
  }
}

template <class F>
void binary(std::string const& name, F const& f,
            std::function<double(double, double)> const& formula) {
  INFO(name);
  values const points{0.0, 0.25, -0.5, 1.0, -1.0, 2.0, 3.5, -2.0, inf, -inf, no_number};
  auto const n = static_cast<std::int64_t>(points.size());
  graph g;
  symbol const column = build::input(g, "x", {n, 1}, dtype::float64, false);
  symbol const row = build::input(g, "y", {n}, dtype::float64, false);
  g.outputs.push_back(f(column, row).id());
  REQUIRE(g[g.outputs[0]].shape == extents{n, n});
  reference::bindings b;
  b.inputs = {points, points};
  auto const got = reference::evaluate<double>(g, b)[0];
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = 0; j < points.size(); ++j) {
      double const x = points[i];
      double const y = points[j];
      CAPTURE(x, y, got[i * points.size() + j], formula(x, y));
      CHECK(same(got[i * points.size() + j], formula(x, y)));
    }
}

}  // namespace

TEST_CASE("values of ops of one operand", "[ops]") {
  unary("negate", [](symbol x) { return -x; }, [](double x) { return 0 - x; });
  unary("abs", [](symbol x) { return abs(x); }, [](double x) { return x < 0 ? -x : x; });
  unary(
      "sign", [](symbol x) { return sign(x); },
      [](double x) {
        return std::isnan(x) ? x : x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
      });
  unary("exp", [](symbol x) { return exp(x); }, [](double x) { return std::exp2(x / M_LN2); });
  unary(
      "expm1", [](symbol x) { return expm1(x); },
      [](double x) { return std::abs(x) < 1e-5 ? x + x * x / 2 : std::exp(x) - 1; });
  unary("log", [](symbol x) { return log(x); }, [](double x) { return std::log2(x) * M_LN2; });
  unary(
      "log1p", [](symbol x) { return log1p(x); },
      [](double x) { return std::abs(x) < 1e-5 ? x - x * x / 2 : std::log(1 + x); });
  unary(
      "sqrt", [](symbol x) { return sqrt(x); },
      [](double x) { return x == -inf ? no_number : std::pow(x, 0.5); });
  unary(
      "rsqrt", [](symbol x) { return rsqrt(x); },
      [](double x) { return x == -inf ? no_number : std::pow(x, -0.5); });
  unary("sin", [](symbol x) { return sin(x); }, [](double x) { return std::cos(x - M_PI / 2); });
  unary("cos", [](symbol x) { return cos(x); }, [](double x) { return std::sin(x + M_PI / 2); });
  unary("exp2", [](symbol x) { return exp2(x); }, [](double x) { return std::pow(2.0, x); });
  unary("log2", [](symbol x) { return log2(x); }, [](double x) { return std::log(x) / M_LN2; });
  unary("log10", [](symbol x) { return log10(x); }, [](double x) { return std::log(x) / M_LN10; });
  unary(
      "tan", [](symbol x) { return tan(x); },
      [](double x) { return std::sin(x) / std::cos(x); });
  unary(
      "asin", [](symbol x) { return asin(x); },
      [](double x) { return std::atan2(x, std::sqrt((1 - x) * (1 + x))); });
  unary(
      "acos", [](symbol x) { return acos(x); },
      [](double x) { return std::atan2(std::sqrt((1 - x) * (1 + x)), x); });
  unary("atan", [](symbol x) { return atan(x); }, [](double x) { return std::atan2(x, 1); });
  unary(
      "sinh", [](symbol x) { return sinh(x); },
      [](double x) {
        double const e = std::expm1(std::abs(x));
        return std::copysign(std::isinf(e) ? e : (e + e / (e + 1)) / 2, x);
      });
  unary(
      "cosh", [](symbol x) { return cosh(x); },
      [](double x) { return std::exp(x) / 2 + std::exp(-x) / 2; });
  unary(
      "asinh", [](symbol x) { return asinh(x); },
      [](double x) {
        double const a = std::abs(x);
        if (std::isinf(x)) return x;
        return std::copysign(std::log1p(a + a * a / (1 + std::sqrt(a * a + 1))), x);
      });
  unary(
      "acosh", [](symbol x) { return acosh(x); },
      [](double x) { return x < 1 ? no_number : std::log(x + std::sqrt(x * x - 1)); });
  unary(
      "atanh", [](symbol x) { return atanh(x); },
      [](double x) { return 0.5 * std::log1p(2 * x / (1 - x)); });
  unary(
      "isnan", [](symbol x) { return isnan(x); },
      [](double x) { return std::isnan(x) ? 1.0 : 0.0; });
  unary(
      "isinf", [](symbol x) { return isinf(x); },
      [](double x) { return std::isinf(x) ? 1.0 : 0.0; });
  unary(
      "tanh", [](symbol x) { return build::unary(op::tanh, x); },
      [](double x) { return x > 30 ? 1.0 : 1 - 2 / (std::exp(2 * x) + 1); });
  unary(
      "sigmoid", [](symbol x) { return build::unary(op::sigmoid, x); },
      [](double x) { return 0.5 + 0.5 * std::tanh(x / 2); });
  unary("erf", [](symbol x) { return erf(x); }, [](double x) { return 1 - std::erfc(x); });
  unary(
      "floor", [](symbol x) { return floor(x); },
      [](double x) { return std::trunc(x) - (x < std::trunc(x) ? 1 : 0); });
  unary(
      "ceil", [](symbol x) { return ceil(x); },
      [](double x) { return std::trunc(x) + (x > std::trunc(x) ? 1 : 0); });
  unary(
      "round", [](symbol x) { return round(x); }, [](double x) {  // halves to the even integer
        double const low = std::floor(x);
        if (!std::isfinite(x)) return x;
        if (x - low != 0.5) return std::floor(x + 0.5);
        return std::fmod(low, 2) == 0 ? low : low + 1;
      });
  unary(
      "isfinite", [](symbol x) { return isfinite(x); },
      [](double x) { return x - x == 0 ? 1.0 : 0.0; });
  unary("logical_not", [](symbol x) { return !x; }, [](double x) { return x == 0 ? 1.0 : 0.0; });
  unary("stop_gradient", [](symbol x) { return stop_gradient(x); }, [](double x) { return x; });
  unary("square", [](symbol x) { return square(x); }, [](double x) { return x * x; });
  unary("reciprocal", [](symbol x) { return reciprocal(x); }, [](double x) { return 1 / x; });
  unary(
      "cast to bool", [](symbol x) { return cast(x, dtype::boolean); },
      [](double x) { return x == 0 ? 0.0 : 1.0; });
  unary(
      "clip", [](symbol x) { return clip(x, -1, 1.5); },
      [](double x) { return x < -1    ? -1
                            : x > 1.5 ? 1.5
                                      : x; });
}

TEST_CASE("values of ops of two and three operands", "[ops]") {
  auto const either = [](double x, double y) { return std::isnan(x) || std::isnan(y); };
  binary("add", [](symbol a, symbol b) { return a + b; }, [](double x, double y) { return y + x; });
  binary(
      "subtract", [](symbol a, symbol b) { return a - b; },
      [](double x, double y) { return -y + x; });
  binary(
      "multiply", [](symbol a, symbol b) { return a * b; },
      [](double x, double y) { return y * x; });
  binary(
      "divide", [](symbol a, symbol b) { return a / b; }, [](double x, double y) { return x / y; });
  binary(
      "power", [](symbol a, symbol b) { return pow(a, b); },
      [](double x, double y) { return std::pow(x, y); });
  binary(
      "atan2", [](symbol a, symbol b) { return atan2(a, b); },
      [](double x, double y) { return std::arg(std::complex<double>(y, x)); });
  binary(
      "floor_divide", [](symbol a, symbol b) { return floor_divide(a, b); },
      [&](double x, double y) {
        if (either(x, y) || (std::isinf(x) && y != 0)) return no_number;
        if (std::isinf(y)) return x != 0 && (x < 0) != (y < 0) ? -1.0 : 0.0;
        return std::floor(x / y);
      });
  binary(
      "mod", [](symbol a, symbol b) { return mod(a, b); },
      [&](double x, double y) {
        if (either(x, y) || std::isinf(x) || y == 0) return no_number;
        if (std::isinf(y)) return x != 0 && (x < 0) != (y < 0) ? y : x;
        return x - std::floor(x / y) * y;
      });
  binary(
      "logical_xor", [](symbol a, symbol b) { return logical_xor(a, b); },
      [](double x, double y) { return (x != 0) != (y != 0) ? 1.0 : 0.0; });
  binary(
      "maximum", [](symbol a, symbol b) { return maximum(a, b); },
      [&](double x, double y) { return either(x, y) ? no_number
                                       : x > y      ? x
                                                    : y; });
  binary(
      "minimum", [](symbol a, symbol b) { return minimum(a, b); },
      [&](double x, double y) { return either(x, y) ? no_number
                                       : x < y      ? x
                                                    : y; });
  binary(
      "equal", [](symbol a, symbol b) { return a == b; },
      [](double x, double y) { return x <= y && x >= y ? 1.0 : 0.0; });
  binary(
      "not_equal", [](symbol a, symbol b) { return a != b; },
      [](double x, double y) { return x <= y && x >= y ? 0.0 : 1.0; });
  binary(
      "less", [](symbol a, symbol b) { return a < b; },
      [](double x, double y) { return x < y ? 1.0 : 0.0; });
  binary(
      "less_equal", [](symbol a, symbol b) { return a <= b; },
      [](double x, double y) { return x <= y ? 1.0 : 0.0; });
  binary(
      "greater", [](symbol a, symbol b) { return a > b; },
      [](double x, double y) { return y < x ? 1.0 : 0.0; });
  binary(
      "greater_equal", [](symbol a, symbol b) { return a >= b; },
      [](double x, double y) { return y <= x ? 1.0 : 0.0; });
  binary(
      "logical_and", [](symbol a, symbol b) { return a && b; },
      [](double x, double y) { return x != 0 && y != 0 ? 1.0 : 0.0; });
  binary(
      "logical_or", [](symbol a, symbol b) { return a || b; },
      [](double x, double y) { return x != 0 || y != 0 ? 1.0 : 0.0; });
  binary(
      "where", [](symbol a, symbol b) { return where(a > b, a, 2 * b); },
      [](double x, double y) { return x > y ? x : 2 * y; });
}

TEST_CASE("integers are divided as NumPy divides them", "[ops]") {
  graph g;
  symbol const a = build::input(g, "a", {7}, dtype::int32, false);
  symbol const b = build::input(g, "b", {7}, dtype::int32, false);
  g.outputs.push_back(floor_divide(a, b).id());
  g.outputs.push_back(mod(a, b).id());
  REQUIRE(g[g.outputs[0]].type == dtype::int32);
  reference::bindings data;
  data.inputs = {{7, -7, 7, -7, 5, -2147483648.0, 16777217}, {3, 3, -3, -3, 0, -1, 1}};
  auto const got = reference::evaluate<float>(g, data);
  CHECK(got[0] == values{2, -3, -3, 2, 0, -2147483648.0, 16777217});
  CHECK(got[1] == values{1, 2, -2, -1, 0, 0, 0});
}

namespace {

constexpr dtype f32 = dtype::float32;
constexpr dtype f64 = dtype::float64;
constexpr dtype i32 = dtype::int32;
constexpr dtype b1 = dtype::boolean;

template <class F>
constexpr dtype type_of(dtype a, dtype b, F const& f) {
  graph g;
  return f(build::input(g, "a", {3}, a), build::input(g, "b", {3}, b)).type();
}

constexpr auto sum_of = [](symbol a, symbol b) { return a + b; };
constexpr auto quotient_of = [](symbol a, symbol b) { return a / b; };
constexpr auto power_of = [](symbol a, symbol b) { return pow(a, b); };
constexpr auto order_of = [](symbol a, symbol b) { return a < b; };
constexpr auto both_of = [](symbol a, symbol b) { return a && b; };
constexpr auto choice_of = [](symbol a, symbol b) { return where(a, a, b); };
constexpr auto sine_of = [](symbol a, symbol) { return sin(a); };
constexpr auto negative_of = [](symbol a, symbol) { return -a; };
constexpr auto half_of = [](symbol a, symbol) { return a * 0.5; };
constexpr auto twice_of = [](symbol a, symbol) { return a * 2; };

static_assert(type_of(f32, f32, sum_of) == f32 && type_of(f32, f64, sum_of) == f64);
static_assert(type_of(i32, f32, sum_of) == f32 && type_of(b1, i32, sum_of) == i32);
static_assert(type_of(b1, b1, sum_of) == i32 && type_of(b1, f64, sum_of) == f64);
static_assert(type_of(i32, i32, quotient_of) == f32 && type_of(i32, f64, quotient_of) == f64);
static_assert(type_of(i32, i32, power_of) == f32);
static_assert(type_of(i32, i32, order_of) == b1 && type_of(b1, b1, order_of) == b1);
static_assert(type_of(f32, i32, both_of) == b1);
static_assert(type_of(b1, b1, choice_of) == b1 && type_of(i32, f32, choice_of) == f32);
static_assert(type_of(i32, i32, sine_of) == f32 && type_of(f64, f64, sine_of) == f64);
static_assert(type_of(b1, b1, negative_of) == i32 && type_of(i32, i32, negative_of) == i32);
static_assert(type_of(i32, i32, half_of) == f32 && type_of(i32, i32, twice_of) == i32);
static_assert(type_of(b1, b1, half_of) == f32 && type_of(f64, f64, half_of) == f64);

constexpr extents broadcast_of(extents const& a, extents const& b) {
  graph g;
  return (build::input(g, "a", a) + build::input(g, "b", b)).shape();
}
static_assert(broadcast_of({}, {3}) == extents{3} && broadcast_of({3}, {}) == extents{3});
static_assert(broadcast_of({3, 1}, {1, 4}) == extents{3, 4});
static_assert(broadcast_of({5, 1, 4}, {3, 1}) == extents{5, 3, 4});
static_assert(broadcast_of({1}, {7, 1}) == extents{7, 1});

}  // namespace

TEST_CASE("truth values and integers compute as integers and numbers do", "[ops]") {
  graph g;
  symbol const p = build::input(g, "p", {4}, b1, false);
  symbol const n = build::input(g, "n", {4}, i32, false);
  for (symbol const y : {p + p, sum(p), max(p, {0}), n / 2, n - p, -p, cast(n, b1), p < !p,
                         cast(cast(n, f32) / 2, i32), abs(n), sign(n)})
    g.outputs.push_back(y.id());
  reference::bindings b;
  b.inputs = {{1, 0, 1, 1}, {-7, 0, 3, 8}};
  auto const got = reference::evaluate<float>(g, b);
  CHECK(got[0] == values{2, 0, 2, 2});
  CHECK(got[1] == values{3});
  CHECK(got[2] == values{1});
  CHECK(got[3] == values{-3.5, 0, 1.5, 4});
  CHECK(got[4] == values{-8, 0, 2, 7});
  CHECK(got[5] == values{-1, 0, -1, -1});
  CHECK(got[6] == values{1, 0, 1, 1});
  CHECK(got[7] == values{0, 1, 0, 0});
  CHECK(got[8] == values{-3, 0, 1, 4});  // towards zero
  CHECK(got[9] == values{7, 0, 3, 8});
  CHECK(got[10] == values{-1, 0, 1, 1});
}
