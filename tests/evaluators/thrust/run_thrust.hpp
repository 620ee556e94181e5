// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/difference.hpp"

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/thrust/memory.hpp>
#include <typegrad/evaluators/thrust/run.hpp>

#include <cstring>
#include <deque>
#include <string>
#include <vector>

// A program on the Thrust evaluator. Memory that nothing was written to is NaN.

namespace support {

namespace tg = typegrad;

inline std::vector<unsigned char> packed_bytes(tg::reference::values const& v, tg::dtype type) {
  std::vector<unsigned char> out(v.size() * static_cast<std::size_t>(tg::bytes_of(type)));
  auto const put = [&](std::size_t i, auto x) {
    std::memcpy(out.data() + i * sizeof(x), &x, sizeof(x));
  };
  for (std::size_t i = 0; i < v.size(); ++i) {
    switch (type) {
      case tg::dtype::float32:
        put(i, static_cast<float>(v[i]));
        break;
      case tg::dtype::float64:
        put(i, v[i]);
        break;
      case tg::dtype::float16:
        put(i, tg::float16(static_cast<float>(v[i])));
        break;
      case tg::dtype::bfloat16:
        put(i, tg::bfloat16(static_cast<float>(v[i])));
        break;
      case tg::dtype::int32:
        put(i, static_cast<std::int32_t>(v[i]));
        break;
      case tg::dtype::int8:
        put(i, static_cast<std::int8_t>(v[i]));
        break;
      case tg::dtype::boolean:
        put(i, v[i] != 0);
        break;
    }
  }
  return out;
}

inline tg::reference::values unpacked_bytes(std::vector<unsigned char> const& m, tg::dtype type) {
  tg::reference::values out(m.size() / static_cast<std::size_t>(tg::bytes_of(type)));
  auto const get = [&](std::size_t i, auto x) {
    std::memcpy(&x, m.data() + i * sizeof(x), sizeof(x));
    return x;
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    switch (type) {
      case tg::dtype::float32:
        out[i] = static_cast<double>(get(i, float{}));
        break;
      case tg::dtype::float64:
        out[i] = get(i, double{});
        break;
      case tg::dtype::float16:
        out[i] = static_cast<double>(static_cast<float>(get(i, tg::float16{})));
        break;
      case tg::dtype::bfloat16:
        out[i] = static_cast<double>(static_cast<float>(get(i, tg::bfloat16{})));
        break;
      case tg::dtype::int32:
        out[i] = get(i, std::int32_t{});
        break;
      case tg::dtype::int8:
        out[i] = get(i, std::int8_t{});
        break;
      case tg::dtype::boolean:
        out[i] = get(i, std::int8_t{});
        break;  // 0 and 1 alone are right
    }
  }
  return out;
}

/// Memory of the device with these bytes, and 64 guarding ones behind them.
class device_bytes {
 public:
  explicit device_bytes(std::vector<unsigned char> bytes) : size_{bytes.size()} {
    bytes.resize(size_ + guard, 0xFF);
    memory_ = tg::on_thrust::device_memory(static_cast<std::int64_t>(bytes.size()), "a test");
    q_.copy(memory_.as<>(), bytes.data(), memory_.bytes());
    q_.finish();
  }
  explicit device_bytes(std::int64_t size)
      : device_bytes(std::vector<unsigned char>(static_cast<std::size_t>(size), 0xFF)) {}

  void* data() const { return memory_.as<void>(); }
  std::vector<unsigned char> bytes() {
    auto all = fetched();
    all.resize(size_);
    return all;
  }
  bool intact() {
    auto const all = fetched();
    for (std::size_t i = size_; i < all.size(); ++i)
      if (all[i] != 0xFF) return false;
    return true;
  }

 private:
  static constexpr std::size_t guard = 64;
  std::vector<unsigned char> fetched() {
    std::vector<unsigned char> all(size_ + guard);
    q_.copy(all.data(), memory_.as<>(), memory_.bytes());
    q_.finish();
    return all;
  }
  std::size_t size_;
  tg::on_thrust::queue q_;
  tg::on_thrust::device_memory memory_;
};

/// The outputs of a program. None if memory behind an array was written.
template <class Program>
std::vector<tg::reference::values> run_thrust(
    tg::reference::bindings const& b,
    tg::on_thrust::chaining chains = tg::on_thrust::chaining::where_faster,
    tg::on_thrust::step_watch const& watch = {}) {
  auto const& data = Program::data;
  auto const at = [](auto i) { return static_cast<std::size_t>(i); };
  std::deque<device_bytes> inputs, outputs;
  std::vector<void const*> input_pointers;
  std::vector<void*> output_pointers;
  for (std::size_t i = 0; i < b.inputs.size(); ++i)
    input_pointers.push_back(
        inputs.emplace_back(packed_bytes(b.inputs[i], data.inputs[i].type)).data());
  for (std::size_t i = 0; i < at(Program::sizes.outputs); ++i) {
    tg::value_info const& o = data.outputs[i];
    output_pointers.push_back(
        outputs
            .emplace_back(o.shape.count() * (o.per_sample ? b.batch_size : 1) *
                          tg::bytes_of(o.type))
            .data());
  }
  std::vector<float> flat(at(Program::weight_elements));
  for (std::size_t i = 0; i < b.weights.size(); ++i)
    for (std::size_t e = 0; e < b.weights[i].size(); ++e)
      flat[at(data.weight_offsets[i]) + e] = static_cast<float>(b.weights[i][e]);
  std::vector<unsigned char> flat_bytes(flat.size() * sizeof(float));
  if (!flat.empty()) std::memcpy(flat_bytes.data(), flat.data(), flat_bytes.size());
  device_bytes weights(flat_bytes);
  device_bytes arena(tg::on_thrust::arena_bytes<Program>(b.batch_size));
  device_bytes counters(std::vector<unsigned char>(
      at(tg::on_thrust::counter_count<Program>()) * sizeof(unsigned), 0));
  tg::on_thrust::run_state state;
  state.seed = b.seed;
  state.step = b.step;
  state.loss_scale = static_cast<float>(b.loss_scale);
  std::vector<unsigned char> state_bytes(sizeof(state));
  std::memcpy(state_bytes.data(), &state, sizeof(state));
  device_bytes device_state(state_bytes);

  tg::on_thrust::queue q;
  tg::on_thrust::run<Program>(
      q, {b.batch_size, input_pointers.data(), static_cast<float*>(weights.data()),
          output_pointers.data(), static_cast<std::byte*>(arena.data()),
          static_cast<unsigned*>(counters.data()),
          static_cast<tg::on_thrust::run_state const*>(device_state.data()), chains, watch});
  q.finish();
  bool intact = arena.intact() && weights.intact();
  std::vector<tg::reference::values> out;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    intact = intact && outputs[i].intact();
    out.push_back(unpacked_bytes(outputs[i].bytes(), data.outputs[i].type));
  }
  if (!intact) out.clear();  // no outputs at all: no comparison can take that for right
  return out;
}

/// A recipe's program held against the reference evaluator at these data, and against itself. Empty
/// if all is right.
template <class Recipe>
std::string thrust_failure(tg::reference::bindings const& b,
                           tg::on_thrust::chaining chains = tg::on_thrust::chaining::where_faster) {
  static tg::graph const traced = Recipe::build();
  if (traced.failed()) return std::string{traced.error.view()};
  auto const got = run_thrust<tg::program<Recipe>>(b, chains);
  if (got.size() != static_cast<std::size_t>(traced.outputs.size()))
    return "memory behind an array was written";
  if (!identical(got, run_thrust<tg::program<Recipe>>(b, chains))) return "two runs differ";
  std::string const d = difference(got, tg::reference::evaluate<float>(traced, b),
                                   tg::reference::evaluate<double>(traced, b), traced);
  return d.empty() ? d : "batch " + std::to_string(b.batch_size) + ": " + d;
}

}  // namespace support
