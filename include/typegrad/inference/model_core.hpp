// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/inference/match.hpp>
#include <typegrad/inference/remote.hpp>
#include <typegrad/inference/steps.hpp>
#include <typegrad/evaluators/cpu/threads.hpp>
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
      : table{g}, input{g.inputs[0].shape}, output{}, weights_{table.elements()} {
    input_type = g.inputs[0].type;
    output = g[g.outputs[0]].shape;
  }

  weight_table table;
  extents input, output;
  dtype input_type = dtype::float32;
  aligned_buffer<std::byte> arena, staging;
  remote_pointer elsewhere;  ///< what runs the programs, unless the host does

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

/// The model's values for all rows of x, `batch_size` rows at a time, into `out`.
template <int = 0>
void predict_rows(model_core& core, compiled_step const& step, array_view const& x,
                         float* out, std::int64_t batch_size) {
  if (core.elsewhere) return core.elsewhere->predict(core, step, x, out, batch_size);
  std::int64_t const rows = x.shape().rows();
  if (batch_size > rows) batch_size = rows;
  bool const direct = is_type(x.type(), core.input_type);
  std::int64_t const in_size = x.shape().row_size();
  if (!direct && core.staging.size() < batch_size * in_size * 4)
    core.staging = aligned_buffer<std::byte>(batch_size * in_size * 4);
  int const thread_count = step.useful_threads(batch_size, threads());
  std::byte* const arena = core.arena_for(step, batch_size, thread_count);
  for (std::int64_t begin = 0; begin < rows; begin += batch_size) {
    std::int64_t const count = begin + batch_size < rows ? batch_size : rows - begin;
    void const* input = x.row(begin);
    if (!direct) {
      convert(x.type(), input, count * in_size, core.input_type, core.staging.data());
      input = core.staging.data();
    }
    void* const output = out + begin * core.output.count();
    step.run({.batch_size = count,
              .inputs = &input,
              .weights = core.weights_memory(),
              .outputs = &output,
              .arena = arena,
              .seed = 0,
              .step = 0,
              .threads = thread_count});
  }
}

/// One run with all rows of x as the batch.
template <int = 0>
void run_once(model_core& core, compiled_step const& step, array_view const& x,
                     void* const* outputs) {
  if (core.elsewhere) return core.elsewhere->run_once(core, step, x, outputs);
  std::int64_t const rows = x.shape().rows();
  void const* input = x.data();
  aligned_buffer<std::byte> converted;
  if (!is_type(x.type(), core.input_type)) {
    std::int64_t const count = rows * x.shape().row_size();
    converted = aligned_buffer<std::byte>(count * 4);
    convert(x.type(), input, count, core.input_type, converted.data());
    input = converted.data();
  }
  int const thread_count = step.useful_threads(rows, threads());
  step.run({.batch_size = rows,
            .inputs = &input,
            .weights = core.weights_memory(),
            .outputs = outputs,
            .arena = core.arena_for(step, rows, thread_count),
            .seed = 0,
            .step = 0,
            .threads = thread_count});
}

/// Weights by path, from one model into another.
template <int = 0>
void copy_weights(model_core& to, model_core const& from) {
  std::vector<std::size_t> sources;
  for (auto const& place : to.table) {
    std::size_t const i = from.table.find("copy_weights", place.path);
    if (!(from.table[i].shape == place.shape))
      throw std::invalid_argument(data_detail::message(
          "copy_weights: ", place.path, " has extents ", to_text(place.shape).view(),
          " here and ", to_text(from.table[i].shape).view(), " there"));
    sources.push_back(i);
  }
  float const* const theirs = from.weights();
  float* const ours = to.weights();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto const& place = to.table[i];
    std::copy_n(theirs + from.table[sources[i]].offset, place.count, ours + place.offset);
  }
}

}  // namespace typegrad::inference_detail
