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

/// Bytes in memory that `Space` takes and gives back: `Space::take(bytes, what)`,
/// `Space::give(data)`.
template <class Space>
class owned_memory {
 public:
  owned_memory() = default;
  /// std::runtime_error, with what `what` needs and what is free, if there is not so much.
  owned_memory(std::int64_t bytes, [[maybe_unused]] std::string_view what) : bytes_{bytes} {
    if (bytes <= 0) return;
#if TYPEGRAD_CUDA
    data_ = Space::take(static_cast<std::size_t>(bytes), what);
#else
    host_ = aligned_buffer<std::byte>(bytes);
    data_ = host_.data();
#endif
  }
  owned_memory(owned_memory&& other) noexcept { swap(other); }
  owned_memory& operator=(owned_memory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~owned_memory() {
#if TYPEGRAD_CUDA
    if (data_ != nullptr) Space::give(data_);
#endif
  }

  template <class T = std::byte>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  void swap(owned_memory& other) noexcept {
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

struct device_space {
#if TYPEGRAD_CUDA
  static void* take(std::size_t bytes, std::string_view what) {
    void* data = nullptr;
    cudaError_t const got = cudaMalloc(&data, bytes);
    if (got == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t free = 0, all = 0;
      static_cast<void>(cudaMemGetInfo(&free, &all));
      refuse_memory(what, static_cast<long long>(bytes), static_cast<long long>(free),
                    static_cast<long long>(all));
    }
    check(got, "taking memory of the device");
    check(cudaMemset(data, 0, bytes), "clearing memory of the device");
    // queues do not wait for what is done outside of them
    check(cudaStreamSynchronize(cudaStreamLegacy), "clearing memory of the device");
    return data;
  }
  static void give(void* data) { static_cast<void>(cudaFree(data)); }
#endif
};

struct pinned_space {
#if TYPEGRAD_CUDA
  static void* take(std::size_t bytes, std::string_view) {
    void* data = nullptr;
    check(cudaMallocHost(&data, bytes), "taking pinned memory");
    return data;
  }
  static void give(void* data) { static_cast<void>(cudaFreeHost(data)); }
#endif
};

/// Bytes in the device's memory, zero at first; a multiple of 256.
using device_memory = owned_memory<device_space>;
/// Bytes in the host's memory that are not paged out.
using pinned_memory = owned_memory<pinned_space>;

TYPEGRAD_ON_THRUST_END
