// SPDX-License-Identifier: BSL-1.0
#pragma once
// Graphs that the benchmarks run: what a user of the library's op level would write.
#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/run.hpp>
#include <typegrad/nn.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace recipes {

constexpr typegrad::symbol chain(typegrad::graph& g, std::array<typegrad::symbol, 3>& in) {
  in = {typegrad::build::input(g, "x", {1024}), typegrad::build::input(g, "a", {1024}),
        typegrad::build::input(g, "b", {1024})};
  return typegrad::tanh(in[0] * in[1] + in[2]) * typegrad::sigmoid(in[0]);
}

struct chain_forward {
  static constexpr typegrad::graph build() {
    typegrad::graph g;
    std::array<typegrad::symbol, 3> in;
    g.outputs.push_back(chain(g, in).id());
    return g;
  }
};

struct chain_gradient {
  static constexpr typegrad::graph build() {
    typegrad::graph g;
    std::array<typegrad::symbol, 3> in;
    typegrad::symbol const y = chain(g, in);
    g.outputs.push_back(y.id());
    typegrad::list<int> const wanted{in[0].id(), in[1].id(), in[2].id()};
    for (int const id : typegrad::differentiate(g, typegrad::batch_sum(typegrad::sum(y)), wanted))
      g.outputs.push_back(id);
    return g;
  }
};

struct softmax {
  static constexpr typegrad::graph build() {
    typegrad::graph g;
    g.outputs.push_back(typegrad::softmax(typegrad::build::input(g, "x", {1000})).id());
    return g;
  }
};

struct layer_norm {
  static constexpr typegrad::graph build() {
    typegrad::graph g;
    typegrad::symbol const x = typegrad::build::input(g, "x", {512});
    typegrad::weights add{g};
    typegrad::symbol const gamma = add("gamma", {512}, typegrad::ones{});
    typegrad::symbol const beta = add("beta", {512}, typegrad::zeros{});
    typegrad::symbol const centred = x - typegrad::mean(x, {-1}, true);
    typegrad::symbol const variance = typegrad::mean(typegrad::square(centred), {-1}, true);
    g.outputs.push_back((centred * rsqrt(variance + 1e-5f) * gamma + beta).id());
    return g;
  }
};

inline typegrad::aligned_buffer<float> normals(std::int64_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  typegrad::aligned_buffer<float> out(count);
  for (float& x : out) x = normal(random);
  return out;
}

/// A program with arrays of its own to work on.
template <class Recipe>
class standalone {
  using program = typegrad::program<Recipe>;

 public:
  standalone(std::int64_t batch, int threads)
      : weights_{normals(program::weight_elements, 9)},
        arena_{static_cast<std::int64_t>(typegrad::on_cpu::arena_bytes<program>(batch, threads))},
        batch_{batch},
        threads_{threads} {
    for (std::size_t i = 0; i < std::size_t{program::sizes.inputs}; ++i)
      inputs_.push_back(
          normals(batch * program::data.inputs[i].shape.count(), static_cast<unsigned>(i + 1)));
    for (std::size_t i = 0; i < std::size_t{program::sizes.outputs}; ++i)
      outputs_.emplace_back(batch * program::data.outputs[i].shape.count());
    for (auto& x : inputs_) in_.push_back(x.data());
    for (auto& x : outputs_) out_.push_back(x.data());
  }

  void step() {
    typegrad::on_cpu::bindings b;
    b.batch_size = batch_;
    b.inputs = in_.data();
    b.weights = weights_.data();
    b.outputs = out_.data();
    b.arena = arena_.data();
    b.threads = threads_;
    typegrad::on_cpu::run<program>(b);
  }

  /// Bytes that must be read and written at least: every input and output once.
  std::int64_t bytes() const {
    std::int64_t n = 0;
    for (auto const& x : inputs_) n += 4 * x.size();
    for (auto const& x : outputs_) n += 4 * x.size();
    return n;
  }

 private:
  std::vector<typegrad::aligned_buffer<float>> inputs_, outputs_;
  std::vector<void const*> in_;
  std::vector<void*> out_;
  typegrad::aligned_buffer<float> weights_;
  typegrad::aligned_buffer<std::byte> arena_;
  std::int64_t batch_;
  int threads_;
};

}  // namespace recipes
