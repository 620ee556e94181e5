// SPDX-License-Identifier: BSL-1.0
#include <typegrad/expressions.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <cstdlib>
#include <new>
#include <tuple>

// Evaluating into what is there allocates nothing: operator new is counted.

namespace {

std::atomic<int> allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  std::size_t const whole = (size + alignment - 1) / alignment * alignment;
  if (void* const p = std::aligned_alloc(alignment, whole > 0 ? whole : alignment)) return p;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

TEST_CASE("expressions: evaluating into what is there allocates nothing", "[expressions]") {
  namespace tg = typegrad;
  tg::random random{3};
  auto const a = random.normal<float, 64, 64>();
  auto x = tg::variable<"x", tg::shape<64>>(random.normal<float, 64>());
  auto const loss = tg::mean(tg::square(tg::sin(tg::matmul(a, x)) - x));
  auto const slope = tg::gradient(loss, x);
  tg::tensor<float, 64> y;
  tg::tensor<float, tg::dynamic, 64> rows(10);
  float value = 0;
  auto const all = [&] {
    y = 2 * x + tg::sum<1>(a);
    y = tg::matmul(a, y) - slope;
    rows = rows + y;
    tg::evaluate_into(std::tie(value, y), loss, slope);
    x.assign_sub(0.1f * slope);
    value += tg::evaluate(loss);
  };
  all();  // the first time memory for intermediate values is taken
  int const before = allocations;
  for (int i = 0; i < 3; ++i) all();
  CHECK(allocations == before);
  CHECK(value == value);
}
