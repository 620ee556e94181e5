// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step_figures.hpp>
#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/stepwise.hpp>
#include <typegrad/inference/model_core.hpp>
#include <typegrad/training/optimizers/update.hpp>
#include <typegrad/training/remote_trainer.hpp>
#include <typegrad/training/samples.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Training without the model's type: written, and compiled, once.
namespace typegrad::training_detail {

/// An optimizer whose type is forgotten.
struct any_optimizer {
  std::string_view name;
  int slots = 0;
  std::string_view slot_names[max_slots] = {};
  bool uses[max_slots] = {};
  void (*update)(void const* optimizer, update_target const&, int threads) = nullptr;
  void const* elsewhere = nullptr;  ///< the optimizer as a remote trainer knows it
};

template <class Optimizer>
any_optimizer forget_type(Optimizer const& o) {
  static_assert(Optimizer::slots <= max_slots);
  any_optimizer any;
  any.name = Optimizer::name;
  any.slots = Optimizer::slots;
  for (int i = 0; i < Optimizer::slots; ++i) {
    any.slot_names[i] = Optimizer::slot_names[static_cast<std::size_t>(i)];
    any.uses[i] = o.uses_slot(i);
  }
  any.update = [](void const* optimizer, update_target const& t, int threads) {
    training_detail::update(*static_cast<Optimizer const*>(optimizer), t, threads);
  };
  return any;
}

/// A value that a program reads.
struct read_value {
  dtype type = dtype::float32;
  std::int64_t count = 0;  ///< elements, of one sample unless it is shared
  bool shared = false;
};

template <int = 0>
std::vector<read_value> reads_of(sample_layout const& layout, bool weighted_losses) {
  std::vector<read_value> reads;
  for (auto const& in : layout.inputs) reads.push_back({in.type, in.shape.count(), false});
  for (auto const& t : layout.targets) reads.push_back({t.type, t.shape.count(), false});
  auto const targets = layout.targets.size();
  for (std::size_t i = 0; i < targets; ++i) reads.push_back({dtype::float32, 1, false});
  if (weighted_losses) reads.push_back({dtype::float32, static_cast<std::int64_t>(targets), true});
  return reads;
}

/// What follows from the types of model, loss, metrics and optimizer.
struct training_setup {
  inference_detail::compiled_step train, evaluate;
  /// `train` step by step; null for models that run elsewhere.
  void (*train_stepwise)(on_cpu::bindings const&, on_cpu::after_step, void*) = nullptr;
  program_view (*train_view)() = nullptr;  ///< what its steps are
  std::span<name_text const> layers;       ///< their paths: what the view's layers are positions in
  sample_layout layout;
  /// What the programs read, in order: the model's inputs, the targets, the weights of each target,
  /// and, if they are given, the losses' weights.
  std::vector<read_value> reads;
  std::vector<std::string> names;  ///< of the numbers measured: "loss", then the metrics
  any_optimizer optimizer;
};

/// A batch as the programs read it: for each value that they read, dense rows.
struct batch_view {
  void const* const* inputs = nullptr;
  std::int64_t size = 0;
};

/// Where a batch is put together, as far as the samples do not lie as the programs read them.
struct batch_memory {
  std::vector<aligned_buffer<std::byte>> rows;  ///< for each value read
  aligned_buffer<float> ones;                   ///< for samples without weights
  std::vector<void const*> inputs;              ///< what a batch_view shows
};

/// Means over the samples seen so far.
class running_means {
 public:
  template <int = 0>
  void begin(std::size_t names) {
    sums_.assign(names, 0.0), count_ = 0;
  }
  /// `results`: the batch's loss, which is a mean, and the metrics, which are sums.
  void add(float const* results, std::int64_t samples) {
    sums_[0] += static_cast<double>(results[0]) * static_cast<double>(samples);
    for (std::size_t i = 1; i < sums_.size(); ++i) sums_[i] += static_cast<double>(results[i]);
    count_ += samples;
  }
  /// What a remote trainer has added up.
  void assign(double const* sums, std::int64_t samples) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = sums[i];
    count_ = samples;
  }
  double operator[](std::size_t i) const { return sums_[i] / static_cast<double>(count_); }
  std::size_t size() const { return sums_.size(); }

 private:
  std::vector<double> sums_;
  std::int64_t count_ = 0;
};

/// Where in the flat buffers lies what an optimizer changes, and what training sets by itself.
struct trained_segments {
  std::vector<segment> variables, merged;
  std::vector<segment> states;  ///< their new values stand where a weight has its gradient

  template <int = 0>
  explicit trained_segments(inference_detail::weight_table const& table,
                            std::span<std::string_view const> scopes = {}) {
    for (auto const& place : table) {
      if (!within(place.path, scopes)) continue;
      if (place.state) states.push_back({place.offset, place.offset + place.count});
      if (!place.trainable) continue;
      auto const end =
          place.offset + (place.count + segment_grain - 1) / segment_grain * segment_grain;
      variables.push_back({place.offset, end});
      if (!merged.empty() && merged.back().end == place.offset)
        merged.back().end = end;
      else
        merged.push_back({place.offset, end});
    }
  }

  /// Whether a path is within one of the scopes, or there are none.
  static bool within(std::string_view path, std::span<std::string_view const> scopes) {
    for (std::string_view const scope : scopes)
      if (detail::is_within(path, scope)) return true;
    return scopes.empty();
  }

  /// What a step of an optimizer works on, but for the buffers.
  update_target target(double* partial_sums) const {
    update_target t;
    t.variables = variables.data();
    t.variable_count = static_cast<int>(variables.size());
    t.merged = merged.data();
    t.merged_count = static_cast<int>(merged.size());
    t.partial_sums = partial_sums;
    return t;
  }
  std::int64_t partial_sum_count() const {
    return norm_chunks(variables.data(), static_cast<int>(variables.size()));
  }
};

/// All that training changes but the weights themselves, and the memory that it works in.
struct training_state : trained_segments {
  template <int = 0>
  training_state(inference_detail::weight_table const& table, any_optimizer const& optimizer,
                 std::size_t names)
      : trained_segments{table},
        gradients{table.elements()},
        partial_sums{partial_sum_count()},
        results(static_cast<std::int64_t>(names)) {
    for (int i = 0; i < optimizer.slots; ++i)
      if (optimizer.uses[i]) slots[i] = aligned_buffer<float>(table.elements());
    train_outputs.resize(names + variables.size() + states.size());
  }

  /// A slot of the optimizer on the host, current and to be read; or to be written.
  float const* slot(int i) const {
    if (trainer != nullptr) trainer->bring_slot(*this, i, false);
    return slots[i].data();
  }
  float* slot(int i) {
    if (trainer != nullptr) trainer->bring_slot(*this, i, true);
    return slots[i].data();
  }

  std::uint64_t seed = 0;
  std::int64_t step = 0;   ///< batches trained on
  std::int64_t epoch = 0;  ///< epochs finished

  aligned_buffer<float> gradients, slots[max_slots];
  remote_trainer* trainer = nullptr;  ///< what trains, unless the host does
  aligned_buffer<double> partial_sums;
  aligned_buffer<float> results;  ///< loss and metrics of the last batch
  std::vector<void*> train_outputs;
  std::vector<float> loss_weights;  ///< of each target, if they are given
  batch_memory staged;
  bound_samples bound;  ///< of `train_on_batch`
};

/// A model in training, put together from its parts for the time of a call.
struct engine {
  inference_detail::model_core& core;
  training_state& state;
  training_setup const& setup;
  void const* optimizer;

  /// Loss and metrics of a batch, into state.results.
  void evaluate_batch(batch_view const& b) const {
    void* outputs[max_results];
    for (std::size_t i = 0; i < setup.names.size(); ++i) outputs[i] = &state.results[index(i)];
    setup.evaluate.run(bind(setup.evaluate, b, outputs));
  }

  /// The same, the gradients, and new values of states; the weights are as they were. `update` is
  /// to follow.
  void compute_gradients(batch_view const& b) const { setup.train.run(training_bindings(b)); }
  /// The program of `compute_gradients` step by step, be it here or elsewhere.
  void train_stepwise(batch_view const& b, on_cpu::after_step after, void* context) const {
    if (state.trainer != nullptr) return state.trainer->train_stepwise(*this, b, after, context);
    setup.train_stepwise(training_bindings(b), after, context);
  }
  /// What `compute_gradients` binds the program to.
  on_cpu::bindings training_bindings(batch_view const& b) const {
    void** next = state.train_outputs.data();
    for (std::size_t i = 0; i < setup.names.size(); ++i) *next++ = &state.results[index(i)];
    for (segment const& s : state.variables) *next++ = state.gradients.data() + s.begin;
    for (segment const& s : state.states) *next++ = state.gradients.data() + s.begin;
    return bind(setup.train, b, state.train_outputs.data());
  }

  /// The optimizer's step with the gradients just computed, on as many threads, and the states'.
  void update(std::int64_t batch_size) const {
    ++state.step;
    update_target t = state.target(state.partial_sums.data());
    t.weights = core.weights_memory();
    t.gradients = state.gradients.data();
    for (int i = 0; i < setup.optimizer.slots; ++i) t.slots[i] = state.slots[i].data();
    t.step = state.step;
    setup.optimizer.update(optimizer, t, setup.train.useful_threads(batch_size, threads()));
    for (segment const& s : state.states)
      std::copy(t.gradients + s.begin, t.gradients + s.end, t.weights + s.begin);
  }

  static constexpr std::size_t max_results = 32;

 private:
  static std::int64_t index(std::size_t i) { return static_cast<std::int64_t>(i); }

  on_cpu::bindings bind(inference_detail::compiled_step const& step, batch_view const& b,
                        void* const* outputs) const {
    int const thread_count = step.useful_threads(b.size, threads());
    return {.batch_size = b.size,
            .inputs = b.inputs,
            .weights = core.weights_memory(),
            .outputs = outputs,
            .arena = core.arena_for(step, b.size, thread_count),
            .seed = state.seed,
            .step = static_cast<std::uint64_t>(state.step),
            .threads = thread_count};
  }
};

}  // namespace typegrad::training_detail
