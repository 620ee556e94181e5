// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#if defined(__unix__)
#include <sys/mman.h>
#endif

namespace support {

/// Memory with inaccessible pages before and behind it: where it ends (or, `at_front`, begins) the
/// page next to it begins at once, so that an access one element too far ends the test.
template <class T>
class guarded {
 public:
  template <std::integral N>
  explicit guarded(N count, bool at_front = false) : count_(static_cast<std::int64_t>(count)) {
    std::size_t const bytes = static_cast<std::size_t>(count) * sizeof(T);
#if defined(__unix__)
    constexpr std::size_t page = 4096;
    std::size_t const whole = (bytes + page - 1) / page * page;
    length_ = whole + 2 * page;
    base_ = static_cast<std::byte*>(
        mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_, page, PROT_NONE);
    mprotect(base_ + page + whole, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(base_ + page + (at_front ? 0 : whole - bytes));
#else
    (void)at_front;
    base_ = new std::byte[bytes + 1];
    data_ = reinterpret_cast<T*>(base_);
#endif
  }
  guarded(guarded const&) = delete;
  guarded& operator=(guarded const&) = delete;
  ~guarded() {
#if defined(__unix__)
    munmap(base_, length_);
#else
    delete[] base_;
#endif
  }
  T* data() const { return data_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + count_; }
  template <std::integral I>
  T& operator[](I i) const {
    return data_[i];
  }
  std::int64_t size() const { return count_; }

 private:
  std::int64_t count_;
  std::size_t length_ = 0;
  std::byte* base_;
  T* data_;
};

}  // namespace support
