// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/stepwise.hpp>
#include <typegrad/inference/step_times.hpp>

#include <cstddef>
#include <cstdint>

namespace typegrad::training_detail {

struct batch_view;
struct engine;
struct training_state;
class running_means;

/// What trains a model elsewhere than on the host. Steps are started and not waited for: loss and
/// metrics are added up there, and `settle` brings what there is. A step whose loss is not finite,
/// and all that were started after it, change nothing.
class remote_trainer {
 public:
  virtual ~remote_trainer() = default;

  /// Forgets the loss and metrics added up so far.
  virtual void begin() = 0;
  /// Starts a step of training, or loss and metrics alone. The batch's memory is free afterwards.
  virtual void train(engine const& e, batch_view const& b, bool check_finite) = 0;
  virtual void evaluate(engine const& e, batch_view const& b) = 0;

  struct outcome {
    std::int64_t failed_step = 0;  ///< from 1; 0 if none failed
    float failed_loss = 0;
  };
  /// Waits for what was started, and brings what was added up since `begin` and the last batch's
  /// loss and metrics (`engine::state.results`). A failed step is told of once.
  virtual outcome settle(engine const& e, running_means& means) = 0;

  /// Runs the program of a training step, each of its steps by itself and without the optimizer:
  /// `after` finds the floating-point numbers that a step wrote, brought to the host, at that
  /// step's slots, and nothing at others.
  virtual void train_stepwise(engine const& e, batch_view const& b, on_cpu::after_step after,
                              void* context) = 0;
  /// Measures a step of training for about so many seconds. Weights and slots are as before.
  virtual inference_detail::step_times profile_training(engine const& e, batch_view const& b,
                                                        double seconds) = 0;

  /// Makes the host's copy of an optimizer's slot current; see `remote::bring_weights`.
  virtual void bring_slot(training_state const& s, int slot, bool changing) = 0;
};

}  // namespace typegrad::training_detail
