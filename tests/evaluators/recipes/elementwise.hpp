// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/reference/interpreter.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

// Every elementwise op, on scalars of a batch.

namespace recipes {

using namespace typegrad;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Each element within a few units in the last place.
inline std::string far_off(std::vector<reference::values> const& got,
                           std::vector<reference::values> const& expected) {
  for (std::size_t k = 0; k < expected.size(); ++k)
    for (std::size_t i = 0; i < expected[k].size(); ++i) {
      double const x = got[k][i];
      double const y = expected[k][i];
      bool const same = std::isnan(y)   ? std::isnan(x)
                        : std::isinf(y) ? x == y
                                        : std::abs(x - y) <= 2e-6 * std::abs(y) + 1e-37;
      if (!same)
        return "output " + std::to_string(k) + ", element " + std::to_string(i) + " is " +
               std::to_string(x) + " instead of " + std::to_string(y);
    }
  return {};
}

/// What the ops are tried on: the samples are these numbers, one by one.
struct operands {
  reference::values a, b;

  reference::bindings of_batch(std::int64_t batch) const {
    reference::bindings in;
    in.batch_size = batch;
    in.inputs.resize(2);
    for (std::size_t s = 0; s < static_cast<std::size_t>(batch); ++s) {
      in.inputs[0].push_back(a[s % a.size()]);
      in.inputs[1].push_back(b[s % b.size()]);
    }
    return in;
  }
};

/// Scalars per sample: the batch is what the vectors run along.
template <dtype Type, class F>
constexpr graph of_two(F const& f) {
  graph g;
  symbol const a = build::input(g, "a", {}, Type);
  symbol const b = build::input(g, "b", {}, Type);
  f(g, a, b, [&](symbol y) { g.outputs.push_back(y.id()); });
  return g;
}

struct one_operand {
  static constexpr graph build() {
    return of_two<dtype::float32>([](graph&, symbol a, symbol, auto const& out) {
      out(-a);
      out(abs(a));
      out(sign(a));
      out(exp(a));
      out(expm1(a));
      out(log(a));
      out(log1p(a));
      out(sqrt(a));
      out(rsqrt(a));
      out(build::unary(op::tanh, a));
      out(build::unary(op::sigmoid, a));
      out(erf(a));
      out(floor(a));
      out(ceil(a));
      out(round(a));
      out(isfinite(a));
      out(stop_gradient(a) + 1);
      out(cast(a, dtype::boolean));
    });
  }
  static operands tried() {
    return {{0.5,   -0.5, 0.0,   -0.0,   1.0,   -1.0,  2.5,  -2.5,         1.5,
             -1.5,  1e-6, -1e-6, 12.25,  -7.75, inf,   -inf, not_a_number, 80.0,
             -80.0, 1e10, 3e-3,  -0.999, 100.0, 0.125, 7.0},
            {0.0, 1.0, 2.0, 3.0, 4.0}};
  }
};

struct circular {  // of arguments that are not huge
  static constexpr graph build() {
    return of_two<dtype::float32>([](graph&, symbol a, symbol b, auto const& out) {
      out(sin(a));
      out(cos(a));
      out(pow(abs(a), b));
      out(cast(a, dtype::int32));
      out(cast(cast(4 * a, dtype::int32), dtype::float32));
    });
  }
  static operands tried() {
    return {{0.5, -0.5, 0.0, 1.0, 3.0, -3.0, 2.5, 40.25, -17.5, 1e-4, 6.25, 0.75},
            {1.0, 0.5, 3.0, -1.0, 0.0, 2.0, -2.5, 1.5, 0.25, 2.0, -0.5, 4.0}};
  }
};

template <dtype Type>
struct functions {
  static constexpr graph build() {
    return of_two<Type>([](graph&, symbol a, symbol b, auto const& out) {
      out(exp(a));
      out(expm1(a));
      out(build::unary(op::tanh, a));
      out(exp2(a));
      out(log2(a));
      out(log10(a));
      out(tan(a));
      out(asin(a));
      out(acos(a));
      out(atan(a));
      out(sinh(a));
      out(cosh(a));
      out(asinh(a));
      out(acosh(a));
      out(atanh(a));
      out(isnan(a));
      out(isinf(a));
      out(atan2(a, b));
      out(floor_divide(a, b));
      out(mod(a, b));
      out(logical_xor(a, b));
      out(mod(a, 0.75));
    });
  }
  static operands tried() {
    return {{0.5,  -0.5, 0.0, -0.0, 1.0,    -1.0, 2.5, -2.5,         7.75, -7.75, 1e-6,
             1e-3, 1.5,  80,  -80,  -0.999, inf,  -inf, not_a_number, 12.25, 3.0,  -3.0},
            {1.0, -1.0, 2.0, 0.0, -0.0, 3.0, inf, -inf, 0.25, -0.75, 2.5, 0.5, 1.0}};
  }
};

struct two_operands {
  static constexpr graph build() {
    return of_two<dtype::float32>([](graph&, symbol a, symbol b, auto const& out) {
      out(a + b);
      out(a - b);
      out(a * b);
      out(a / b);
      out(maximum(a, b));
      out(minimum(a, b));
      out(a == b);
      out(a != b);
      out(a < b);
      out(a <= b);
      out(a > b);
      out(a >= b);
      out(where(a < b, a, b));
      out(maximum(a, 0));
      out(minimum(0.5, a));
      out(maximum(2, b));
      out(minimum(b, -1));
      out(clip(a, -1, 1));
    });
  }
  static operands tried() {
    return {
        {0.5, -0.5, 0.0, -0.0, 1.0, inf, -inf, not_a_number, 2.0, 1e20, -3.0, 0.75, inf},
        {0.5, 0.25, 1.0, 2.0, not_a_number, inf, 1.0, 3.0, -2.0, 1e-20, 0.0, -inf, not_a_number}};
  }
};

struct integers {
  static constexpr graph build() {
    return of_two<dtype::int32>([](graph& g, symbol a, symbol b, auto const& out) {
      out(a + b);
      out(a - b);
      out(a * b);
      out(a / b);
      out(floor_divide(a, b));
      out(mod(a, b));
      out(-a);
      out(abs(a));
      out(sign(a));
      out(maximum(a, b));
      out(minimum(a, 2));
      out(a == b);
      out(a != 3);
      out(a < b);
      out(a <= b);
      out(a > b);
      out(a >= b);
      out(where(a < b, a, b));
      out(cast(a, dtype::float32) * 0.5);
      out(cast(a, dtype::boolean));
      out(exp(a));
      out(a + build::scalar(g, run_scalar::batch_size));
      out(build::spread(build::iota(g, {3}, 0)) + a);
    });
  }
  static operands tried() {
    return {{0, 1, -1, 3, 7, -8, 100, 2, -3, 5, 16, -17, 40000, 7},
            {2, 1, 1, -3, 7, 9, -100, 5, -4, 3, 3, 1, -20000, 0}};
  }
};

struct truth_values {
  static constexpr graph build() {
    return of_two<dtype::boolean>([](graph& g, symbol a, symbol b, auto const& out) {
      out(a && b);
      out(a || b);
      out(!a);
      out(a == b);
      out(a != b);
      out(a < b);
      out(a + b);
      out(a * 2.5);
      out(maximum(a, b));
      out(where(a, b, !b));
      out(where(a, cast(b, dtype::int32), build::constant(g, 7, dtype::int32)));
      out(where(b, cast(a, dtype::float32), 0.5));
      out(cast(a, dtype::float32));
      out(cast(a, dtype::int32));
      out(build::spread(a));
    });
  }
  static operands tried() { return {{0, 1, 0, 1, 1, 0, 0, 1, 1}, {0, 0, 1, 1, 0, 1, 0, 1, 0}}; }
};

}  // namespace recipes
