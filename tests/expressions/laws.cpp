// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/expressions.hpp>
#include <typegrad/nn/activations.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

// The laws of derivatives, of every function of expressions that has some, in float64: a gradient
// is the limit of differences, and so is a gradient's gradient; second derivatives are symmetric; a
// push-forward (jvp) and a pull-back (vjp) are transposes of each other. The expressions are traced
// while the test runs, and the reference evaluator computes them.

namespace {

namespace tg = typegrad;
namespace ex = typegrad::expressions;
using tg::build::input;
using tg::reference::values;

/// Some number in [0, 1) for each place; never twice the same.
double scattered(std::int64_t i) {
  double const x = 0.6180339887498949 * static_cast<double>(i + 1);
  return x - std::floor(x);
}

template <std::int64_t... Dims>
tg::tensor<double, Dims...> between(double low, double high) {
  tg::tensor<double, Dims...> x;
  for (std::size_t i = 0; i < x.size(); ++i)
    x.data()[i] = low + (high - low) * scattered(static_cast<std::int64_t>(i));
  return x;
}

/// An expression's graph, with the values of its leaves, and further inputs.
class traced {
 public:
  tg::graph g;

  /// Adds what one needs to know the leaves' values: as many inputs as the graph has.
  template <class App>
  void bind(App const& app, ex::tracer const& t) {
    std::vector<ex::bound_leaf> leaves(static_cast<std::size_t>(App::leaf_count));
    app.template bind<0>(leaves.data());
    for (int i = 0; i < t.leaves().size(); ++i) {
      ex::traced_leaf const& l = t.leaves()[i];
      if (l.same_as >= 0) continue;
      tg::node const& n = g[l.node];
      values v(static_cast<std::size_t>(n.shape.count()));
      void const* const data = leaves[static_cast<std::size_t>(i)].data;
      for (std::size_t e = 0; e < v.size(); ++e) v[e] = element(data, e, n.type);
      bindings_.inputs.push_back(std::move(v));
    }
  }
  /// An input of these extents, with scattered values in [-1, 1].
  tg::symbol direction(tg::extents const& shape) {
    values v(static_cast<std::size_t>(shape.count()));
    for (double& x : v) x = 2 * scattered(1000 + count_++) - 1;
    bindings_.inputs.push_back(std::move(v));
    return input(g, "", shape, tg::dtype::float64, false);
  }
  values const& value(tg::symbol input) { return bindings_.inputs[place(input)]; }
  /// Moves inputs along directions.
  void move(std::vector<tg::symbol> const& inputs, std::vector<tg::symbol> const& along, double h) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      values& x = bindings_.inputs[place(inputs[i])];
      values const& v = bindings_.inputs[place(along[i])];
      for (std::size_t e = 0; e < x.size(); ++e) x[e] += h * v[e];
    }
  }
  std::vector<double> scalars(std::vector<tg::symbol> const& wanted) {
    g.outputs.clear();
    for (tg::symbol const& s : wanted) g.outputs.push_back(s.id());
    std::vector<double> out;
    for (values const& v : tg::reference::interpreter<double>{g, bindings_}.run())
      out.push_back(v[0]);
    return out;
  }

 private:
  std::size_t place(tg::symbol s) { return static_cast<std::size_t>(g[s.id()].index); }
  static double element(void const* data, std::size_t i, tg::dtype type) {
    switch (type) {
      case tg::dtype::float64:
        return static_cast<double const*>(data)[i];
      case tg::dtype::float32:
        return static_cast<double>(static_cast<float const*>(data)[i]);
      case tg::dtype::int32:
        return static_cast<std::int32_t const*>(data)[i];
      default:
        return static_cast<bool const*>(data)[i];
    }
  }
  tg::reference::bindings bindings_;
  std::int64_t count_ = 0;
};

bool close(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

/// Holds f at these arguments to the laws.
template <class F, class... X>
void check_laws(std::string const& name, F const& f, X const&... x) {
  INFO(name);
  auto const app = ex::apply_function(f, ex::reference<X>{x}...);
  using app_type = std::remove_const_t<decltype(app)>;
  traced all;
  tg::graph& g = all.g;
  ex::tracer t{g, false};
  auto const a = t.apply<app_type>();
  REQUIRE(g.error.view() == "");
  all.bind(app, t);
  tg::symbol const y{g, a.node};
  REQUIRE(y.type() == tg::dtype::float64);

  std::vector<tg::symbol> at, v, w;
  for (std::size_t i = 0; i < sizeof...(X); ++i) {
    at.push_back({g, t.leaves()[static_cast<int>(i)].node});
    v.push_back(all.direction(at[i].shape()));
    w.push_back(all.direction(at[i].shape()));
  }
  tg::symbol const u = all.direction(y.shape());
  // d<objective>/dx in a direction
  auto const slope = [&](tg::symbol objective, std::vector<tg::symbol> const& along) {
    tg::symbol total = tg::build::constant(g, 0, tg::dtype::float64);
    for (std::size_t i = 0; i < along.size(); ++i)
      total = total + ex::inner_product(ex::gradient_node(g, objective, a.arguments[i]), along[i]);
    return total;
  };
  tg::symbol const linear = ex::inner_product(y, u);
  tg::symbol const pulled = slope(linear, v);
  tg::symbol const pushed = ex::inner_product(
      ex::pushforward_rule<app_type, ex::reference<X>...>::call(t, a, v.data()), u);
  tg::symbol const curved = ex::inner_product(sin(y), u);
  tg::symbol const first = slope(curved, v);
  tg::symbol const second = slope(first, w);
  tg::symbol const swapped = slope(slope(curved, w), v);
  REQUIRE(g.error.view() == "");

  std::vector<double> const here = all.scalars({pulled, pushed, second, swapped});
  auto const difference = [&](tg::symbol of, std::vector<tg::symbol> const& along) {
    constexpr double h = 1e-6;
    all.move(at, along, h);
    double const above = all.scalars({of})[0];
    all.move(at, along, -2 * h);
    double const below = all.scalars({of})[0];
    all.move(at, along, h);
    return (above - below) / (2 * h);
  };
  CAPTURE(here);
  double const by_difference = difference(linear, v);
  double const second_by_difference = difference(first, w);
  CAPTURE(by_difference, second_by_difference);
  CHECK(std::isfinite(here[0]));
  CHECK(close(here[0], by_difference, 1e-6));
  CHECK(close(here[0], here[1], 1e-11));
  CHECK(close(here[2], second_by_difference, 1e-5));
  CHECK(close(here[2], here[3], 1e-10));
}

}  // namespace

// Of one argument, a matrix whose elements lie between two numbers; and of two of them.
#define LAWS(low, high, ...) \
  check_laws(#__VA_ARGS__, [](auto x) { return __VA_ARGS__; }, between<2, 3>(low, high))
#define LAWS_OF_TWO(low, high, ...)                                                       \
  check_laws(                                                                             \
      #__VA_ARGS__, [](auto x, auto y) { return __VA_ARGS__; }, between<2, 3>(low, high), \
      tg::tensor<double, 3>{0.4, 1.3, 0.7})

TEST_CASE("laws: elementwise functions", "[expressions]") {
  LAWS(-2, 2, -x);
  LAWS(-2, 2, tg::abs(x));
  LAWS(-2, 2, tg::sign(x) * x);
  LAWS(-2, 2, tg::exp(x));
  LAWS(-2, 2, tg::expm1(x));
  LAWS(-2, 2, tg::exp2(x));
  LAWS(0.2, 2, tg::log(x));
  LAWS(0.2, 2, tg::log1p(x));
  LAWS(0.2, 2, tg::log2(x));
  LAWS(0.2, 2, tg::log10(x));
  LAWS(0.2, 2, tg::sqrt(x));
  LAWS(0.2, 2, tg::rsqrt(x));
  LAWS(0.2, 2, tg::reciprocal(x));
  LAWS(-2, 2, tg::square(x));
  LAWS(-2, 2, tg::sin(x));
  LAWS(-2, 2, tg::cos(x));
  LAWS(-1, 1, tg::tan(x));
  LAWS(-0.8, 0.8, tg::asin(x));
  LAWS(-0.8, 0.8, tg::acos(x));
  LAWS(-2, 2, tg::atan(x));
  LAWS(-2, 2, tg::sinh(x));
  LAWS(-2, 2, tg::cosh(x));
  LAWS(-2, 2, tg::asinh(x));
  LAWS(1.2, 3, tg::acosh(x));
  LAWS(-0.8, 0.8, tg::atanh(x));
  LAWS(-2, 2, tg::erf(x));
  LAWS(-2, 2, tg::floor(x) + tg::ceil(x) + tg::round(x));
  LAWS(-2, 2, tg::pow<3>(x));
  LAWS(0.2, 2, tg::pow<-2>(x));
  LAWS(0.2, 2, tg::pow(x, 1.7));
  LAWS(-2, 2, tg::clip(x, -1, 1.1));
  LAWS(-2, 2, tg::cast<double>(x));
  LAWS(-2, 2, tg::where(x > 0.1, x * x, tg::exp(x)));
  LAWS(-2, 2, tg::apply<[](tg::symbol s) { return s * tg::sigmoid(s); }>(x));
}

TEST_CASE("laws: elementwise functions of two", "[expressions]") {
  LAWS_OF_TWO(-2, 2, x + y);
  LAWS_OF_TWO(-2, 2, x - y);
  LAWS_OF_TWO(-2, 2, x * y);
  LAWS_OF_TWO(-2, 2, x / y);
  LAWS_OF_TWO(0.2, 2, tg::pow(x, y));
  LAWS_OF_TWO(-2, 2, tg::maximum(x, y));
  LAWS_OF_TWO(-2, 2, tg::minimum(x, y));
  LAWS_OF_TWO(-2, 2, tg::atan2(x, y));
  LAWS_OF_TWO(-2, 2, tg::mod(x, y));
  LAWS_OF_TWO(-2, 2, tg::remainder(x, y));
  LAWS_OF_TWO(-2, 2, tg::where(x > y, x * y, x / y));
}

TEST_CASE("laws: activations", "[expressions]") {
  LAWS(-2, 2, tg::relu(x));
  LAWS(-2, 2, tg::sigmoid(x));
  LAWS(-2, 2, tg::tanh(x));
  LAWS(-2, 2, tg::softmax(x));
  LAWS(-2, 2, tg::log_softmax(x));
  LAWS(-2, 2, tg::softplus(x));
  LAWS(-2, 2, tg::softsign(x));
  LAWS(-2, 2, tg::elu(x));
  LAWS(-2, 2, tg::selu(x));
  LAWS(-2, 2, tg::gelu(x));
  LAWS(-2, 2, tg::silu(x));
  LAWS(-2, 2, tg::mish(x));
  LAWS(-2, 2, tg::apply<tg::leaky_relu(0.1f)>(x));
}

TEST_CASE("laws: reductions", "[expressions]") {
  LAWS(-2, 2, tg::sum(x));
  LAWS(-2, 2, tg::sum<0>(x));
  LAWS(-2, 2, tg::sum<-1, tg::keep_dims>(x));
  LAWS(-2, 2, tg::mean<1>(x));
  LAWS(-2, 2, tg::max<1>(x));
  LAWS(-2, 2, tg::min<0>(x));
  LAWS(0.3, 2, tg::prod<1>(x));
  LAWS(-2, 2, tg::var<1>(x));
  LAWS(-2, 2, tg::stddev<1>(x));
  LAWS(-2, 2, tg::norm<1>(x));
  LAWS(-2, 2, tg::norm(x));
  LAWS(-2, 2, tg::logsumexp<1>(x));
}

TEST_CASE("laws: products", "[expressions]") {
  LAWS(-1, 1, tg::matmul(x, tg::transpose(x)));
  LAWS_OF_TWO(-1, 1, tg::matmul(x, y));
  LAWS_OF_TWO(-1, 1, tg::dot(x, y));
  LAWS_OF_TWO(-1, 1, tg::outer(x, y));
  LAWS_OF_TWO(-1, 1, tg::tensordot<1>(x, y));
  LAWS_OF_TWO(-1, 1, tg::einsum<"ij,j->ji">(x, y));
  auto const batched = [](auto a, auto b) { return tg::matmul(a, b); };
  check_laws("batched matmul", batched, between<2, 3, 2>(-1, 1), between<2, 2, 4>(0, 1));
  auto const sums = [](auto a, auto b) { return tg::einsum<"bij,bjk->ik">(a, b); };
  check_laws("einsum", sums, between<2, 3, 2>(-1, 1), between<2, 2, 4>(0, 1));
}

TEST_CASE("laws: elements in other places", "[expressions]") {
  LAWS(-2, 2, reshape(x, tg::shape<3, -1>{}));
  LAWS(-2, 2, tg::transpose(x));
  LAWS(-2, 2, tg::slice(x, tg::shape<0, 0>{}, tg::shape<2, 3>{}, tg::shape<1, 2>{}));
  LAWS(-2, 2, tg::concatenate<0>(x, x * x));
  LAWS(-2, 2, tg::stack<1>(x, x * x));
  LAWS(-2, 2, tg::expand_dims<1>(x));
  LAWS(-2, 2, tg::squeeze(tg::slice(x, tg::shape<0, 0>{}, tg::shape<1, 3>{})));
  LAWS(-2, 2, tg::pad(x, tg::shape<1, 0>{}, tg::shape<0, 2>{}));
  LAWS(-2, 2, tg::pad(x, tg::shape<1, 0>{}, tg::shape<0, 2>{}, 1.5));
  LAWS(-2, 2, tg::pad<tg::pad_mode::reflect>(x, tg::shape<1, 0>{}, tg::shape<0, 2>{}));
  LAWS(-2, 2, tg::broadcast_to(x, tg::shape<2, 2, 3>{}));
  LAWS(-2, 2, flip<1>(x));
  LAWS(-2, 2, tg::roll<1, 1>(x));
  LAWS(-2, 2, tg::repeat<2, 0>(x));
  LAWS(-2, 2, tg::tile<2, 1>(x));
  LAWS(-2, 2, tg::moveaxis<0, 1>(x));
  LAWS(-2, 2, tg::swapaxes<0, 1>(x));
  LAWS(-2, 2, std::get<1>(tg::split<3, 1>(x)));
}

TEST_CASE("laws: elements by their index, in order, added up", "[expressions]") {
  static tg::tensor<int, 4> const indices{2, 0, -1, 2};
  static tg::tensor<int, 2, 2> const places{{2, 0}, {1, 1}};
  static tg::tensor<int, 2> const rows{3, 3};
  LAWS(-2, 2, tg::take<1>(x, indices));
  LAWS(-2, 2, tg::gather<1>(x, indices));
  LAWS(-2, 2, tg::take_along_axis<1>(x, places));
  LAWS(-2, 2, tg::scatter_add<0>(tg::shape<5, 3>{}, rows, x));
  LAWS(-2, 2, tg::sort<1>(x));
  LAWS(-2, 2, tg::sort<0, true>(x));
  LAWS(-2, 2, std::get<0>(tg::top_k<2>(x)));
  LAWS(-2, 2, tg::cumsum<1>(x));
  LAWS(-2, 2, tg::cumsum<0, true, true>(x));
  LAWS(0.3, 2, tg::cumprod<1>(x));
}

TEST_CASE("laws: loops, choices and derivatives", "[expressions]") {
  LAWS(-1, 1, tg::fori_loop<0, 3>([](auto, auto v) { return tg::sin(v) + v * v; }, x));
  LAWS(-1, 1,
       tg::cond(
           tg::sum(x) > 100, [](auto v) { return v; }, [](auto v) { return v * tg::sum(v); }, x));
  LAWS(-1, 1,
       std::get<1>(tg::scan(
           [](auto carry, auto row) {
             auto const next = tg::sin(carry + row) * row;
             return std::tuple{next, next * next};
           },
           tg::zeros<double, 3>(), x)));
  LAWS(-1, 1, tg::jacobian([](auto v) { return tg::sin(v) * tg::sum(v); })(x));
  LAWS(0.3, 1, tg::hessian([](auto v) { return tg::prod(v); })(x));
  LAWS(-1, 1, tg::gradient([](auto v) { return tg::sum(tg::exp(v) * v); })(x));
  LAWS(-1, 1,
       std::get<1>(
           tg::jvp([](auto v) { return tg::exp(v) * v; }, std::tuple{x}, std::tuple{2 * x})));
}
