// SPDX-License-Identifier: BSL-1.0
// usage: make_architecture FOLDER
// Writes the stored files of tests/io/architecture.cpp and check_architecture.py: what to_json()
// gives for the models of tests/io/architecture_models.hpp, and architecture.safetensors with
// weights, inputs and predictions of each. README.md says how to build it.
#include <typegrad/typegrad.hpp>

#include <io/architecture_models.hpp>
#include <typegrad/io/safetensors.hpp>

#include <cstdio>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tg = typegrad;

namespace {

struct stored {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
};
std::vector<stored> all;
std::mt19937 engine{17};

float uniform(float low, float high) {
  return low + (high - low) * static_cast<float>(engine() >> 8U) / 16777216.0f;
}

template <class Array>
void keep(std::string name, Array const& a) {
  all.push_back({std::move(name), {a.shape().begin(), a.shape().end()}, {a.begin(), a.end()}});
}

template <class Model>
void write(std::string const& folder, std::string const& name) {
  tg::predictor<Model> model;
  std::ofstream(folder + "/architecture_" + name + ".json") << model.to_json();
  for (auto& w : model.weights()) {
    bool const variance = w.path.ends_with("variance");
    for (float& x : w.values) x = variance ? uniform(0.5f, 2) : uniform(-0.5f, 0.5f);
    keep(name + "/weights/" + w.path, w.values);
  }
  std::vector<xt::xarray<float>> in;
  for (auto const& port : model.inputs()) {
    std::vector<std::size_t> shape{4};
    for (auto const n : port.shape) shape.push_back(static_cast<std::size_t>(n));
    xt::xarray<float> x(shape);
    for (float& v : x)
      v = port.type == tg::dtype::int32 ? static_cast<float>(engine() % 20) : uniform(-2, 2);
    keep(name + "/inputs/" + std::string(port.name.view()), x);
    in.push_back(x);
  }
  auto const keep_outputs = [&](auto const& y) {
    if constexpr (requires { y.template get<1>(); }) {
      keep(name + "/outputs/0", y.template get<0>());
      keep(name + "/outputs/1", y.template get<1>());
    } else {
      keep(name + "/outputs/0", y);
    }
  };
  if constexpr (tg::traced<Model>::facts.inputs == 1)
    keep_outputs(model.predict(in[0]));
  else
    keep_outputs(model.predict({in[0], in[1]}));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace architecture_models;
  if (argc != 2) return std::fprintf(stderr, "usage: make_architecture FOLDER\n"), 2;
  std::string const folder = argv[1];
  write<wide_and_deep>(folder, "wide_and_deep");
  write<images>(folder, "images");
  write<words>(folder, "words");
  write<many>(folder, "many");
  std::vector<tg::safetensors::tensor_view> views;
  for (stored const& s : all)
    views.push_back(tg::safetensors::view_of<float>(s.name, s.shape, s.values));
  tg::safetensors::write(folder + "/architecture.safetensors", views);
}
