// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <typegrad/training/prefetcher.hpp>
#include <vector>

using typegrad::training_detail::prefetcher;

namespace {

using item = std::vector<int>;

void rest(int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

// Items of a few equal numbers; says which thread makes them, and how many there are.
struct counting {
  std::atomic<int>* made;
  std::thread::id* who = nullptr;
  int pause = 0;
  std::int64_t fails_at = -1;
  void operator()(item& to, std::int64_t number) const {
    if (pause > 0) rest(pause);
    if (number == fails_at) throw std::runtime_error("no item " + std::to_string(number));
    for (int& x : to) x = static_cast<int>(number);
    if (who != nullptr) *who = std::this_thread::get_id();
    ++*made;
  }
};

}  // namespace

TEST_CASE("prefetcher: items in order whatever the timing, made by another thread", "[threads]") {
  for (int const slow : {0, 1, 2}) {
    std::atomic<int> made{0};
    std::thread::id who;
    {
      prefetcher<item, counting> items(200, item(16), counting{&made, &who, slow == 1 ? 50 : 0});
      for (int i = 0; i < 200; ++i) {
        item const& got = items.next();
        CHECK(got == item(16, i));
        if (slow == 2) rest(50);
        CHECK(got == item(16, i));  // and it stays while the next are made
        CHECK(made <= i + 3);
      }
    }
    CHECK(made == 200);
    CHECK(who != std::this_thread::get_id());
  }
}

TEST_CASE("prefetcher: it works ahead, but no further than it has room", "[threads]") {
  std::atomic<int> made{0};
  prefetcher<item, counting> items(100, item(1), counting{&made});
  items.next();
  for (int i = 0; i < 2000 && made < 3; ++i) rest(1000);
  CHECK(made == 3);
  rest(2000);
  CHECK(made == 3);
}

TEST_CASE("prefetcher: it can be left at any time", "[threads]") {
  for (int taken = 0; taken <= 10; ++taken) {
    std::atomic<int> made{0};
    {
      prefetcher<item, counting> items(10, item(4), counting{&made, nullptr, taken % 3 * 20});
      for (int i = 0; i < taken; ++i) items.next();
    }
    int const at_the_end = made;
    CHECK(at_the_end >= taken);
    rest(200);
    CHECK(made == at_the_end);  // nobody is left who makes more
  }
  std::atomic<int> made{0};
  {
    prefetcher<item, counting> none(0, item(4), counting{&made});
  }
  CHECK(made == 0);
}

TEST_CASE("prefetcher: an exception comes out where its item is asked for", "[threads]") {
  std::atomic<int> made{0};
  prefetcher<item, counting> items(100, item(1), counting{&made, nullptr, 0, 5});
  for (int i = 0; i < 5; ++i) CHECK(items.next()[0] == i);
  for (int again = 0; again < 2; ++again) CHECK_THROWS_AS(items.next(), std::runtime_error);
  CHECK(made == 5);
}

TEST_CASE("prefetcher: without a thread items are made when they are asked for") {
  std::atomic<int> made{0};
  std::thread::id who;
  prefetcher<item, counting> items(100, item(3), counting{&made, &who, 0, 4}, false);
  for (int i = 0; i < 4; ++i) {
    CHECK(items.next() == item(3, i));
    CHECK(made == i + 1);
    CHECK(who == std::this_thread::get_id());
  }
  for (int again = 0; again < 2; ++again) CHECK_THROWS_AS(items.next(), std::runtime_error);
}
