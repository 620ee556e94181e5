// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/program_entry.hpp>
#include <typegrad/inference/array_view.hpp>
#include <typegrad/inference/model_core.hpp>
#include <typegrad/inference/policy_recipe.hpp>
#include <typegrad/inference/thrust/mirror.hpp>
#include <typegrad/inference/thrust/staging.hpp>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

TYPEGRAD_ON_THRUST_BEGIN

/// A model on the device: its weights, and the memory that its programs work in.
class device_model : public inference_detail::remote {
 public:
  void bring_weights(inference_detail::model_core const& core, bool changing) override {
    weights_.bring(core.weights_memory(), core.table.elements(), changing, queue_);
  }

  void predict(inference_detail::model_core& core, inference_detail::compiled_step const& step,
               array_view const& x, float* out, std::int64_t batch_size) override {
    auto const& entry = *static_cast<program_entry const*>(step.elsewhere);
    std::int64_t const rows = x.shape().rows();
    if (batch_size > rows) batch_size = rows;
    std::int64_t const row_values = x.shape().row_size();
    std::int64_t const out_values = core.output.count();
    float* const weights = weights_on_device(core, false);
    std::byte* const arena = arena_for(entry, batch_size);
    if (results_.bytes() < batch_size * out_values * 4) {
      forget_recordings();
      results_ = device_memory(batch_size * out_values * 4, "predictions");
    }
    for (std::int64_t begin = 0; begin < rows; begin += batch_size) {
      std::int64_t const count = begin + batch_size < rows ? batch_size : rows - begin;
      auto& piece =
          stage_rows(core, x.type(), x.row(begin), count * row_values, batch_size * row_values);
      void const* const input = piece.there.as<>() + state_bytes;
      void* const output = results_.as<void>();
      replay({&entry, count, staging_.current(), 0}, [&] {
        entry.run(queue_, {count, &input, weights, &output, arena, counters(),
                           piece.there.as<run_state>()});
      });
      staging_.used(piece, queue_);
      queue_.copy(out + begin * out_values, results_.as<>(), count * out_values * 4);
    }
    queue_.finish();
  }

  void run_once(inference_detail::model_core& core, inference_detail::compiled_step const& step,
                array_view const& x, void* const* outputs) override {
    auto const& entry = *static_cast<program_entry const*>(step.elsewhere);
    std::int64_t const rows = x.shape().rows();
    std::int64_t const values = rows * x.shape().row_size();
    float* const weights = weights_on_device(core, false);
    auto& piece = stage_rows(core, x.type(), x.data(), values, values);
    std::vector<void*> results;
    std::vector<std::int64_t> places;
    std::int64_t bytes = 0;
    for (value_info const& v : entry.outputs) {
      places.push_back(bytes);
      bytes += detail::aligned_to_256(program_entry::bytes_of_value(v, rows));
    }
    device_memory const memory(bytes, "gradients");
    for (std::int64_t const at : places) results.push_back(memory.as<>() + at);
    void const* const input = piece.there.as<>() + state_bytes;
    std::byte* const arena = arena_for(entry, rows);
    entry.run(queue_, {rows, &input, weights, results.data(), arena, counters(),
                       piece.there.as<run_state>()});
    staging_.used(piece, queue_);
    for (std::size_t i = 0; i < results.size(); ++i)
      queue_.copy(outputs[i], results[i], program_entry::bytes_of_value(entry.outputs[i], rows));
    queue_.finish();
  }

  /// Does again what was done last, with what lies on the device: for measurements. Requires CUDA.
  void repeat() {
#if TYPEGRAD_CUDA
    queue_.replay(recordings_.at(last_));
#endif
  }
  /// What the device's work is given to.
  queue& work() { return queue_; }

 protected:
  static constexpr std::int64_t state_bytes = 256;  // keeps what follows aligned
  static_assert(sizeof(run_state) <= state_bytes);

  /// What a recording depends on besides where the model's memory lies.
  struct recorded {
    program_entry const* program;
    std::int64_t batch_size;
    int piece;
    int variant;
    auto operator<=>(recorded const&) const = default;
  };

  /// Does what `launch` gives to the queue: recorded the first time, replayed from then on, if it
  /// is the same each time.
  template <class Launch>
  void replay(recorded const& what, Launch const& launch) {
#if TYPEGRAD_CUDA
    if (!what.program->recordable) return launch();
    if (generation_ != staging_.generation()) {
      forget_recordings();
      generation_ = staging_.generation();
    }
    auto found = recordings_.find(what);
    if (found == recordings_.end()) {
      if (recordings_.size() >= most_recordings) forget_recordings();
      found = recordings_.emplace(what, queue_.capture(launch)).first;
    }
    last_ = what;
    queue_.replay(found->second);
#else
    static_cast<void>(what);
    launch();
#endif
  }
  void forget_recordings() {
    queue_.finish();
    recordings_.clear();
  }

  float* weights_on_device(inference_detail::model_core const& core, bool changing) {
    return weights_.on_device(core.weights_memory(), core.table.elements(), changing, queue_,
                              "the model's weights");
  }
  std::byte* arena_for(program_entry const& entry, std::int64_t batch_size) {
    std::int64_t const bytes = entry.arena_bytes(batch_size);
    if (arena_.bytes() < bytes) {
      forget_recordings();
      arena_ = device_memory();  // before a larger one is taken
      arena_ = device_memory(bytes, "a program for " + std::to_string(batch_size) + " samples");
    }
    std::int64_t const counter_bytes = entry.counter_count * std::int64_t{sizeof(unsigned)};
    if (counters_.bytes() < counter_bytes) {
      forget_recordings();
      counters_ = device_memory(counter_bytes, "a program");
    }
    return arena_.as<>();
  }

  unsigned* counters() const { return counters_.as<unsigned>(); }

  queue queue_;
  staging staging_;
  mirror weights_;

 private:
  /// Sends `count` values of an input, after a run's state, on their way; the piece has room for
  /// `most`.
  staging::piece& stage_rows(inference_detail::model_core const& core,
                             inference_detail::element_type const& from, void const* data,
                             std::int64_t count, std::int64_t most) {
    auto& piece = staging_.next(state_bytes + most * 4);
    *piece.here.as<run_state>() = run_state{};
    inference_detail::convert(from, data, count, core.input_type, piece.here.as<>() + state_bytes);
    staging_.send(piece, state_bytes + count * 4, queue_);
    return piece;
  }

  static constexpr std::size_t most_recordings = 64;
  device_memory arena_, counters_, results_;
  std::map<recorded, recording> recordings_;
  [[maybe_unused]] recorded last_{};
  [[maybe_unused]] int generation_ = 0;
};

TYPEGRAD_ON_THRUST_END

namespace typegrad::inference_detail {

template <auto Policy>
struct runner<on<thrust, Policy>> {
  using policy = std::remove_cvref_t<decltype(Policy)>;
  static constexpr auto arithmetic = policy::tensor_float32 ? on_thrust::arithmetic::tensor_float32
                                                            : on_thrust::arithmetic::float32;
  template <class Model>
  using prediction_recipe = inference_detail::policy_prediction_recipe<policy, Model>;
  template <class Recipe>
  static constexpr compiled_step step_of() {
    compiled_step step;
    step.step_count = program<Recipe>::step_count;
    step.elsewhere = &on_thrust::entry_of<program<Recipe>, arithmetic>;
    return step;
  }
  static remote_pointer make_remote() {
    return std::unique_ptr<remote>(std::make_unique<on_thrust::device_model>());
  }
};

}  // namespace typegrad::inference_detail
