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
#include "../recipes.hpp"
#include "harness.hpp"

#include <typegrad/typegrad.hpp>

#include <cstdint>
#include <memory>

namespace tg = typegrad;

namespace {

using small_mlp = tg::sequential<tg::input<784>, tg::dense<128, tg::relu>, tg::dense<10>>;
using large_mlp =
    tg::sequential<tg::input<784>, tg::dense<512, tg::relu>, tg::dense<256, tg::relu>,
                   tg::dense<10>>;

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

// A program run on arrays of its own.
template <class Recipe>
void add_program(char const* name, std::int64_t batch) {
  compare::add(name, [batch](int threads) {
    auto run = std::make_shared<recipes::standalone<Recipe>>(batch, threads);
    return [run] { run->step(); };
  });
}

void add_adam(char const* name, std::int64_t parameters) {
  compare::add(name, [parameters](int threads) {
    struct state {
      tg::adam optimizer{.learning_rate = 1e-3f};
      tg::aligned_buffer<float> weights, gradients, first, second;
      tg::training_detail::segment all;
      tg::training_detail::update_target target;
    };
    auto s = std::make_shared<state>();
    s->weights = recipes::normals(parameters, 1);
    s->gradients = recipes::normals(parameters, 2);
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
  add_program<recipes::chain_forward>("chain_forward_1m", 1024);
  add_program<recipes::chain_gradient>("chain_gradient_1m", 1024);
  add_program<recipes::softmax>("softmax_1024x1000", 1024);
  add_program<recipes::layer_norm>("layer_norm_1024x512", 1024);
  add_adam("adam_10m", 10'000'000);
  return compare::run(argc, argv);
}
