// SPDX-License-Identifier: BSL-1.0
#include <typegrad/core/type_name.hpp>

#include <catch2/catch_test_macros.hpp>

namespace outer::inner {
struct MLPBlock {};
struct Dense {};
struct conv2d {};
struct Conv2DTranspose {};
struct LSTM {};
struct snake_case {};
template <class...>
struct sequential {
  struct Nested {};
};
template <auto...>
struct options {};
struct characters {
  char all[6];
  constexpr characters(char const (&s)[6]) {
    for (int i = 0; i < 6; ++i) all[i] = s[i];
  }
};
template <characters>
struct text {};
}  // namespace outer::inner
struct PReLU {};

namespace {

using typegrad::type_name;
using namespace outer::inner;
struct hidden {};

// Keras's rule for names.
static_assert(type_name<MLPBlock>().view() == "mlp_block");
static_assert(type_name<Dense>().view() == "dense");
static_assert(type_name<conv2d>().view() == "conv2d");
static_assert(type_name<LSTM>().view() == "lstm");
static_assert(type_name<snake_case>().view() == "snake_case");
static_assert(type_name<PReLU>().view() == "p_re_lu");
static_assert(type_name<hidden>().view() == "hidden");
static_assert(type_name<Conv2DTranspose>().view() == "conv2d_transpose");

// Template arguments, whatever they hold, do not matter.
static_assert(type_name<sequential<MLPBlock, sequential<Dense>>>().view() == "sequential");
static_assert(type_name<options<1, 2.5F, 'x'>>().view() == "options");
static_assert(type_name<sequential<text<"a->b<">>>().view() == "sequential");
static_assert(type_name<sequential<Dense>::Nested>().view() == "nested");
static_assert(type_name<int>().view() == "int");

TEST_CASE("a local class has its own name") {
  struct LocalBlock {};
  CHECK(type_name<LocalBlock>().view() == "local_block");
}

}  // namespace
