// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/threads.hpp>
#include <typegrad/inference/port.hpp>
#include <typegrad/inference/remote.hpp>
#include <typegrad/inference/steps.hpp>
#include <typegrad/inference/weight_table.hpp>
#include <typegrad/nn/initialize.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

// What of a model does not depend on its type: written, and compiled, once.
namespace typegrad::inference_detail {

/// A model at run time: its weights and the memory that its programs work in.
struct model_core {
  template <int = 0>
  explicit model_core(graph_view const& g)
      : table{g},
        inputs{inputs_of(g)},
        outputs{outputs_of(g)},
        staging(inputs.size()),
        weights_{table.elements()} {}

  weight_table table;
  std::vector<port> inputs, outputs;
  aligned_buffer<std::byte> arena;
  std::vector<aligned_buffer<std::byte>> staging;  ///< for inputs of other types
  std::vector<array_view> arrays;    ///< what was given for the inputs, in their order
  std::vector<void const*> sources;  ///< what a program reads
  std::vector<void*> targets;        ///< where it writes
  remote_pointer elsewhere;          ///< what runs the programs, unless the host does

  /// The weights on the host, current and to be read; or to be written, before the next run.
  float const* weights() const {
    if (elsewhere) elsewhere->bring_weights(*this, false);
    return weights_.data();
  }
  float* weights() {
    if (elsewhere) elsewhere->bring_weights(*this, true);
    return weights_.data();
  }
  /// The host's memory for them, current or not.
  float* weights_memory() const { return const_cast<float*>(weights_.data()); }

  /// The arena for such a run; grows if need be.
  template <int = 0>
  std::byte* arena_for(compiled_step const& step, std::int64_t batch, int thread_count) {
    std::int64_t const bytes = step.arena_bytes(batch, thread_count);
    if (arena.size() < bytes) arena = aligned_buffer<std::byte>(bytes);
    return arena.data();
  }

 private:
  aligned_buffer<float> weights_;
};

/// Gives every weight its first values.
template <int = 0>
void initialize_weights(model_core& core, std::uint64_t seed) {
  float* const weights = core.weights();
  for (std::size_t i = 0; i < core.table.size(); ++i) {
    auto const& place = core.table[i];
    typegrad::initialize(place.initial, place.shape, seed, i,
                         {weights + place.offset, static_cast<std::size_t>(place.count)});
  }
}

template <int = 0>
bool is_type(element_type const& have, dtype wanted) {
  return wanted == dtype::int32 ? have.is_int32 : have.is_float32;
}

/// Writes elements of an array as float32 or int32.
template <int = 0>
void convert(element_type const& from, void const* data, std::int64_t count, dtype wanted,
             void* to) {
  if (wanted == dtype::int32)
    from.to_int32(data, count, static_cast<std::int32_t*>(to));
  else
    from.to_float32(data, count, static_cast<float*>(to));
}

/// Rows [begin, begin + count) of the arrays as a program reads them, which are converted where
/// they are of other types; into `core.sources`.
template <int = 0>
void stage_rows(model_core& core, std::span<array_view const> x, std::int64_t begin,
                std::int64_t count, std::int64_t most) {
  core.sources.clear();
  for (std::size_t i = 0; i < x.size(); ++i) {
    void const* rows = x[i].row(begin);
    dtype const wanted = core.inputs[i].type;
    if (!is_type(x[i].type(), wanted)) {
      std::int64_t const size = x[i].shape().row_size();
      auto& staged = core.staging[i];
      if (staged.size() < most * size * 4) staged = aligned_buffer<std::byte>(most * size * 4);
      convert(x[i].type(), rows, count * size, wanted, staged.data());
      rows = staged.data();
    }
    core.sources.push_back(rows);
  }
}

/// The model's values for all rows of its inputs, `batch_size` rows at a time, each output into
/// its `out`.
template <int = 0>
void predict_rows(model_core& core, compiled_step const& step, std::span<array_view const> x,
                  float* const* out, std::int64_t batch_size) {
  if (core.elsewhere) return core.elsewhere->predict(core, step, x, out, batch_size);
  std::int64_t const rows = x[0].shape().rows();
  if (batch_size > rows) batch_size = rows;
  int const thread_count = step.useful_threads(batch_size, threads());
  std::byte* const arena = core.arena_for(step, batch_size, thread_count);
  for (std::int64_t begin = 0; begin < rows; begin += batch_size) {
    std::int64_t const count = begin + batch_size < rows ? batch_size : rows - begin;
    stage_rows(core, x, begin, count, batch_size);
    core.targets.clear();
    for (std::size_t i = 0; i < core.outputs.size(); ++i)
      core.targets.push_back(out[i] + begin * core.outputs[i].shape.count());
    step.run({.batch_size = count,
              .inputs = core.sources.data(),
              .weights = core.weights_memory(),
              .outputs = core.targets.data(),
              .arena = arena,
              .seed = 0,
              .step = 0,
              .threads = thread_count});
  }
}

/// One run with all rows of the inputs as the batch.
template <int = 0>
void run_once(model_core& core, compiled_step const& step, std::span<array_view const> x,
              void* const* outputs) {
  if (core.elsewhere) return core.elsewhere->run_once(core, step, x, outputs);
  std::int64_t const rows = x[0].shape().rows();
  stage_rows(core, x, 0, rows, rows);
  int const thread_count = step.useful_threads(rows, threads());
  step.run({.batch_size = rows,
            .inputs = core.sources.data(),
            .weights = core.weights_memory(),
            .outputs = outputs,
            .arena = core.arena_for(step, rows, thread_count),
            .seed = 0,
            .step = 0,
            .threads = thread_count});
}

/// Weights by path, from one model into another: those within the layer `into`, from the same paths
/// within the layer `out_of`.
template <int = 0>
void copy_weights(model_core& to, model_core const& from, std::string_view into,
                  std::string_view out_of) {
  struct pair {
    weight_place const *ours, *theirs;
  };
  std::vector<pair> pairs;
  for (auto const& place : to.table) {
    if (!detail::is_within(place.path, into)) continue;
    std::string path(out_of);
    std::string_view rest = std::string_view(place.path).substr(into.size());
    if (path.empty() && !into.empty() && !rest.empty()) rest.remove_prefix(1);
    if (!path.empty() && into.empty()) path += '/';
    path += rest;
    auto const& theirs = from.table[from.table.find("copy_weights, from the other model", path)];
    if (!(theirs.shape == place.shape))
      throw std::invalid_argument(data_detail::message(
          "copy_weights: ", place.path, " has extents ", to_text(place.shape).view(), " here and ",
          to_text(theirs.shape).view(), " there"));
    pairs.push_back({&place, &theirs});
  }
  if (pairs.empty())
    throw std::invalid_argument(
        data_detail::message("copy_weights: there is no layer ", data_detail::in_quotes(into),
                             " with weights here; the weights are ", to.table.names()));
  float const* const theirs = from.weights();
  float* const ours = to.weights();
  for (pair const& p : pairs)
    std::copy_n(theirs + p.theirs->offset, p.ours->count, ours + p.ours->offset);
}

}  // namespace typegrad::inference_detail
