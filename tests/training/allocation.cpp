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
