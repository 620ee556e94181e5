// SPDX-License-Identifier: BSL-1.0
// The law of every gradient rule: it is the limit of differences. In float64.
#include "support/gradient_law.hpp"

namespace {

using namespace typegrad;
using namespace gradient_law;

template <class F>
void unary(std::string const& name, F const& f, double low = -2, double high = 2) {
  for (int order : {1, 2})
    holds(
        name + ", order " + std::to_string(order), [&](arguments x) { return f(x[0]); },
        {{{2, 3}, true, low, high}}, order);
}

TEST_CASE("gradients of elementwise ops of one operand") {
  unary("negate", [](symbol x) { return -x * x; });
  unary("exp", [](symbol x) { return exp(x); });
  unary("expm1", [](symbol x) { return expm1(x); });
  unary("log", [](symbol x) { return log(x); }, 0.5, 2);
  unary("log1p", [](symbol x) { return log1p(x); }, -0.5, 2);
  unary("sqrt", [](symbol x) { return sqrt(x); }, 0.5, 2);
  unary("rsqrt", [](symbol x) { return rsqrt(x); }, 0.5, 2);
  unary("sin", [](symbol x) { return sin(x); });
  unary("cos", [](symbol x) { return cos(x); });
  unary("tanh", [](symbol x) { return build::unary(op::tanh, x); });
  unary("sigmoid", [](symbol x) { return build::unary(op::sigmoid, x); });
  unary("erf", [](symbol x) { return erf(x); });
  unary("abs", [](symbol x) { return abs(x) * x; });
  unary("exp2", [](symbol x) { return exp2(x); });
  unary("log2", [](symbol x) { return log2(x); }, 0.5, 2);
  unary("log10", [](symbol x) { return log10(x); }, 0.5, 2);
  unary("tan", [](symbol x) { return tan(x); }, -1, 1);
  unary("asin", [](symbol x) { return asin(x); }, -0.75, 0.75);
  unary("acos", [](symbol x) { return acos(x); }, -0.75, 0.75);
  unary("atan", [](symbol x) { return atan(x); });
  unary("sinh", [](symbol x) { return sinh(x); });
  unary("cosh", [](symbol x) { return cosh(x); });
  unary("asinh", [](symbol x) { return asinh(x); });
  unary("acosh", [](symbol x) { return acosh(x); }, 1.5, 3);
  unary("atanh", [](symbol x) { return atanh(x); }, -0.75, 0.75);
  unary("cast", [](symbol x) { return cast(cast(x, dtype::float64) * 2, dtype::float32) * x; });
}

TEST_CASE("ops that step have no gradient, and stop_gradient stops it") {
  graph g;
  auto const x = build::input(g, "x", {3});
  auto const steps = floor(x) + ceil(x) + round(x) + sign(x) + stop_gradient(exp(x)) +
                     cast(x > 0, dtype::float32) + cast(isfinite(x), dtype::float32) +
                     cast(argmax(x), dtype::float32);
  CHECK(differentiate(g, sum(steps), list<int>{x.id()})[0] == -1);
  CHECK(differentiate(g, sum(steps * x), list<int>{x.id()})[0] >= 0);
}

template <class F>
void binary(std::string const& name, F const& f, double low = -2, double high = 2) {
  auto const both = [&](arguments x) { return f(x[0], x[1]); };
  for (int order : {1, 2}) {
    INFO(order);
    holds(name, both, {{{2, 3}, true, low, high}, {{2, 3}, true, low, high}}, order);
    holds(name + ", shared", both, {{{2, 3}, true, low, high}, {{3}, false, low, high}}, order);
    holds(name + ", repeated", both, {{{2, 1}, false, low, high}, {{1, 3}, true, low, high}},
          order);
    holds(name + ", a number", both, {{{}, true, low, high}, {{2, 2}, true, low, high}}, order);
  }
}

TEST_CASE("gradients of elementwise ops of two operands, broadcast and shared") {
  binary("add", [](symbol a, symbol b) { return (a + b) * a; });
  binary("subtract", [](symbol a, symbol b) { return (a - b) * b; });
  binary("multiply", [](symbol a, symbol b) { return a * b; });
  binary("divide", [](symbol a, symbol b) { return a / b; }, 0.5, 2);
  binary("pow", [](symbol a, symbol b) { return pow(a, b); }, 0.5, 2);
  binary("atan2", [](symbol a, symbol b) { return atan2(a, b); }, 0.5, 2);
  binary("mod", [](symbol a, symbol b) { return mod(3 * a, b) * b; }, 0.5, 2);
  binary("maximum", [](symbol a, symbol b) { return maximum(a, b) * a; });
  binary("minimum", [](symbol a, symbol b) { return minimum(a, b) * b; });
  binary("where", [](symbol a, symbol b) { return where(a * b > 0, a * b, exp(a) - b); });
}

TEST_CASE("gradients of reductions") {
  auto const reduced = [](auto const& f) { return [f](arguments x) { return f(x[0]); }; };
  for (int order : {1, 2}) {
    std::vector<argument> const one{{{2, 3}}};
    holds("sum", reduced([](symbol x) { return sum(x * x, {1}); }), one, order);
    holds("sum of all", reduced([](symbol x) { return sum(x * x) * x; }), one, order);
    holds("mean", reduced([](symbol x) { return mean(exp(x), {0}, true) * x; }), one, order);
    holds("max", reduced([](symbol x) { return max(x * x, {0}); }), one, order);
    holds("min", reduced([](symbol x) { return min(x, {1}, true) * x; }), one, order);
    holds("batch_sum", reduced([](symbol x) { return batch_sum(x * x) * x; }), one, order);
    holds("batch_mean", reduced([](symbol x) { return exp(batch_mean(x)) * x; }), one, order);
    holds("max over batch",
          reduced([](symbol x) { return build::reduce(op::reduce_max, x, {0}, true) * x; }), one,
          order);
  }
}

TEST_CASE("the gradient of an extremum is shared by equal elements") {
  graph g;
  auto const x = build::input(g, "x", {4});
  g.outputs.push_back(differentiate(g, batch_sum(max(x)), list<int>{x.id()})[0]);
  g.outputs.push_back(differentiate(g, batch_sum(sum(maximum(x, 2 * x))), list<int>{x.id()})[0]);
  reference::bindings b;
  b.inputs = {{5, 1, 5, 0}};
  auto const found = reference::evaluate(g, b);
  CHECK(found[0] == values{0.5, 0, 0.5, 0});
  CHECK(found[1] == values{2, 2, 2, 1});  // a tie is the first operand's
}

TEST_CASE("gradients of movement") {
  auto const moved = [](auto const& f) { return [f](arguments x) { return f(x[0] * x[0]); }; };
  std::vector<argument> const one{{{2, 3, 2}}};
  for (int order : {1, 2}) {
    holds("reshape", moved([](symbol x) { return reshape(x, {3, 4}); }), one, order);
    holds("transpose", moved([](symbol x) { return transpose(x, {2, 0, 1}); }), one, order);
    holds("broadcast", moved([](symbol x) { return build::broadcast(x, {2, 4, 3, 2}, {0, 2, 3}); }),
          one, order);
    holds("slice", moved([](symbol x) { return slice(x, {0, 1, 0}, {2, 3, 1}); }), one, order);
    holds("slice by steps",
          moved([](symbol x) { return slice(x, {1, 0, 0}, {2, 3, 2}, {1, 2, 2}); }), one, order);
    holds("pad", moved([](symbol x) { return pad(x, {1, 0, 2}, {0, 1, 1}); }), one, order);
    holds("pad between",
          moved([](symbol x) { return build::pad(x, {1, 0, 0}, {0, 1, 0}, {2, 3, 1}); }), one,
          order);
    holds("reverse", moved([](symbol x) { return build::reverse(x, {0, 2}); }), one, order);
    holds(
        "concatenate", [](arguments x) { return concatenate(square(x[0]), square(x[1]), exp(x[0])); },
        {{{2, 3}}, {{2, 2}, false}}, order);
  }
}

TEST_CASE("gradients of contractions") {
  auto const product = [](arguments x) { return matmul(x[0], x[1]); };
  for (int order : {1, 2}) {
    holds("vector, matrix", product, {{{4}}, {{4, 3}, false}}, order);
    holds("matrix, matrix", product, {{{2, 4}}, {{4, 3}, false}}, order);
    holds("both with samples", product, {{{2, 4}}, {{4, 3}}}, order);
    holds("shared, then with samples", product, {{{2, 4}, false}, {{4, 3}}}, order);
    holds("vectors", product, {{{4}}, {{4}}}, order);
    holds("rank 3", product, {{{2, 2, 3}}, {{3, 2}, false}}, order);
    holds("batch axes", product, {{{2, 2, 3}}, {{2, 3, 2}}}, order);
    holds(
        "two contracted axes, in another order",
        [](arguments x) {
          build::dot_axes axes;
          axes.contract_a = {2, 0};
          axes.contract_b = {0, 1};
          return build::dot_general(x[0], x[1], axes);
        },
        {{{2, 3, 4}}, {{4, 2, 2}, false}}, order);
    holds(
        "batch axes that are not the first",
        [](arguments x) {
          build::dot_axes axes;
          axes.batch_a = {1};
          axes.batch_b = {2};
          axes.contract_a = {0};
          axes.contract_b = {0};
          return build::dot_general(x[0], x[1], axes);
        },
        {{{2, 3, 2}}, {{2, 2, 3}}}, order);
    holds(
        "over the batch",
        [](arguments x) {
          build::dot_axes axes;
          axes.over_batch = true;
          return build::dot_general(x[0], x[1], axes);
        },
        {{{2}}, {{3}}}, order);
  }
}

TEST_CASE("a gradient needs a scalar") {
  graph g;
  auto const x = build::input(g, "x", {3});
  differentiate(g, x * 2, list<int>{x.id()});
  CHECK(g.error.view() == "gradient: needs a scalar objective, got extents 3");
}

TEST_CASE("what the objective does not depend on has no gradient") {
  graph g;
  auto const x = build::input(g, "x", {3});
  auto const y = build::input(g, "y", {3});
  auto const found = differentiate(g, sum(x), list<int>{y.id(), x.id()});
  CHECK(found[0] == -1);
  CHECK(found[1] >= 0);
}

}  // namespace
