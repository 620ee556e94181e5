// SPDX-License-Identifier: BSL-1.0
// A warmed step of training, and predict into a given array, allocate nothing.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* const p = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

}  // namespace

// For the whole of this test program.
void* operator new(std::size_t size) { return counted(size == 0 ? 1 : size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size == 0 ? 1 : size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace tg = typegrad;

namespace {

struct two_inputs : tg::network<two_inputs> {
  using inputs = tg::inputs<tg::named<"ids", 3, tg::dtype::int32>, tg::named<"numbers", 2>>;
  tg::embedding<5, 2> table;
  tg::dense<1> first, second;
  constexpr auto call(tg::symbol ids, tg::symbol numbers) {
    tg::symbol const x = concatenate(reshape(table(ids), {6}), numbers);
    return tg::outputs(tg::output<"first">(first(x)), tg::output<"second">(second(x)));
  }
};

}  // namespace

TEST_CASE("a warmed step allocates nothing") {
  using net = tg::sequential<tg::input<12>, tg::dense<20, tg::tanh>, tg::dropout<0.25F>,
                             tg::dense<3, tg::softmax>>;
  auto model = tg::compile<net>(tg::adam{.global_clipnorm = 1},
                                tg::sparse_categorical_crossentropy<>{}, tg::accuracy{});
  xt::xtensor<float, 2> const x = xt::ones<float>({32, 12});
  xt::xtensor<double, 2> const doubles = x;
  xt::xtensor<std::int32_t, 1> const y = xt::ones<std::int32_t>({32});
  xt::xtensor<std::int64_t, 1> const longs = y;
  xt::xtensor<float, 1> const weights = xt::ones<float>({32});
  xt::xtensor<float, 2> out = xt::zeros<float>({32, 3});
  auto const work = [&] {
    model.train_on_batch({x, y});
    model.train_on_batch({x, y, weights});
    model.train_on_batch({doubles, longs});
    model.predict(x, out);
    model.predict(doubles, out);
  };
  for (int threads = 1; threads <= 2; ++threads) {
    tg::set_threads(threads);
    work();
    long const before = allocations;
    work();
    CHECK(allocations == before);
  }
  tg::set_threads(0);
  long const before = allocations;
  static_cast<void>(model.predict(x));
  CHECK(allocations > before);  // the count counts
}

TEST_CASE("a warmed step with several inputs and outputs allocates nothing but for its samples") {
  using namespace tg::literals;
  auto model = tg::compile<two_inputs>(tg::rmsprop{}, tg::mean_squared_error{},
                                       tg::loss_weights("first"_n = 0.5F));
  xt::xtensor<int, 2> const ids = xt::ones<int>({16, 3});
  xt::xtensor<std::int64_t, 2> const longs = ids;
  xt::xtensor<float, 2> const numbers = xt::ones<float>({16, 2});
  xt::xtensor<float, 1> const y = xt::ones<float>({16});
  using data = decltype(model)::data;
  data const by_place{{ids, numbers}, {y, y}};
  data const by_name{tg::by_name("numbers"_n = numbers, "ids"_n = longs),
                     tg::by_name("second"_n = y, "first"_n = y), tg::by_name("first"_n = y)};
  auto const work = [&] {
    model.train_on_batch(by_place);
    model.train_on_batch(by_name);
    model.loss_weights()[0] *= 0.5F;
  };
  work();
  long const before = allocations;
  work();
  CHECK(allocations == before);
}
