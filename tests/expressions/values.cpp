// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

namespace tg = typegrad;

template <class T, std::int64_t... Dims>
std::vector<T> list_of(tg::tensor<T, Dims...> const& x) {
  return std::vector<T>(x.begin(), x.end());
}

}  // namespace

TEST_CASE("tensor: braces, access, moving", "[expressions]") {
  tg::tensor<float, 2, 3> x{{1, 2, 3}, {4, 5, 6}};
  CHECK(x(1, 2) == 6);
  x(1, 2) = 7;
  CHECK(x.at(1, 2) == 7);
  CHECK_THROWS_AS(x.at(2, 0), std::invalid_argument);
  CHECK_THROWS_AS(x.at(0, -1), std::invalid_argument);
  CHECK(x.size() == 6);
  CHECK(x.shape() == std::array<std::size_t, 2>{2, 3});
  CHECK(x.strides() == std::array<std::ptrdiff_t, 2>{3, 1});
  using wrong = tg::tensor<float, 2, 2>;
  CHECK_THROWS_AS((wrong{{1, 2}, {3}}), std::invalid_argument);
  CHECK_THROWS_AS((wrong{{1, 2}, {3, 4}, {5, 6}}), std::invalid_argument);

  tg::tensor<float, 100, 100> large;
  large(99, 99) = 5;
  CHECK(sizeof(large) <= 64);
  CHECK(reinterpret_cast<std::uintptr_t>(large.data()) % 64 == 0);
  float const* const where = large.data();
  auto const moved = std::move(large);
  CHECK(moved.data() == where);
  CHECK(moved(99, 99) == 5);
  CHECK(moved(0, 0) == 0);
}

TEST_CASE("tensor: made from nothing", "[expressions]") {
  CHECK(list_of(tg::zeros<float, 3>()) == std::vector<float>{0, 0, 0});
  CHECK(list_of(tg::ones<int, 2>()) == std::vector<int>{1, 1});
  CHECK(list_of(tg::full<double, 2>(0.5)) == std::vector<double>{0.5, 0.5});
  CHECK(list_of(tg::eye<float, 2, 3, 1>()) == std::vector<float>{0, 1, 0, 0, 0, 1});
  CHECK(list_of(tg::arange<int, 4>(2, 3)) == std::vector<int>{2, 5, 8, 11});
  CHECK(list_of(tg::linspace<double, 5>(0, 1)) == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  auto const [x, y] = tg::meshgrid(tg::arange<float, 3>(), tg::arange<float, 2>(5));
  CHECK(list_of(x) == std::vector<float>{0, 1, 2, 0, 1, 2});
  CHECK(list_of(y) == std::vector<float>{5, 5, 5, 6, 6, 6});
  auto const c = tg::constant({{1, 2}, {3, 4}, {5, 6}});
  CHECK(c(2, 1) == 6);
  tg::tensor<float, 3, 2> const halves = tg::cast<float>(c) / 2;
  CHECK(halves(2, 1) == 3);
  CHECK(tg::evaluate(tg::sum(tg::ones<float, 2, 3>() + tg::zeros<float, 3>())) == 6);
  CHECK(list_of(tg::zeros_like(c)) == std::vector<int>(6, 0));
}

TEST_CASE("expressions: broadcasting and dtypes as in NumPy and Keras", "[expressions]") {
  tg::tensor<float, 3, 1> const column{{1}, {2}, {3}};
  tg::tensor<float, 4> const row{10, 20, 30, 40};
  tg::tensor<float, 3, 4> const sum = column + row;
  CHECK(sum(2, 3) == 43);
  tg::tensor<int, 3> const i{1, 2, 3};
  CHECK(list_of(tg::evaluate(i * 2)) == std::vector<int>{2, 4, 6});
  CHECK(list_of(tg::evaluate(i * 0.5)) == std::vector<float>{0.5, 1, 1.5});
  CHECK(list_of(tg::evaluate(i / 2)) == std::vector<float>{0.5, 1, 1.5});
  CHECK(list_of(tg::evaluate(i > 1)) == std::vector<bool>{false, true, true});
  CHECK(list_of(tg::evaluate(!(i > 1) || i == 3)) == std::vector<bool>{true, false, true});
  tg::tensor<double, 3> const d{1, 2, 3};
  CHECK(list_of(tg::evaluate(d * 0.1f + i)).back() == 3 + 3 * static_cast<double>(0.1f));
  CHECK(list_of(tg::evaluate(tg::where(i > 1, d, 0))) == std::vector<double>{0, 2, 3});
  CHECK(tg::evaluate(tg::sum(i)) == 6);
  CHECK(tg::evaluate(tg::mean(i)) == 2.0f);
  tg::tensor<bool, 2> const truths{true, false};
  CHECK(tg::evaluate(tg::sum(truths)) == 1);
}

TEST_CASE("expressions: reductions over any axes", "[expressions]") {
  auto const x = tg::evaluate(reshape(tg::arange<float, 24>(), tg::shape<2, 3, 4>{}));
  CHECK(list_of(tg::evaluate(tg::sum<0, 2>(x))) == std::vector<float>{60, 92, 124});
  CHECK(list_of(tg::evaluate(tg::max<-1>(x))) == std::vector<float>{3, 7, 11, 15, 19, 23});
  tg::tensor<float, 2, 1, 4> const kept = tg::mean<1, tg::keep_dims>(x);
  CHECK(kept(1, 0, 3) == 19);
  CHECK(tg::evaluate(tg::argmax(x)) == 23);
  CHECK(list_of(tg::evaluate(tg::argmin<1>(x))) == std::vector<int>(8, 0));
  CHECK(std::abs(tg::evaluate(tg::var(x)) - 47.9166667f) < 1e-4f);
  CHECK(std::abs(tg::evaluate(tg::stddev<0>(x))(0, 0) - 6) < 1e-6f);
}

TEST_CASE("expressions: movement", "[expressions]") {
  auto const x = tg::evaluate(reshape(tg::arange<int, 6>(), tg::shape<2, -1>{}));
  CHECK(list_of(tg::evaluate(tg::transpose(x))) == std::vector<int>{0, 3, 1, 4, 2, 5});
  CHECK(list_of(tg::evaluate(tg::slice(x, tg::shape<0, -2>{}, tg::shape<2, 3>{}))) ==
        std::vector<int>{1, 2, 4, 5});
  CHECK(list_of(tg::evaluate(tg::slice(x, tg::shape<0, 0>{}, tg::shape<2, 3>{},
                                       tg::shape<1, 2>{}))) == std::vector<int>{0, 2, 3, 5});
  CHECK(list_of(tg::evaluate(tg::concatenate<0>(x, x))) ==
        std::vector<int>{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5});
  CHECK(list_of(tg::evaluate(tg::stack<-1>(x, -x))) ==
        std::vector<int>{0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5});
  CHECK(list_of(tg::evaluate(flip<0>(x))) == std::vector<int>{3, 4, 5, 0, 1, 2});
  CHECK(list_of(tg::evaluate(tg::pad(x, tg::shape<0, 1>{}, tg::shape<0, 0>{}, 9))) ==
        std::vector<int>{9, 0, 1, 2, 9, 3, 4, 5});
  auto const [left, middle, right] = tg::split<3, 1>(x);
  CHECK(list_of(tg::evaluate(middle)) == std::vector<int>{1, 4});
  CHECK(tg::evaluate(tg::sum(left + right)) == 2 * tg::evaluate(tg::sum(middle)));
}

TEST_CASE("expressions: temporaries live as long as what they are part of", "[expressions]") {
  auto const make = [] {
    tg::random random{5};
    return 2 * random.uniform<float, 1000>(1, 2) + tg::ones<float, 1000>();
  };
  auto const e = make();
  auto const copy = e;
  CHECK(tg::evaluate(tg::min(e)) >= 3);
  CHECK(tg::evaluate(tg::max(tg::abs(e - copy))) == 0);
}

TEST_CASE("expressions: what is written may be what is read", "[expressions]") {
  tg::tensor<float, 2, 2> x{{1, 2}, {3, 4}};
  x = x + 1;
  CHECK(list_of(x) == std::vector<float>{2, 3, 4, 5});
  x = tg::transpose(x);
  CHECK(list_of(x) == std::vector<float>{2, 4, 3, 5});
  x = tg::matmul(x, x) + x;
  CHECK(list_of(x) == std::vector<float>{2 * 2 + 4 * 3 + 2, 8 + 20 + 4, 6 + 15 + 3, 12 + 25 + 5});
  x = x - tg::sum(x) + flip<0, 1>(x);
  CHECK(list_of(x) == std::vector<float>{-56, -60, -60, -56});

  auto a = tg::variable<"a", tg::shape<2>>({1, 2});
  auto b = tg::variable<"b", tg::shape<2>>({3, 4});
  tg::assign(a, b)(b, a);
  CHECK(a(0) == 3);
  CHECK(b(1) == 2);
  tg::assign(a, b)(flip(a) + b, a * tg::sum(b));
  CHECK(a(0) == 5);
  CHECK(a(1) == 5);
  CHECK(b(0) == 9);
  CHECK(b(1) == 12);
}

TEST_CASE("variables: assigned, added to, subtracted from", "[expressions]") {
  auto v = tg::variable<"v", tg::shape<2>>({1, 2});
  v.assign_add(1).assign_sub(v * 0.5f);
  CHECK(v(0) == 1);
  CHECK(v(1) == 1.5f);
  v.assign(7);
  CHECK(v(1) == 7);
  v.assign(tg::tensor<float, 2>{1, 2});
  CHECK(v(1) == 2);
  CHECK(v.name() == "v");
  auto counter = tg::variable<"steps", tg::shape<>, std::int32_t>(0);
  for (int i = 0; i < 3; ++i) counter.assign_add(1);
  CHECK(counter.value() == 3);
}

TEST_CASE("expressions: a dynamic first axis", "[expressions]") {
  tg::tensor<float, tg::dynamic, 2> x{{1, 2}, {3, 4}, {5, 6}};
  CHECK(x.rows() == 3);
  tg::tensor<float, tg::dynamic, 2> const doubled = 2 * x + tg::tensor<float, 2>{10, 20};
  CHECK(doubled.rows() == 3);
  CHECK(doubled(2, 1) == 32);
  CHECK(tg::evaluate(tg::sum(x)) == 21);
  CHECK(tg::evaluate(tg::mean(x)) == 3.5f);
  CHECK(list_of(tg::evaluate(tg::mean<0>(x))) == std::vector<float>{3, 4});
  CHECK(list_of(tg::evaluate(tg::sum<1>(x))) == std::vector<float>{3, 7, 11});
  tg::tensor<float, 1, 2> const kept = tg::sum<0, tg::keep_dims>(x);
  CHECK(kept(0, 1) == 12);
  tg::tensor<float, 2, 3> const w{{1, 0, 1}, {0, 1, 1}};
  auto const y = tg::evaluate(tg::matmul(x, w));
  CHECK(y.rows() == 3);
  CHECK(y(2, 2) == 11);
  tg::tensor<float, tg::dynamic, 2> const short_one{{1, 2}};
  CHECK_THROWS_AS(tg::evaluate(x + short_one), std::invalid_argument);
  x = x - tg::mean<0, tg::keep_dims>(x);
  CHECK(x(0, 0) == -2);
  x = doubled * 1;
  x = short_one + 1;
  CHECK(x.rows() == 1);
  tg::tensor<float, 1, 2> const fixed = x * 2;
  CHECK(fixed(0, 1) == 6);
  using pair = tg::tensor<float, 2, 2>;
  CHECK_THROWS_AS(pair(x * 2), std::invalid_argument);
  auto k = tg::variable<"k", tg::shape<2>>({1, 1});
  auto const loss = tg::mean(tg::square(tg::sum<1>(doubled * k)));
  tg::tensor<float, 2> const slope = tg::gradient(loss, k);
  CHECK(std::abs(slope(0) - 2.0f / 3 * (12 * 36 + 16 * 44 + 20 * 52)) < 1e-2f);
}

TEST_CASE("expressions: several values with a dynamic first axis at once", "[expressions]") {
  using rows = tg::tensor<float, tg::dynamic, 2>;
  rows x{{1, 2}, {3, 4}, {5, 6}}, y(3), other(2);
  float total = 0;
  tg::evaluate_into(std::tie(y, total), x + 1, tg::sum(x));
  CHECK(y(2, 1) == 7);
  CHECK(total == 21);
  // both are read before one is written
  tg::evaluate_into(std::tie(x, y), y * 1, x * 1);
  CHECK(x(0, 0) == 2);
  CHECK(y(0, 0) == 1);
  // what does not fit is refused before anything is written, whichever of both lengths is known
  CHECK_THROWS_AS(tg::evaluate_into(std::tie(y, other), 0 * x, x + 1), std::invalid_argument);
  CHECK(y(2, 1) == 6);
  tg::tensor<float, 3, 2> const fixed = x * 1;
  CHECK_THROWS_AS(tg::evaluate_into(std::tie(other), fixed + 1), std::invalid_argument);
  CHECK(other(1, 1) == 0);
  // variables take the length of what they are assigned, together too
  using data = tg::shape<tg::dynamic, 2>;
  auto a = tg::variable<"a", data>(x);
  auto b = tg::variable<"b", data>(y);
  assign(a, b)(b + 0, a - b);
  CHECK(a(2, 1) == 6);
  CHECK(b(2, 1) == 1);
  assign(a, b)(other + 1, other + 2);
  CHECK(a.shape()[0] == 2);
  CHECK(b(1, 0) == 2);
  auto m = tg::variable<"m", tg::shape<2>>({1, 2});
  assign(a, m)(fixed * m, m + tg::sum<0>(fixed));
  CHECK(a.shape()[0] == 3);
  CHECK(a(2, 1) == 2 * fixed(2, 1));
  CHECK(m(0) == 1 + fixed(0, 0) + fixed(1, 0) + fixed(2, 0));
}

TEST_CASE("random: the same from a seed, and in range", "[expressions]") {
  tg::random a{3}, b{3};
  auto const x = a.uniform<float, 1000>(-1, 1);
  CHECK(list_of(x) == list_of(b.uniform<float, 1000>(-1, 1)));
  CHECK(list_of(a.uniform<float, 1000>(-1, 1)) != list_of(x));
  CHECK(tg::evaluate(tg::max(x)) < 1);
  CHECK(tg::evaluate(tg::min(x)) >= -1);
  auto const n = a.normal<double, 20000>(2, 3);
  CHECK(std::abs(tg::evaluate(tg::mean(n)) - 2) < 0.1);
  CHECK(std::abs(tg::evaluate(tg::stddev(n)) - 3) < 0.1);
  auto const t = a.truncated_normal<float, 5000>(0, 1);
  CHECK(tg::evaluate(tg::max(tg::abs(t))) <= 2);
  auto const i = a.integers<int, 5000>(-2, 3);
  CHECK(tg::evaluate(tg::max(i)) == 2);
  CHECK(tg::evaluate(tg::min(i)) == -2);
  CHECK(std::abs(tg::evaluate(tg::mean(i))) < 0.1f);
  CHECK(std::abs(tg::evaluate(tg::mean(tg::cast<float>(a.bernoulli<5000>(0.25)))) - 0.25f) < 0.03f);
  CHECK_THROWS_AS((a.uniform<float, 2>(1, 1)), std::invalid_argument);
  CHECK_THROWS_AS((a.integers<int, 2>(1, 1)), std::invalid_argument);
  CHECK_THROWS_AS((a.normal<float, 2>(0, -1)), std::invalid_argument);
}

TEST_CASE("expressions: printed as TensorFlow prints", "[expressions]") {
  tg::tensor<float, 2, 2> const x{{1, 2.5}, {-3, 4}};
  CHECK(tg::to_string(x) ==
        "tensor([[ 1.   2.5]\n        [-3.   4. ]], shape=(2, 2), dtype=float32)");
  CHECK(tg::to_string(tg::sum(x)) == "tensor(4.5, shape=(), dtype=float32)");
  CHECK(tg::to_string(tg::arange<int, 3>()) == "tensor([0 1 2], shape=(3,), dtype=int32)");
  CHECK(tg::to_string(tg::variable<"m">(0.5f)) == "variable(\"m\", 0.5, shape=(), dtype=float32)");
  CHECK(tg::to_string(x > 1) ==
        "tensor([[False  True]\n        [False  True]], shape=(2, 2), dtype=bool)");
  CHECK(tg::to_string(tg::zeros<float, 2000>()) ==
        "tensor([0. 0. 0. ... 0. 0. 0.], shape=(2000,), dtype=float32)");
}
