// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/program_entry.hpp>
#include <typegrad/inference/array_view.hpp>
#include <typegrad/inference/model_core.hpp>
#include <typegrad/inference/policy_recipe.hpp>
#include <typegrad/inference/thrust/measure.hpp>
#include <typegrad/inference/thrust/mirror.hpp>
#include <typegrad/inference/thrust/staging.hpp>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
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
               std::span<array_view const> x, float* const* out, std::int64_t batch_size) override {
    auto const& entry = *static_cast<program_entry const*>(step.elsewhere);
    std::int64_t const rows = x[0].shape().rows();
    if (batch_size > rows) batch_size = rows;
    float* const weights = weights_on_device(core, false);
    std::byte* const arena = arena_for(entry, batch_size);
    std::int64_t result_bytes = 0;
    for (auto const& one : core.outputs)
      result_bytes += detail::aligned_to_256(batch_size * one.shape.count() * 4);
    if (results_.bytes() < result_bytes) {
      forget_recordings();
      results_ = device_memory(result_bytes, "predictions");
    }
    core.targets.clear();
    std::int64_t at = 0;
    for (auto const& one : core.outputs) {
      core.targets.push_back(results_.as<>() + at);
      at += detail::aligned_to_256(batch_size * one.shape.count() * 4);
    }
    for (std::int64_t begin = 0; begin < rows; begin += batch_size) {
      std::int64_t const count = begin + batch_size < rows ? batch_size : rows - begin;
      auto& piece = stage_rows(core, x, begin, count, batch_size);
      // where inputs and results lie depends on the batch size
      replay({&entry, count, staging_.current(), static_cast<int>(batch_size)}, [&] {
        entry.run(queue_, {count, core.sources.data(), weights, core.targets.data(), arena,
                           counters(), piece.there.as<run_state>()});
      });
      staging_.used(piece, queue_);
      for (std::size_t i = 0; i < core.targets.size(); ++i) {
        std::int64_t const values = core.outputs[i].shape.count();
        queue_.copy(out[i] + begin * values, core.targets[i], count * values * 4);
      }
    }
    queue_.finish();
  }

  void run_once(inference_detail::model_core& core, inference_detail::compiled_step const& step,
                std::span<array_view const> x, void* const* outputs) override {
    single_run const r = bind(core, step, x);
    r.entry.run(queue_, r.bound);
    staging_.used(r.piece, queue_);
    for (std::size_t i = 0; i < r.results.pointers.size(); ++i)
      queue_.copy(outputs[i], r.results.pointers[i],
                  program_entry::bytes_of_value(r.entry.outputs[i], r.bound.batch_size));
    queue_.finish();
  }

  inference_detail::step_times profile_prediction(inference_detail::model_core& core,
                                                  inference_detail::compiled_step const& step,
                                                  std::span<array_view const> x,
                                                  double seconds) override {
    single_run r = bind(core, step, x);
    auto times = measure_step(queue_, r.entry, seconds, [&](step_watch const& watch) {
      r.bound.watch = watch;
      r.entry.run(queue_, r.bound);
    });
    staging_.used(r.piece, queue_);
    return times;
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
  /// Memory for a program's outputs, one after the other.
  struct output_memory {
    device_memory memory;
    std::vector<void*> pointers;

    output_memory(program_entry const& entry, std::int64_t batch_size) {
      std::vector<std::int64_t> places;
      std::int64_t bytes = 0;
      for (value_info const& v : entry.outputs) {
        places.push_back(bytes);
        bytes += detail::aligned_to_256(program_entry::bytes_of_value(v, batch_size));
      }
      memory = device_memory(bytes, "what a program computes");
      for (std::int64_t const at : places) pointers.push_back(memory.as<>() + at);
    }
  };

  /// A program bound to all rows of the inputs as one batch, and to memory of its own.
  struct single_run {
    program_entry const& entry;
    staging::piece& piece;
    output_memory results;
    bindings bound;
  };
  single_run bind(inference_detail::model_core& core, inference_detail::compiled_step const& step,
                  std::span<array_view const> x) {
    auto const& entry = *static_cast<program_entry const*>(step.elsewhere);
    std::int64_t const rows = x[0].shape().rows();
    float* const weights = weights_on_device(core, false);
    auto& piece = stage_rows(core, x, 0, rows, rows);
    single_run r{entry, piece, output_memory(entry, rows), {}};
    r.bound = {rows,
               core.sources.data(),
               weights,
               r.results.pointers.data(),
               arena_for(entry, rows),
               counters(),
               piece.there.as<run_state>()};
    return r;
  }

  /// Sends a run's state and then rows [begin, begin + count) of the inputs on their way; the piece
  /// has room for `most`. Where they will be on the device is in `core.sources`.
  staging::piece& stage_rows(inference_detail::model_core& core, std::span<array_view const> x,
                             std::int64_t begin, std::int64_t count, std::int64_t most) {
    std::int64_t all = state_bytes;
    for (array_view const& a : x) all += detail::aligned_to_256(most * a.shape().row_size() * 4);
    auto& piece = staging_.next(all);
    *piece.here.as<run_state>() = run_state{};
    core.sources.clear();
    std::int64_t at = state_bytes;
    std::int64_t end = at;
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::int64_t const values = x[i].shape().row_size();
      inference_detail::convert(x[i].type(), x[i].row(begin), count * values, core.inputs[i].type,
                                piece.here.as<>() + at);
      core.sources.push_back(piece.there.as<>() + at);
      end = at + count * values * 4;
      at += detail::aligned_to_256(most * values * 4);
    }
    staging_.send(piece, end, queue_);
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
  using program_for = program<with_chains<Recipe>>;
  template <class Recipe>
  static constexpr compiled_step step_of() {
    compiled_step step;
    step.step_count = program_for<Recipe>::step_count;
    step.elsewhere = &on_thrust::entry_of<program_for<Recipe>, arithmetic>;
    return step;
  }
  static remote_pointer make_remote() {
    return std::unique_ptr<remote>(std::make_unique<on_thrust::device_model>());
  }
};

}  // namespace typegrad::inference_detail
