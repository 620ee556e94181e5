// SPDX-License-Identifier: BSL-1.0
// The multi-layer perceptrons in C++ with libtorch, as its documentation writes them.
#include <torch/torch.h>

#include <string>
#include <vector>

#include "harness.hpp"

namespace {

torch::nn::Sequential mlp(std::vector<int> const& widths) {
  torch::nn::Sequential model;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    model->push_back(torch::nn::Linear(widths[i], widths[i + 1]));
    if (i + 2 < widths.size()) model->push_back(torch::nn::ReLU());
  }
  return model;
}

void set_threads(int threads) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  torch::manual_seed(0);
}

std::string name_of(std::vector<int> const& widths, int batch) {
  std::string name = "mlp";
  for (int w : widths) name += "_" + std::to_string(w);
  return name + "_b" + std::to_string(batch);
}

void add_training(std::vector<int> const& widths, int batch) {
  compare::add("train_" + name_of(widths, batch), [=](int threads) {
    set_threads(threads);
    auto model = mlp(widths);
    model->train();
    auto const x = torch::randn({batch, widths.front()});
    auto const y = torch::randint(0, widths.back(), {batch}, torch::kLong);
    auto optimizer = std::make_shared<torch::optim::SGD>(model->parameters(), 0.01);
    return [=]() mutable {
      optimizer->zero_grad();
      auto loss = torch::nn::functional::cross_entropy(model->forward(x), y);
      loss.backward();
      optimizer->step();
    };
  });
}

void add_inference(std::vector<int> const& widths, int batch) {
  compare::add("infer_" + name_of(widths, batch), [=](int threads) {
    set_threads(threads);
    auto model = mlp(widths);
    model->eval();
    auto const x = torch::randn({batch, widths.front()});
    return [=]() mutable {
      c10::InferenceMode guard;
      compare::keep(model->forward(x));
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  add_training({784, 128, 10}, 32);
  add_training({784, 512, 256, 10}, 128);
  for (int batch : {1, 256}) {
    add_inference({784, 128, 10}, batch);
    add_inference({784, 512, 256, 10}, batch);
  }
  return compare::run(argc, argv);
}
