// SPDX-License-Identifier: BSL-1.0
#include <typegrad/core/dtype.hpp>
#include <typegrad/core/extents.hpp>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace typegrad;

static_assert(extents{}.rank == 0 && extents{}.count() == 1);
static_assert(extents{28, 28, 1}.count() == 784);
static_assert(extents{2, 3}.front() == 2 && extents{2, 3}.back() == 3);
static_assert(extents{2, 3} == extents{2, 3});
static_assert(!(extents{2, 3} == extents{3, 2}) && !(extents{2} == extents{2, 1}));
static_assert(shape<28, 28>::value == extents{28, 28});

// Lengths that were popped do not count, nor do those beyond the greatest rank.
static_assert([] {
  extents e{2, 3};
  e.pop_back();
  return e == extents{2} && e.count() == 2;
}());
static_assert([] {
  extents e;
  for (int i = 0; i < max_rank + 3; ++i) e.push_back(2);
  return e.rank == max_rank;
}());

static_assert(to_text(extents{28, 28, 1}).view() == "28x28x1");
static_assert(to_text(extents{7}).view() == "7");
static_assert(to_text(extents{}).view() == "scalar");

static_assert(axis_list{0, 2}.contains(2) && !axis_list{0, 2}.contains(1));
static_assert(axis_list{0, 2} == axis_list{0, 2} && !(axis_list{0, 2} == axis_list{2, 0}));

static_assert(bytes_of(dtype::float64) == 8 && bytes_of(dtype::int32) == 4 &&
              bytes_of(dtype::bfloat16) == 2 && bytes_of(dtype::boolean) == 1);
static_assert(is_floating(dtype::bfloat16) && !is_floating(dtype::int8));
static_assert(to_text(dtype::int32) == "int32" && to_text(dtype::boolean) == "bool");

TEST_CASE("extents count, compare and read the same at run time") {
  extents e;
  for (std::int64_t const n : {4, 5, 6}) e.push_back(n);
  CHECK(e.count() == 120);
  CHECK(to_text(e).view() == "4x5x6");
}

}  // namespace
