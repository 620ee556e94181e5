// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>
#include <typegrad/io/safetensors.hpp>
#include <typegrad/nn/activations.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

// Values against NumPy's: tests/oracles/make_expressions.py says what each case is.

namespace {

namespace tg = typegrad;

tg::safetensors::file const& stored() {
  static auto const file =
      tg::safetensors::read(std::string(TYPEGRAD_TESTS_DIR "/oracles/expressions.safetensors"));
  return file;
}

std::vector<float> numbers(std::string const& name) {
  auto const view = stored().at(name);
  std::vector<float> out(static_cast<std::size_t>(view.size()));
  view.copy_to(std::span<float>(out));
  return out;
}

template <std::int64_t... Dims>
tg::tensor<float, Dims...> operand(std::string const& name) {
  tg::tensor<float, Dims...> out;
  auto const values = numbers(name);
  if (values.size() != out.size()) throw std::runtime_error(name + " has another size");
  std::copy(values.begin(), values.end(), out.begin());
  return out;
}

template <class E>
void check(std::string const& name, E const& e) {
  tg::expressions::tensor_for<E> const got(e);
  auto const wanted = numbers(name);
  REQUIRE(got.size() == wanted.size());
  std::vector<std::size_t> shape;
  for (auto const n : stored().at(name).shape) shape.push_back(static_cast<std::size_t>(n));
  auto const mine = got.shape();
  CHECK(std::vector<std::size_t>(mine.begin(), mine.end()) == shape);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(name, i);
    CHECK(std::abs(static_cast<float>(got.data()[i]) - wanted[i]) <=
          1e-5f * std::max(1.0f, std::abs(wanted[i])));
  }
}

auto const a = operand<3, 1, 5>("a");
auto const b = operand<4, 1>("b");
auto const c = operand<2, 3, 4>("c");
auto const d = operand<4, 5>("d");
auto const e = operand<2, 1, 4, 3>("e");
auto const f = operand<5, 3, 2>("f");
auto const g = operand<3, 4>("g");
auto const h = operand<7>("h");
tg::tensor<int, 3, 2> const i{{2, 0}, {1, -1}, {0, 2}};

}  // namespace

TEST_CASE("numpy: elementwise, with broadcasting", "[expressions]") {
  check("add", a + b);
  check("subtract_row", c - tg::squeeze<0, 1>(tg::slice(c, tg::shape<0, 0, 0>{}, tg::shape<1, 1, 4>{})));
  check("multiply_three",
        a * b * tg::squeeze<0>(tg::slice(a, tg::shape<0, 0, 0>{}, tg::shape<1, 1, 5>{})));
  check("divide", g / (2 + tg::slice(g, tg::shape<0, 0>{}, tg::shape<3, 1>{})));
  check("power", tg::pow(g, g - 1));
  check("maximum", tg::maximum(a, b));
  check("minimum", tg::minimum(a, b));
  check("where", tg::where(a > b, a * b, a - b));
  check("clip", tg::clip(c, -0.5f, 0.25f));
  check("floor_divide", tg::floor_divide(c, 0.3f));
  check("mod", tg::mod(c, -0.7f));
  check("arctan2", tg::atan2(a, b));
  check("mathematics",
        tg::log1p(g) * tg::tan(g) + tg::sqrt(g) * tg::expm1(g) - tg::asinh(g));
}

TEST_CASE("numpy: reductions", "[expressions]") {
  check("sum_all", tg::sum(c));
  check("sum_0_2", tg::sum<0, 2>(c));
  check("mean_keep", tg::mean<1, tg::keep_dims>(c));
  check("max_last", tg::max<-1>(c));
  check("min_first", tg::min<0>(c));
  check("prod", tg::prod<1>(g));
  check("argmax", tg::argmax<2>(c));
  check("argmin_all", tg::argmin(c));
  check("var", tg::var<1, 2>(c));
  check("std", tg::stddev<0>(c));
  check("norm", tg::norm<2>(c));
  check("logsumexp", tg::logsumexp<1>(c));
  check("softmax", tg::softmax(c));
  check("softmax_1", tg::apply<tg::softmax(1)>(c));
}

TEST_CASE("numpy: products", "[expressions]") {
  auto const first = tg::slice(h, tg::shape<0>{}, tg::shape<4>{});
  check("matmul", tg::matmul(c, d));
  check("matmul_broadcast", tg::matmul(e, f));
  check("vector_matrix", tg::matmul(first, d));
  check("matrix_vector", tg::matmul(tg::transpose(d), first));
  check("einsum", tg::einsum<"bij,jk->kib">(c, d));
  check("einsum_trace", tg::einsum<"ii->i">(tg::slice(d, tg::shape<0, 0>{}, tg::shape<4, 4>{})));
  check("outer", tg::outer(h, g));
  check("tensordot", tg::tensordot<2>(c, g));
}

TEST_CASE("numpy: movement", "[expressions]") {
  check("transpose", tg::transpose<2, 0, 1>(c));
  check("reshape", reshape(c, tg::shape<4, 6>{}));
  check("slice", tg::slice(c, tg::shape<1, 0, 1>{}, tg::shape<2, 3, -1>{}, tg::shape<1, 2, 1>{}));
  check("concatenate",
        tg::concatenate<1>(c, 2 * tg::slice(c, tg::shape<0, 0, 0>{}, tg::shape<2, 1, 4>{})));
  check("stack", tg::stack<1>(g, -g));
  check("pad", tg::pad(g, tg::shape<1, 0>{}, tg::shape<0, 2>{}, 3));
  check("pad_reflect", tg::pad<tg::pad_mode::reflect>(g, tg::shape<1, 0>{}, tg::shape<2, 3>{}));
  check("pad_symmetric", tg::pad<tg::pad_mode::symmetric>(g, tg::shape<1, 0>{}, tg::shape<2, 3>{}));
  check("flip", flip<0, 2>(c));
  check("roll", tg::roll<3, 2>(c));
  check("tile", tg::tile<2, 1>(g));
  check("repeat", tg::repeat<2, 1>(g));
}

TEST_CASE("numpy: order and accumulation", "[expressions]") {
  check("cumsum", tg::cumsum<1>(c));
  check("cumprod", tg::cumprod<1>(g));
  check("sort", tg::sort<2>(c));
  check("argsort", tg::argsort<1>(c));
  check("take", tg::take<1>(c, i));
  check("take_along_axis", tg::take_along_axis<1>(g, i));
}
