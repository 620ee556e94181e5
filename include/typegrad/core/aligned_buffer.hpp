// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace typegrad {

/// Asks for memory as it comes.
struct uninitialized_tag {};

/// Memory for `size` elements that starts at a multiple of 64 bytes, all bits zero at first.
template <class T>
class aligned_buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t alignment = 64;

  aligned_buffer() = default;
  explicit aligned_buffer(std::int64_t size) : size_{size} {
    if (std::size_t const bytes = take(size))
      std::memset(static_cast<void*>(data_), 0, bytes);
  }
  /// The same, not cleared: for values that are all written before one is read.
  aligned_buffer(std::int64_t size, uninitialized_tag) : size_{size} { take(size); }
  aligned_buffer(aligned_buffer const& other) : aligned_buffer(other.size_) {
    if (size_ > 0)
      std::memcpy(static_cast<void*>(data_), other.data_,
                  static_cast<std::size_t>(size_) * sizeof(T));
  }
  aligned_buffer(aligned_buffer&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
  aligned_buffer& operator=(aligned_buffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~aligned_buffer() { ::operator delete(static_cast<void*>(data_), std::align_val_t{alignment}); }

  T* data() { return data_; }
  T const* data() const { return data_; }
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::int64_t i) { return data_[i]; }
  T const& operator[](std::int64_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  T const* begin() const { return data_; }
  T const* end() const { return data_ + size_; }

 private:
  /// Takes whole cache lines, so that a vector may be read or written where the last element is.
  std::size_t take(std::int64_t size) {
    if (size <= 0) {
      size_ = 0;
      return 0;
    }
    std::size_t const bytes =
        (static_cast<std::size_t>(size) * sizeof(T) + alignment - 1) / alignment * alignment;
    data_ = static_cast<T*>(::operator new(bytes, std::align_val_t{alignment}));
    return bytes;
  }

  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace typegrad
