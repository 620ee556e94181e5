// SPDX-License-Identifier: BSL-1.0
// The small networks in C++ with libtorch, as its documentation writes them. The convolutional ones
// also with model and input in the format channels_last.
#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
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

torch::nn::Conv2d conv(int channels, int filters, int size, int padding = 0) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, filters, size).padding(padding));
}

torch::nn::Sequential lenet5() {
  using namespace torch::nn;
  return Sequential(conv(1, 6, 5, 2), ReLU(), MaxPool2d(2), conv(6, 16, 5), ReLU(), MaxPool2d(2),
                    Flatten(), Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10));
}

torch::nn::Sequential keras_cnn() {
  using namespace torch::nn;
  return Sequential(conv(1, 32, 3), ReLU(), MaxPool2d(2), conv(32, 64, 3), ReLU(), MaxPool2d(2),
                    Flatten(), Dropout(0.5), Linear(1600, 10));
}

// `contiguous` would leave a tensor of one channel as it is, in either format.
torch::Tensor channels_last(torch::Tensor const& x) {
  return x.to(x.device(), x.scalar_type(), false, false, torch::MemoryFormat::ChannelsLast);
}

void to_channels_last(torch::nn::Sequential& model, torch::Tensor& x) {
  for (auto& p : model->parameters())
    if (p.dim() == 4) p.set_data(channels_last(p));
  x = channels_last(x);
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

// Makes a model and its input.
using setup = std::function<std::pair<torch::nn::Sequential, torch::Tensor>()>;

void add_training(std::string const& name, setup const& make) {
  compare::add("train_" + name, [=](int threads) {
    set_threads(threads);
    auto [model, x] = make();
    model->train();
    auto const y = torch::randint(0, 10, {x.size(0)}, torch::kLong);
    auto optimizer = std::make_shared<torch::optim::SGD>(model->parameters(), 0.01);
    return [=, model = model, x = x]() mutable {
      optimizer->zero_grad();
      auto loss = torch::nn::functional::cross_entropy(model->forward(x), y);
      loss.backward();
      optimizer->step();
    };
  });
}

void add_inference(std::string const& name, setup const& make) {
  compare::add("infer_" + name, [=](int threads) {
    set_threads(threads);
    auto [model, x] = make();
    model->eval();
    return [model = model, x = x]() mutable {
      c10::InferenceMode guard;
      compare::keep(model->forward(x));
    };
  });
}

setup an_mlp(std::vector<int> const& widths, int batch) {
  return [=] { return std::pair(mlp(widths), torch::randn({batch, widths.front()})); };
}

void add_network(std::string const& name, torch::nn::Sequential (*network)()) {
  for (int batch : {1, 32, 128}) {
    for (bool channels_last : {false, true}) {
      setup const make = [=] {
        auto made = std::pair(network(), torch::randn({batch, 1, 28, 28}));
        if (channels_last) to_channels_last(made.first, made.second);
        return made;
      };
      std::string const full =
          name + "_b" + std::to_string(batch) + (channels_last ? "/channels_last" : "");
      if (batch != 1) add_training(full, make);
      add_inference(full, make);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> const small{784, 128, 10}, large{784, 512, 256, 10};
  add_training(name_of(small, 32), an_mlp(small, 32));
  add_training(name_of(large, 128), an_mlp(large, 128));
  for (int batch : {1, 256}) {
    add_inference(name_of(small, batch), an_mlp(small, batch));
    add_inference(name_of(large, batch), an_mlp(large, batch));
  }
  add_network("lenet5", lenet5);
  add_network("keras_cnn", keras_cnn);
  return compare::run(argc, argv);
}
