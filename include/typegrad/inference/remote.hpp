// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/step_times.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

namespace typegrad {
class array_view;
}

namespace typegrad::inference_detail {

struct model_core;
struct compiled_step;

/// What runs a model's programs elsewhere than on the host, and keeps its weights there. An array
/// of the model (its weights; in training the optimizer's slots) is current there or on the host.
class remote {
 public:
  remote() = default;
  remote(remote const&) = delete;
  remote& operator=(remote const&) = delete;
  virtual ~remote() = default;

  /// Makes the host's copy of the weights current. `changing`: the caller may write to it, so that
  /// the next run takes it from the host.
  virtual void bring_weights(model_core const& core, bool changing) = 0;

  /// As `predict_rows` and `run_once` (model_core.hpp).
  virtual void predict(model_core& core, compiled_step const& step, std::span<array_view const> x,
                       float* const* out, std::int64_t batch_size) = 0;
  virtual void run_once(model_core& core, compiled_step const& step, std::span<array_view const> x,
                        void* const* outputs) = 0;

  /// Measures a prediction of all rows as one batch, for about so many seconds.
  virtual step_times profile_prediction(model_core& core, compiled_step const& step,
                                        std::span<array_view const> x, double seconds) = 0;
};

/// A model's remote, if it has one.
class remote_pointer {
 public:
  remote_pointer() = default;
  remote_pointer(std::unique_ptr<remote> p) : p_{std::move(p)} {}
  remote_pointer(remote_pointer&&) noexcept = default;
  remote_pointer& operator=(remote_pointer&&) noexcept = default;
  remote_pointer(remote_pointer const& other) { refuse_copy(other); }
  remote_pointer& operator=(remote_pointer const& other) {
    refuse_copy(other);
    p_.reset();
    return *this;
  }

  explicit operator bool() const { return p_ != nullptr; }
  remote* operator->() const { return p_.get(); }

 private:
  static void refuse_copy(remote_pointer const& other) {
    if (other)
      throw std::logic_error(
          "a model on a device cannot be copied; make another one and give it"
          " these weights by copy_weights");
  }
  std::unique_ptr<remote> p_;
};

}  // namespace typegrad::inference_detail
