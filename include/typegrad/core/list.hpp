// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <initializer_list>

namespace typegrad {

/// A growing array that works during constant evaluation as well as at run time. It is what
/// `std::vector` is, with far fewer function calls for the compiler's interpreter to walk through.
/// Requires T to be default constructible and copyable.
template <class T>
class list {
 public:
  using value_type = T;

  constexpr list() = default;
  constexpr list(std::initializer_list<T> values) {
    for (T const& v : values) push_back(v);
  }
  constexpr explicit list(int count, T const& value = T{}) { resize(count, value); }
  constexpr list(list const& other) { assign(other); }
  constexpr list(list&& other) noexcept
      : items_{other.items_}, size_{other.size_}, capacity_{other.capacity_} {
    other.items_ = nullptr;
    other.size_ = other.capacity_ = 0;
  }
  constexpr list& operator=(list const& other) {
    if (this != &other) {
      size_ = 0;
      assign(other);
    }
    return *this;
  }
  constexpr list& operator=(list&& other) noexcept {
    if (this != &other) {
      delete[] items_;
      items_ = other.items_;
      size_ = other.size_;
      capacity_ = other.capacity_;
      other.items_ = nullptr;
      other.size_ = other.capacity_ = 0;
    }
    return *this;
  }
  constexpr ~list() { delete[] items_; }

  constexpr int size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T& operator[](int i) { return items_[i]; }
  constexpr T const& operator[](int i) const { return items_[i]; }
  constexpr T& back() { return items_[size_ - 1]; }
  constexpr T const& back() const { return items_[size_ - 1]; }
  constexpr T* begin() { return items_; }
  constexpr T* end() { return items_ + size_; }
  constexpr T const* begin() const { return items_; }
  constexpr T const* end() const { return items_ + size_; }

  constexpr void push_back(T const& value) {
    if (size_ == capacity_) {
      T const copy = value;  // `value` may live in this list
      grow(capacity_ == 0 ? 8 : 2 * capacity_);
      items_[size_++] = copy;
    } else {
      items_[size_++] = value;
    }
  }
  constexpr void pop_back() { --size_; }
  constexpr void clear() { size_ = 0; }
  constexpr void resize(int count, T const& value = T{}) {
    if (count > capacity_) grow(count);
    for (int i = size_; i < count; ++i) items_[i] = value;
    size_ = count;
  }
  constexpr void insert(int position, T const& value) {
    push_back(value);
    for (int i = size_ - 1; i > position; --i) {
      T const moved = items_[i - 1];
      items_[i - 1] = items_[i];
      items_[i] = moved;
    }
  }
  constexpr void erase(int position) {
    for (int i = position; i + 1 < size_; ++i) items_[i] = items_[i + 1];
    --size_;
  }
  constexpr bool contains(T const& value) const {
    for (int i = 0; i < size_; ++i)
      if (items_[i] == value) return true;
    return false;
  }

 private:
// g++ 12 takes the old items of a list in a list for an array of none at -O3.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif
  constexpr void grow(int capacity) {
    T* const items = new T[static_cast<std::size_t>(capacity)]{};
    for (int i = 0; i < size_; ++i) items[i] = static_cast<T&&>(items_[i]);
    delete[] items_;
    items_ = items;
    capacity_ = capacity;
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  constexpr void assign(list const& other) {
    size_ = 0;  // what was here need not be moved
    if (other.size_ > capacity_) grow(other.size_);
    for (int i = 0; i < other.size_; ++i) items_[i] = other.items_[i];
    size_ = other.size_;
  }

  T* items_ = nullptr;
  int size_ = 0;
  int capacity_ = 0;
};

}  // namespace typegrad
