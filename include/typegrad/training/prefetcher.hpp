// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace typegrad::training_detail {

/// Items 0, 1, 2, ..., made one after another by a thread of its own, a few ahead of whoever takes
/// them. They are the same whatever the timing. Where no thread can be started, each is made when it
/// is asked for.
template <class Item, class Make, std::size_t Slots = 3>
class prefetcher {
  static_assert(Slots >= 2, "one item is being used while another is made");

 public:
  /// `make(item, number)` is called for 0 to count - 1 in order, with items used again and again;
  /// all start as `blank`. Without `ahead` no thread is tried.
  prefetcher(std::int64_t count, Item const& blank, Make make, bool ahead = true)
      : count_{count}, make_{std::move(make)} {
    slots_.fill(blank);
    if (count <= 0 || !ahead) return;
    try {
      thread_ = std::thread([this] { work(); });
    } catch (std::system_error const&) {
    }
  }
  prefetcher(prefetcher const&) = delete;
  prefetcher& operator=(prefetcher const&) = delete;
  /// Waits for the item that is just being made; no more are.
  ~prefetcher() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard const lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  /// The next item, of which there must be one; it is valid until the next call. Throws what `make`
  /// threw for it, again and again.
  Item const& next() {
    if (!thread_.joinable()) {
      make_(slot(taken_), taken_);
      return slot(taken_++);
    }
    std::unique_lock lock(mutex_);
    ++released_;  // the item before
    changed_.notify_one();
    changed_.wait(lock, [this] { return made_ > taken_ || failure_; });
    if (made_ == taken_) std::rethrow_exception(failure_);
    return slot(taken_++);
  }

 private:
  Item& slot(std::int64_t number) { return slots_[static_cast<std::size_t>(number) % Slots]; }

  void work() noexcept {
    for (std::int64_t number = 0; number < count_; ++number) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || room_for(number); });
        if (stop_) return;
      }
      try {
        make_(slot(number), number);
      } catch (...) {
        std::lock_guard const lock(mutex_);
        failure_ = std::current_exception();
        changed_.notify_one();
        return;
      }
      {
        std::lock_guard const lock(mutex_);
        ++made_;
      }
      changed_.notify_one();
    }
  }
  // The slot's last item, number - Slots, was given back by the call that asked for the one after.
  bool room_for(std::int64_t number) const {
    return number - static_cast<std::int64_t>(Slots) < released_ - 1;
  }

  std::int64_t const count_;
  Make make_;
  std::array<Item, Slots> slots_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t made_ = 0, taken_ = 0;
  std::int64_t released_ = 0;  ///< calls of `next`, so all items before the last are free
  bool stop_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace typegrad::training_detail
