// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/thrust/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

// Memory of the device, and of the host where the device can fetch from by itself. On Thrust's host
// systems both are plain memory.

TYPEGRAD_ON_THRUST_BEGIN

/// Bytes in the device's memory, zero at first; a multiple of 256.
class device_memory {
 public:
  device_memory() = default;
  /// std::runtime_error, with what `what` needs and what is free, if there is not so much.
  device_memory(std::int64_t bytes, [[maybe_unused]] std::string_view what) : bytes_{bytes} {
    if (bytes <= 0) return;
#if TYPEGRAD_CUDA
    cudaError_t const got = cudaMalloc(&data_, static_cast<std::size_t>(bytes));
    if (got == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t free = 0, all = 0;
      static_cast<void>(cudaMemGetInfo(&free, &all));
      refuse_memory(what, bytes, static_cast<long long>(free), static_cast<long long>(all));
    }
    check(got, "taking memory of the device");
    check(cudaMemset(data_, 0, static_cast<std::size_t>(bytes)), "clearing memory of the device");
    // queues do not wait for what is done outside of them
    check(cudaStreamSynchronize(cudaStreamLegacy), "clearing memory of the device");
#else
    host_ = aligned_buffer<std::byte>(bytes);
    data_ = host_.data();
#endif
  }
  device_memory(device_memory&& other) noexcept { swap(other); }
  device_memory& operator=(device_memory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~device_memory() {
#if TYPEGRAD_CUDA
    if (data_ != nullptr) static_cast<void>(cudaFree(data_));
#endif
  }

  template <class T = std::byte>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  void swap(device_memory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
#if !TYPEGRAD_CUDA
    std::swap(host_, other.host_);
#endif
  }

  void* data_ = nullptr;
  std::int64_t bytes_ = 0;
#if !TYPEGRAD_CUDA
  aligned_buffer<std::byte> host_;
#endif
};

/// Bytes in the host's memory that are not paged out.
class pinned_memory {
 public:
  pinned_memory() = default;
  explicit pinned_memory(std::int64_t bytes) : bytes_{bytes} {
    if (bytes <= 0) return;
#if TYPEGRAD_CUDA
    check(cudaMallocHost(&data_, static_cast<std::size_t>(bytes)), "taking pinned memory");
#else
    host_ = aligned_buffer<std::byte>(bytes);
    data_ = host_.data();
#endif
  }
  pinned_memory(pinned_memory&& other) noexcept { swap(other); }
  pinned_memory& operator=(pinned_memory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~pinned_memory() {
#if TYPEGRAD_CUDA
    if (data_ != nullptr) static_cast<void>(cudaFreeHost(data_));
#endif
  }

  template <class T = std::byte>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  void swap(pinned_memory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
#if !TYPEGRAD_CUDA
    std::swap(host_, other.host_);
#endif
  }

  void* data_ = nullptr;
  std::int64_t bytes_ = 0;
#if !TYPEGRAD_CUDA
  aligned_buffer<std::byte> host_;
#endif
};

TYPEGRAD_ON_THRUST_END
