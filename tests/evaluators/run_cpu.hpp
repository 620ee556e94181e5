// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/difference.hpp"

#include <typegrad/evaluators/cpu/run.hpp>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

// A program on the CPU evaluator, with memory of exactly the size it may use.

namespace support {

namespace tg = typegrad;

/// Memory that starts at a multiple of 64 bytes and is filled with 0xFF, NaNs. What stands behind
/// it belongs to nobody: the sanitizers see to that, and a guard that must stay as it is.
class raw_memory {
 public:
  static constexpr std::size_t guard = 64;

  explicit raw_memory(std::size_t size)
      : size_{size}, data_{static_cast<std::byte*>(std::aligned_alloc(64, room())), &std::free} {
    std::memset(data_.get(), 0xFF, room());
  }
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  bool intact() const {
    for (std::size_t i = size_; i < room(); ++i)
      if (data_.get()[i] != std::byte{0xFF}) return false;
    return true;
  }

 private:
  std::size_t room() const { return (size_ + guard + 63) / 64 * 64; }
  std::size_t size_;
  std::unique_ptr<std::byte, void (*)(void*)> data_;
};

inline raw_memory packed(tg::reference::values const& v, tg::dtype type) {
  raw_memory out{v.size() * static_cast<std::size_t>(tg::bytes_of(type))};
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (type == tg::dtype::float32)
      reinterpret_cast<float*>(out.data())[i] = static_cast<float>(v[i]);
    else if (type == tg::dtype::float64)
      reinterpret_cast<double*>(out.data())[i] = v[i];
    else if (type == tg::dtype::int32)
      reinterpret_cast<std::int32_t*>(out.data())[i] = static_cast<std::int32_t>(v[i]);
    else
      reinterpret_cast<bool*>(out.data())[i] = v[i] != 0;
  }
  return out;
}
inline tg::reference::values unpacked(raw_memory const& m, tg::dtype type) {
  tg::reference::values out(m.size() / static_cast<std::size_t>(tg::bytes_of(type)));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (type == tg::dtype::float32)
      out[i] = static_cast<double>(reinterpret_cast<float const*>(m.data())[i]);
    else if (type == tg::dtype::float64)
      out[i] = reinterpret_cast<double const*>(m.data())[i];
    else if (type == tg::dtype::int32)
      out[i] = reinterpret_cast<std::int32_t const*>(m.data())[i];
    else
      out[i] = std::to_integer<int>(m.data()[i]);  // anything but 0 and 1 is a mistake
  }
  return out;
}

/// The outputs of a program. None if memory behind an array was written.
template <class Program, class Arch = xsimd::default_arch>
std::vector<tg::reference::values> run_cpu(tg::reference::bindings const& b, int threads) {
  constexpr auto& data = Program::data;
  auto const at = [](auto i) { return static_cast<std::size_t>(i); };
  std::vector<raw_memory> inputs, outputs;
  std::vector<void const*> input_pointers;
  std::vector<void*> output_pointers;
  for (std::size_t i = 0; i < at(Program::sizes.inputs); ++i)
    inputs.push_back(packed(b.inputs[i], data.inputs[i].type));
  for (std::size_t i = 0; i < at(Program::sizes.outputs); ++i) {
    tg::value_info const& o = data.outputs[i];
    outputs.emplace_back(
        at(o.shape.count() * (o.per_sample ? b.batch_size : 1) * tg::bytes_of(o.type)));
  }
  for (raw_memory const& m : inputs) input_pointers.push_back(m.data());
  for (raw_memory const& m : outputs) output_pointers.push_back(m.data());
  raw_memory weights{at(Program::weight_elements) * sizeof(float)};
  for (std::size_t i = 0; i < at(Program::sizes.weights); ++i)
    for (std::size_t e = 0; e < b.weights[i].size(); ++e)
      reinterpret_cast<float*>(weights.data())[at(data.weight_offsets[i]) + e] =
          static_cast<float>(b.weights[i][e]);
  raw_memory arena{tg::on_cpu::arena_bytes<Program, Arch>(b.batch_size, threads)};
  tg::on_cpu::run<Program, Arch>({b.batch_size, input_pointers.data(),
                                  reinterpret_cast<float*>(weights.data()), output_pointers.data(),
                                  arena.data(), b.seed, b.step, threads});
  std::vector<tg::reference::values> out;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    out.push_back(unpacked(outputs[i], data.outputs[i].type));
  bool intact = arena.intact() && weights.intact();
  for (raw_memory const& m : inputs) intact = intact && m.intact();
  for (raw_memory const& m : outputs) intact = intact && m.intact();
  if (!intact) out.clear();  // no outputs at all: no comparison can take that for right
  return out;
}

/// A recipe's program held against the reference evaluator at these data, and against itself on
/// more threads. Empty if everything is as it should be.
template <class Recipe>
std::string cpu_failure(tg::reference::bindings const& b, int most_threads = 3) {
  using program = tg::program<Recipe>;
  static tg::graph const traced = Recipe::build();
  if (traced.failed()) return std::string{traced.error.view()};
  auto const alone = run_cpu<program>(b, 1);
  if (alone.size() != static_cast<std::size_t>(traced.outputs.size()))
    return "memory behind an array was written";
  std::string const d = difference(alone, tg::reference::evaluate<float>(traced, b),
                                   tg::reference::evaluate<double>(traced, b), traced);
  if (!d.empty()) return "batch " + std::to_string(b.batch_size) + ": " + d;
  for (int threads = 2; threads <= most_threads; ++threads)
    if (!identical(alone, run_cpu<program>(b, threads)))
      return "batch " + std::to_string(b.batch_size) + ": differs on " + std::to_string(threads) +
             " threads";
  return {};
}

}  // namespace support
