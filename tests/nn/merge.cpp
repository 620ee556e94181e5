// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn.hpp>

#include <string>

namespace {

namespace tg = typegrad;
using tg::input;
using tg::sequential;

/// Merge of the three thirds of a vector of six.
template <class Merge>
struct of_three : tg::layer<of_three<Merge>> {
  static constexpr std::string_view name = "of_three";
  constexpr tg::symbol call(tg::symbol x) const {
    return Merge{}(slice(x, {0}, {2}), slice(x, {2}, {4}), slice(x, {4}, {6}));
  }
};

template <class Merge>
tg::graph traced() {
  return tg::trace<sequential<input<6>, of_three<Merge>>>();
}
template <class Merge>
oracle::values merged() {
  return oracle::run(traced<Merge>(), 1, {{1, -2, 3, 4, -5, 6}})[0];
}

#define MERGE(name, expression)                                          \
  struct name {                                                          \
    constexpr tg::symbol operator()([[maybe_unused]] tg::symbol a,       \
                                    [[maybe_unused]] tg::symbol b,       \
                                    [[maybe_unused]] tg::symbol c) const { \
      return expression;                                                 \
    }                                                                    \
  }

MERGE(add_2, tg::add(a, b));
MERGE(add_3, tg::add(a, b, c));
MERGE(subtract_2, tg::subtract(a, b));
MERGE(multiply_2, tg::multiply(a, b));
MERGE(multiply_3, tg::multiply(a, b, c));
MERGE(average_2, tg::average(a, b));
MERGE(average_3, tg::average(a, b, c));
MERGE(maximum_3, tg::maximum(a, b, c));
MERGE(minimum_3, tg::minimum(a, b, c));
MERGE(concatenate_3, tg::concatenate(a, b, c));
MERGE(concatenate_first, tg::concatenate(tg::axis(0), c, a));
MERGE(concatenate_rows, tg::concatenate(tg::axis(0), reshape(a, {1, 2}), reshape(b, {1, 2}),
                                        reshape(c, {1, 2})));
MERGE(concatenate_columns, tg::concatenate(tg::axis(-1), reshape(a, {2, 1}), reshape(b, {2, 1})));
MERGE(concatenate_nowhere, tg::concatenate(tg::axis(1), a, b));
MERGE(concatenate_both, tg::concatenate(tg::axis(0, 1), reshape(a, {1, 2}), reshape(b, {1, 2})));
MERGE(concatenate_unlike, tg::concatenate(tg::axis(0), reshape(a, {1, 2}), reshape(b, {2, 1})));
MERGE(add_unlike, tg::add(a, b, tg::concatenate(a, c)));
MERGE(add_broadcast, tg::add(reshape(a, {2, 1}), b));

TEST_CASE("merging functions") {
  CHECK(merged<add_2>() == oracle::values{4, 2});
  CHECK(merged<add_3>() == oracle::values{-1, 8});
  CHECK(merged<subtract_2>() == oracle::values{-2, -6});
  CHECK(merged<multiply_2>() == oracle::values{3, -8});
  CHECK(merged<multiply_3>() == oracle::values{-15, -48});
  CHECK(merged<average_2>() == oracle::values{2, 1});
  oracle::check_close(merged<average_3>(), {-1.0 / 3, 8.0 / 3}, 1e-6);
  CHECK(merged<maximum_3>() == oracle::values{3, 6});
  CHECK(merged<minimum_3>() == oracle::values{-5, -2});
  CHECK(merged<concatenate_3>() == oracle::values{1, -2, 3, 4, -5, 6});
  CHECK(merged<concatenate_first>() == oracle::values{-5, 6, 1, -2});
  CHECK(merged<concatenate_rows>() == oracle::values{1, -2, 3, 4, -5, 6});
  CHECK(merged<concatenate_columns>() == oracle::values{1, 3, -2, 4});
  CHECK(merged<add_broadcast>() == oracle::values{4, 5, 1, 2});
  auto const g = traced<concatenate_rows>();
  CHECK(g[g.outputs[0]].shape == tg::extents{3, 2});
}

TEST_CASE("what cannot be merged is one sentence") {
  auto const error = [](tg::graph const& g) { return std::string(g.error.view()); };
  CHECK(error(traced<concatenate_nowhere>()) ==
        "layer 1, of_three: concatenate: extents 2 have no axis 1; axes are those of one sample, "
        "from 0, or from -1 at the end");
  CHECK(error(traced<concatenate_both>()) ==
        "layer 1, of_three: concatenate: needs one axis, got 2");
  CHECK(error(traced<concatenate_unlike>()) ==
        "layer 1, of_three: concatenate: extents 1x2 and 2x1 do not fit along axis 0");
  CHECK(error(traced<add_unlike>()) ==
        "layer 1, of_three: add: extents 2 and 4 do not broadcast");
}

}  // namespace
