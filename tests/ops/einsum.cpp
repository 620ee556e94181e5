// SPDX-License-Identifier: BSL-1.0
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/ops/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <string>
#include <vector>

// einsum against the sum that its letters spell, written out over all of them.

namespace {

using namespace typegrad;
using reference::values;

std::int64_t length_of(char letter) {
  static std::map<char, std::int64_t> const lengths{{'i', 2}, {'j', 3}, {'k', 4}, {'l', 5}};
  return lengths.at(letter);
}
extents shape_of(std::string const& letters) {
  extents e;
  for (char const c : letters) e.push_back(length_of(c));
  return e;
}

/// The sum over all letters, for each position of the result.
values expected(std::vector<std::string> const& operands, std::vector<values> const& data,
                std::string const& result) {
  std::map<char, std::int64_t> at;
  for (std::string const& o : operands)
    for (char const c : o) at[c] = 0;
  values out(static_cast<std::size_t>(shape_of(result).count()));
  auto const place = [&](std::string const& letters) {
    std::int64_t e = 0;
    for (char const c : letters) e = e * length_of(c) + at[c];
    return static_cast<std::size_t>(e);
  };
  while (true) {
    double product = 1;
    for (std::size_t o = 0; o < operands.size(); ++o) product *= data[o][place(operands[o])];
    out[place(result)] += product;
    auto next = at.begin();
    for (; next != at.end() && ++next->second == length_of(next->first); ++next) next->second = 0;
    if (next == at.end()) return out;
  }
}

template <class... Operands>
void check(std::string const& text, std::string const& result, Operands const&... letters) {
  INFO(text);
  std::vector<std::string> const operands{letters...};
  graph g;
  std::vector<values> data;
  auto const input = [&](std::string const& of) {
    extents const e = shape_of(of);
    values v;
    for (std::int64_t i = 0; i < e.count(); ++i)
      v.push_back(static_cast<double>((i * 7 + static_cast<std::int64_t>(data.size()) * 3) % 9) -
                  4);
    data.push_back(v);
    return build::input(g, "x", e, dtype::float32, false);
  };
  std::vector<symbol> in;
  for (std::string const& o : operands) in.push_back(input(o));
  symbol y;
  if constexpr (sizeof...(letters) == 1)
    y = einsum(text, in[0]);
  else if constexpr (sizeof...(letters) == 2)
    y = einsum(text, in[0], in[1]);
  else
    y = einsum(text, in[0], in[1], in[2]);
  REQUIRE(std::string{g.error.view()} == "");
  CHECK(y.shape() == shape_of(result));
  g.outputs.push_back(y.id());
  reference::bindings b;
  b.inputs = data;
  CHECK(reference::evaluate<float>(g, b)[0] == expected(operands, data, result));
}

template <class F>
std::string error_of(F const& f) {
  graph g;
  f(build::input(g, "x", {2, 3}), build::input(g, "y", {4, 3}));
  return std::string{g.error.view()};
}

}  // namespace

TEST_CASE("einsum of one operand", "[ops]") {
  check("ij->ji", "ji", "ij");
  check("ij", "ij", "ij");
  check("ji", "ij", "ji");
  check("ijk->j", "j", "ijk");
  check("ijk->", "", "ijk");
  check("ii", "", "ii");
  check("ii->i", "i", "ii");
  check("iji->ji", "ji", "iji");
  check("kiik->ik", "ik", "kiik");
  check("jjj->j", "j", "jjj");
}
TEST_CASE("einsum of two operands", "[ops]") {
  check("ij,jk->ik", "ik", "ij", "jk");
  check("ij,jk", "ik", "ij", "jk");
  check("ij, jk -> ki", "ki", "ij", "jk");
  check("ij,ij->ij", "ij", "ij", "ij");
  check("ij,ij", "", "ij", "ij");
  check("i,j", "ij", "i", "j");
  check("i,j->ji", "ji", "i", "j");
  check("kij,kjl->kil", "kil", "kij", "kjl");
  check("kij,ljk->il", "il", "kij", "ljk");
  check("ij,kl->l", "l", "ij", "kl");
  check("ijk,jil->kl", "kl", "ijk", "jil");
  check("iij,jk->ki", "ki", "iij", "jk");
  check("ij,->ij", "ij", "ij", "");
  check("i,ij->j", "j", "i", "ij");
}
TEST_CASE("einsum of three operands", "[ops]") {
  check("ij,jk,kl->il", "il", "ij", "jk", "kl");
  check("ij,jk,kl", "il", "ij", "jk", "kl");
  check("ij,ik,il->jkl", "jkl", "ij", "ik", "il");
  check("i,i,i->i", "i", "i", "i", "i");
  check("i,j,k->kji", "kji", "i", "j", "k");
}

TEST_CASE("einsum says what it needs", "[ops]") {
  CHECK(error_of([](symbol x, symbol y) { return einsum("ij,jk", x, y); }) ==
        "einsum: axis j of \"ij,jk\" has 3 and 4 elements");
  CHECK(error_of([](symbol x, symbol) { return einsum("ijk->i", x); }) ==
        "einsum: operand 0 of \"ijk->i\" has axes ijk, but extents 2x3");
  CHECK(error_of([](symbol x, symbol) { return einsum("ij,jk", x); }) ==
        "einsum: \"ij,jk\" is of 2 operands, got 1");
  CHECK(error_of([](symbol x, symbol) { return einsum("ij->ik", x); }) ==
        "einsum: \"ij->ik\" has k in its result only");
  CHECK(error_of([](symbol x, symbol) { return einsum("ij->ii", x); }) ==
        "einsum: \"ij->ii\" has i in its result twice");
  CHECK(error_of([](symbol x, symbol) { return einsum("i...->i", x); }) ==
        "einsum: \"i...->i\" is not read beyond character 2; it needs letters, commas and ->, as "
        "in \"ij,jk->ik\"");
}

TEST_CASE("dot, tensordot, outer and products with leading axes", "[ops]") {
  graph g;
  auto const shape = [&](extents const& a, extents const& b, auto const& f) {
    return f(build::input(g, "a", a), build::input(g, "b", b)).shape();
  };
  CHECK(shape({2, 3}, {4, 3, 5}, [](symbol a, symbol b) { return dot(a, b); }) == extents{2, 4, 5});
  CHECK(shape({2, 3}, {}, [](symbol a, symbol b) { return dot(a, b); }) == extents{2, 3});
  CHECK(shape({2, 3, 4}, {3, 4, 5}, [](symbol a, symbol b) { return tensordot(a, b); }) ==
        extents{2, 5});
  CHECK(shape({2, 3, 4}, {4, 5, 2}, [](symbol a, symbol b) {
          return tensordot(a, b, {0, -1}, {2, 0});
        }) == extents{3, 5});
  CHECK(shape({2, 2}, {3}, [](symbol a, symbol b) { return outer(a, b); }) == extents{4, 3});
  auto const product = [](symbol a, symbol b) { return matmul(a, b); };
  CHECK(shape({7, 1, 2, 3}, {5, 3, 4}, product) == extents{7, 5, 2, 4});
  CHECK(shape({2, 3}, {5, 3, 4}, product) == extents{5, 2, 4});
  CHECK(shape({3}, {5, 3, 4}, product) == extents{5, 4});
  CHECK(shape({6, 2, 3}, {3}, product) == extents{6, 2});
  CHECK(std::string{g.error.view()} == "");
  shape({2, 2, 3}, {5, 3, 4}, product);
  CHECK(g.error.view() == "matmul: the leading axes of extents 2x2x3 and 5x3x4 do not broadcast");
}
