// SPDX-License-Identifier: BSL-1.0
#pragma once
// How a model becomes a case of the comparison, and how its numbers are written for check.py.
#include "harness.hpp"

#include <typegrad/typegrad.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace compare {

namespace tg = typegrad;

/// Stochastic gradient descent, learning rate 0.01, on the crossentropy of logits.
template <class Model>
auto compiled() {
  return tg::compile<Model>(tg::sgd{.learning_rate = 0.01f},
                            tg::sparse_categorical_crossentropy<tg::from_logits>{});
}

template <class Model>
auto images(std::size_t count) {
  constexpr auto extents = tg::traced<Model>::facts.input;
  std::vector<std::size_t> shape{count};
  for (int i = 0; i < extents.rank; ++i) shape.push_back(static_cast<std::size_t>(extents[i]));
  return xt::eval(xt::random::randn<float>(shape));
}

inline xt::xtensor<std::int32_t, 1> classes(std::size_t count) {
  return xt::random::randint<std::int32_t>({count}, 0, 10);
}

/// Case train_NAME_bBATCH: one step of the optimizer on the same batch.
template <class Model>
void add_training(std::string const& name, std::size_t batch) {
  add("train_" + name + "_b" + std::to_string(batch), [batch](int threads) {
    tg::set_threads(threads);
    auto model = std::make_shared<decltype(compiled<Model>())>(compiled<Model>());
    model->initialize(1);
    return [model, x = images<Model>(batch), y = classes(batch)] { model->train_on_batch(x, y); };
  });
}

/// Case infer_NAME_bBATCH: logits into an array.
template <class Model>
void add_inference(std::string const& name, std::size_t batch) {
  add("infer_" + name + "_b" + std::to_string(batch), [batch](int threads) {
    tg::set_threads(threads);
    auto model = std::make_shared<tg::predictor<Model>>();
    model->initialize(1);
    xt::xtensor<float, 2> y = xt::zeros<float>({batch, std::size_t{10}});
    return [model, x = images<Model>(batch), y]() mutable { model->predict(x, y); };
  });
}

/// What `--write FOLDER` calls.
inline std::vector<std::function<void(std::filesystem::path const&)>>& writers() {
  static std::vector<std::function<void(std::filesystem::path const&)>> all;
  return all;
}

/// FOLDER/NAME.safetensors: x, y, weights as before/PATH, logits for x, and, after one step of
/// training on all of x, its loss and the weights as after/PATH; the text "order" has the paths in
/// the order of the layers.
template <class Model>
void add_writer(std::string const& name, std::size_t batch) {
  writers().push_back([=](std::filesystem::path const& folder) {
    struct tensor {
      std::string name;
      std::vector<std::uint64_t> shape;
      std::vector<float> values;
    };
    std::vector<tensor> all;
    auto const put = [&](std::string const& called, auto const& array) {
      all.push_back({called, {array.shape().begin(), array.shape().end()},
                     {array.data(), array.data() + array.size()}});
    };
    auto model = compiled<Model>();
    model.initialize(1);
    auto const x = images<Model>(batch);
    auto const y = classes(batch);
    put("x", x);
    put("y", y);
    std::string order;
    for (auto const& w : model.weights()) {
      put("before/" + w.path, w.values);
      order += w.path + " ";
    }
    put("logits", model.predict(x));
    xt::xtensor<double, 1> const loss = {model.train_on_batch(x, y).loss};
    put("loss", loss);
    for (auto const& w : model.weights()) put("after/" + w.path, w.values);
    std::vector<tg::safetensors::tensor_view> views;
    for (auto const& t : all)
      views.push_back(tg::safetensors::view_of(t.name, t.shape, std::span<float const>(t.values)));
    tg::safetensors::write(folder / (name + ".safetensors"), views, {{"order", order}});
  });
}

}  // namespace compare
