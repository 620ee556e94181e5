// SPDX-License-Identifier: BSL-1.0
// Typegrad's side of the comparison. The cases that compare.py asks for:
//   train_mlp_784_128_10_b32, train_mlp_784_512_256_10_b128
//                                  one SGD step (learning rate 0.01), sparse categorical
//                                  crossentropy from logits
//   infer_mlp_784_128_10_b1, _b256, infer_mlp_784_512_256_10_b1, _b256     logits into an array
//   train_lenet5_b32, _b128, train_keras_cnn_b32, _b128, train_resnet18_b32   the same
//   infer_lenet5_b1, _b32, _b128, infer_keras_cnn_b1, _b32, _b128, infer_resnet18_b32
//   chain_forward_1m               tanh(x*a+b)*sigmoid(x) over 1,048,576 floats
//   chain_gradient_1m              its value and its gradients for x, a and b, cotangent 1
//   softmax_1024x1000, layer_norm_1024x512 (epsilon 1e-5)                  forward
//   adam_10m                       one Adam step over 10,000,000 parameters, gradients given
// `--write FOLDER` writes what check.py compares with PyTorch.
#include "../recipes.hpp"
#include "networks.hpp"
#include "typegrad_cases.hpp"
#include "typegrad_side.hpp"

#include <typegrad/typegrad.hpp>

#include <cstdint>
#include <cstring>
#include <memory>

namespace tg = typegrad;

namespace {

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
  using networks::large_mlp, networks::small_mlp;
  compare::add_training<small_mlp>("mlp_784_128_10", 32);
  compare::add_training<large_mlp>("mlp_784_512_256_10", 128);
  for (std::size_t batch : {1, 256}) {
    compare::add_inference<small_mlp>("mlp_784_128_10", batch);
    compare::add_inference<large_mlp>("mlp_784_512_256_10", batch);
  }
  compare::add_lenet5();
  compare::add_keras_cnn();
  compare::add_resnet18();
  add_program<recipes::chain_forward>("chain_forward_1m", 1024);
  add_program<recipes::chain_gradient>("chain_gradient_1m", 1024);
  add_program<recipes::softmax>("softmax_1024x1000", 1024);
  add_program<recipes::layer_norm>("layer_norm_1024x512", 1024);
  add_adam("adam_10m", 10'000'000);
  if (argc == 3 && std::strcmp(argv[1], "--write") == 0) {
    for (auto const& write : compare::writers()) write(argv[2]);
    return 0;
  }
  return compare::run(argc, argv);
}
