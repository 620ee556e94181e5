// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/memory.hpp>
#include <typegrad/evaluators/thrust/queue.hpp>

#include <cstdint>
#include <string_view>

TYPEGRAD_ON_THRUST_BEGIN

/// An array of floats that has a copy on the host and one on the device, of which one or both are
/// current.
class mirror {
 public:
  /// Makes the host's copy current; `changing`: it will be written to.
  void bring(float* host, std::int64_t count, bool changing, queue& q) {
    if (newest_ == newest::device) {
      q.copy(host, there_.as<>(), count * std::int64_t{sizeof(float)});
      q.finish();
      newest_ = newest::both;
    }
    if (changing) newest_ = newest::host;
  }
  /// The device's copy, current when the queue has come so far; `changing`: it will be written to.
  float* on_device(float const* host, std::int64_t count, bool changing, queue& q,
                   std::string_view what) {
    std::int64_t const bytes = count * std::int64_t{sizeof(float)};
    if (there_.bytes() < bytes) there_ = device_memory(bytes, what);
    if (newest_ == newest::host) {
      q.copy(there_.as<>(), host, bytes);
      q.finish();  // the host's memory may be written to right away
      newest_ = newest::both;
    }
    if (changing) newest_ = newest::device;
    return there_.as<float>();
  }
  /// What the device's copy becomes is not wanted: the host's, which is current, counts.
  void forget_device() { newest_ = newest::host; }

 private:
  enum class newest { host, both, device };
  device_memory there_;
  newest newest_ = newest::host;
};

TYPEGRAD_ON_THRUST_END
