// SPDX-License-Identifier: BSL-1.0
// Typegrad's side of the comparison. The cases that compare.py asks for:
//   train_mlp_784_128_10_b32, train_mlp_784_512_256_10_b128
//                                  one SGD step (learning rate 0.01), sparse categorical
//                                  crossentropy from logits
//   infer_mlp_784_128_10_b1, _b256, infer_mlp_784_512_256_10_b1, _b256     logits into an array
//   chain_forward_1m               tanh(x*a+b)*sigmoid(x) over 1,048,576 floats
//   chain_gradient_1m              its value and its gradients for x, a and b, cotangent 1
//   softmax_1024x1000, layer_norm_1024x512 (epsilon 1e-5)                  forward
//   adam_10m                       one Adam step over 10,000,000 parameters, gradients given
#include "harness.hpp"

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/evaluators/cpu/run.hpp>
#include <typegrad/typegrad.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <random>

namespace tg = typegrad;

namespace {

using small_mlp = tg::sequential<tg::input<784>, tg::dense<128, tg::relu>, tg::dense<10>>;
using large_mlp =
    tg::sequential<tg::input<784>, tg::dense<512, tg::relu>, tg::dense<256, tg::relu>,
                   tg::dense<10>>;

tg::aligned_buffer<float> normals(std::int64_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  tg::aligned_buffer<float> out(count);
  for (float& x : out) x = normal(random);
  return out;
}

template <class Model>
void add_training(char const* name, std::size_t batch) {
  compare::add(name, [batch](int threads) {
    tg::set_threads(threads);
    auto model = std::make_shared<decltype(tg::compile<Model>(
        tg::sgd{.learning_rate = 0.01f}, tg::sparse_categorical_crossentropy<tg::from_logits>{}))>(
        tg::sgd{.learning_rate = 0.01f});
    model->initialize(1);
    xt::xtensor<float, 2> x = xt::random::randn<float>({batch, std::size_t{784}});
    xt::xtensor<std::int32_t, 1> y = xt::random::randint<std::int32_t>({batch}, 0, 10);
    return [model, x, y] { model->train_on_batch(x, y); };
  });
}

template <class Model>
void add_inference(char const* name, std::size_t batch) {
  compare::add(name, [batch](int threads) {
    tg::set_threads(threads);
    auto model = std::make_shared<tg::predictor<Model>>();
    model->initialize(1);
    xt::xtensor<float, 2> x = xt::random::randn<float>({batch, std::size_t{784}});
    xt::xtensor<float, 2> y = xt::zeros<float>({batch, std::size_t{10}});
    return [model, x, y]() mutable { model->predict(x, y); };
  });
}

// A program run on arrays of its own: `Elements` floats a sample for each input, as many a sample
// for each output.
template <class Recipe>
void add_program(char const* name, std::int64_t batch) {
  compare::add(name, [batch](int threads) {
    using program = tg::program<Recipe>;
    struct state {
      std::vector<tg::aligned_buffer<float>> inputs, outputs;
      std::vector<void const*> in;
      std::vector<void*> out;
      tg::aligned_buffer<float> weights;
      tg::aligned_buffer<std::byte> arena;
    };
    auto s = std::make_shared<state>();
    for (std::size_t i = 0; i < std::size_t{program::sizes.inputs}; ++i)
      s->inputs.push_back(
          normals(batch * program::data.inputs[i].shape.count(), static_cast<unsigned>(i + 1)));
    for (std::size_t i = 0; i < std::size_t{program::sizes.outputs}; ++i)
      s->outputs.emplace_back(batch * program::data.outputs[i].shape.count());
    for (auto& x : s->inputs) s->in.push_back(x.data());
    for (auto& x : s->outputs) s->out.push_back(x.data());
    s->weights = normals(program::weight_elements, 9);
    s->arena = tg::aligned_buffer<std::byte>(
        static_cast<std::int64_t>(tg::cpu::arena_bytes<program>(batch, threads)));
    return [s, batch, threads] {
      tg::cpu::bindings b;
      b.batch_size = batch;
      b.inputs = s->in.data();
      b.weights = s->weights.data();
      b.outputs = s->out.data();
      b.arena = s->arena.data();
      b.threads = threads;
      tg::cpu::run<program>(b);
    };
  });
}

constexpr tg::symbol chain(tg::graph& g, std::array<tg::symbol, 3>& in) {
  in = {tg::build::input(g, "x", {1024}), tg::build::input(g, "a", {1024}),
        tg::build::input(g, "b", {1024})};
  return tg::tanh(in[0] * in[1] + in[2]) * tg::sigmoid(in[0]);
}

struct chain_forward {
  static constexpr tg::graph build() {
    tg::graph g;
    std::array<tg::symbol, 3> in;
    g.outputs.push_back(chain(g, in).id());
    return g;
  }
};

struct chain_gradient {
  static constexpr tg::graph build() {
    tg::graph g;
    std::array<tg::symbol, 3> in;
    tg::symbol const y = chain(g, in);
    g.outputs.push_back(y.id());
    tg::list<int> const wanted{in[0].id(), in[1].id(), in[2].id()};
    for (int const id : tg::differentiate(g, tg::batch_sum(tg::sum(y)), wanted))
      g.outputs.push_back(id);
    return g;
  }
};

struct softmax {
  static constexpr tg::graph build() {
    tg::graph g;
    g.outputs.push_back(tg::softmax(tg::build::input(g, "x", {1000})).id());
    return g;
  }
};

struct layer_norm {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", {512});
    tg::weights add{g};
    tg::symbol const gamma = add("gamma", {512}, tg::ones{});
    tg::symbol const beta = add("beta", {512}, tg::zeros{});
    tg::symbol const centred = x - tg::mean(x, {-1}, true);
    tg::symbol const variance = tg::mean(tg::square(centred), {-1}, true);
    g.outputs.push_back((centred * rsqrt(variance + 1e-5f) * gamma + beta).id());
    return g;
  }
};

void add_adam(char const* name, std::int64_t parameters) {
  compare::add(name, [parameters](int threads) {
    struct state {
      tg::adam optimizer{.learning_rate = 1e-3f};
      tg::aligned_buffer<float> weights, gradients, first, second;
      tg::training_detail::segment all;
      tg::training_detail::update_target target;
    };
    auto s = std::make_shared<state>();
    s->weights = normals(parameters, 1);
    s->gradients = normals(parameters, 2);
    s->first = s->second = tg::aligned_buffer<float>(parameters);
    s->all = {0, parameters};
    s->target.weights = s->weights.data();
    s->target.gradients = s->gradients.data();
    s->target.slots[0] = s->first.data();
    s->target.slots[1] = s->second.data();
    s->target.variables = s->target.merged = &s->all;
    s->target.variable_count = s->target.merged_count = 1;
    return [s, threads] {
      s->optimizer.update(s->target, threads);
      ++s->target.step;
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  add_training<small_mlp>("train_mlp_784_128_10_b32", 32);
  add_training<large_mlp>("train_mlp_784_512_256_10_b128", 128);
  add_inference<small_mlp>("infer_mlp_784_128_10_b1", 1);
  add_inference<small_mlp>("infer_mlp_784_128_10_b256", 256);
  add_inference<large_mlp>("infer_mlp_784_512_256_10_b1", 1);
  add_inference<large_mlp>("infer_mlp_784_512_256_10_b256", 256);
  add_program<chain_forward>("chain_forward_1m", 1024);
  add_program<chain_gradient>("chain_gradient_1m", 1024);
  add_program<softmax>("softmax_1024x1000", 1024);
  add_program<layer_norm>("layer_norm_1024x512", 1024);
  add_adam("adam_10m", 10'000'000);
  return compare::run(argc, argv);
}
