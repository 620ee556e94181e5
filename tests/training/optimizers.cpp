// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/io/safetensors.hpp>
#include <typegrad/training/optimizers.hpp>
#include <vector>

namespace tg = typegrad;
using tg::training_detail::segment;
using tg::training_detail::update_target;

namespace {

// The flat buffers of one model, and the optimizer at work on them.
template <class Optimizer>
struct bench {
  Optimizer optimizer;
  std::vector<segment> variables, merged;
  tg::aligned_buffer<float> weights, gradients, slots[3];
  std::vector<double> partials;

  bench(Optimizer o, std::int64_t elements, std::vector<segment> trainable)
      : optimizer(o), variables(trainable), weights(elements), gradients(elements) {
    for (auto const s : variables) {
      if (!merged.empty() && merged.back().end == s.begin)
        merged.back().end = s.end;
      else
        merged.push_back(s);
    }
    for (int i = 0; i < Optimizer::slots; ++i)
      if (o.uses_slot(i)) slots[i] = tg::aligned_buffer<float>(elements);
    partials.resize(static_cast<std::size_t>(tg::training_detail::norm_chunks(
        variables.data(), static_cast<int>(variables.size()))));
  }
  void step(std::int64_t number, int threads = 1) {
    update_target t;
    t.weights = weights.data();
    t.gradients = gradients.data();
    for (int i = 0; i < Optimizer::slots; ++i) t.slots[i] = slots[i].data();
    t.variables = variables.data();
    t.variable_count = static_cast<int>(variables.size());
    t.merged = merged.data();
    t.merged_count = static_cast<int>(merged.size());
    t.partial_sums = partials.data();
    t.step = number;
    tg::training_detail::update(optimizer, t, threads);
  }
};

std::map<std::string, double> options_of(std::string const& text) {
  std::map<std::string, double> out;
  std::istringstream in(text);
  for (std::string item; in >> item;) {
    auto const at = item.find('=');
    if (at == std::string::npos) continue;
    auto const value = item.substr(at + 1);
    out[item.substr(0, at)] = value == "true" ? 1 : value == "false" ? 0 : std::stod(value);
  }
  return out;
}

std::vector<float> values(tg::safetensors::file const& file, std::string const& name) {
  auto const tensor = file.at(name);
  std::vector<float> out(tensor.size());
  tensor.copy_to(std::span<float>(out));
  return out;
}

template <class Optimizer>
void follows_keras(tg::safetensors::file const& file, std::string const& name, Optimizer optimizer,
                   std::map<std::string, double> const& options) {
  auto const set = [&](char const* option, auto& member) {
    if (auto const at = options.find(option); at != options.end())
      member = static_cast<std::remove_reference_t<decltype(member)>>(at->second);
  };
  set("learning_rate", optimizer.learning_rate);
  set("weight_decay", optimizer.weight_decay);
  set("clipnorm", optimizer.clipnorm);
  set("global_clipnorm", optimizer.global_clipnorm);
  set("clipvalue", optimizer.clipvalue);
  if constexpr (requires { optimizer.nesterov; }) {
    set("nesterov", optimizer.nesterov);
  }
  if constexpr (requires { optimizer.momentum; }) set("momentum", optimizer.momentum);
  if constexpr (requires { optimizer.epsilon; }) set("epsilon", optimizer.epsilon);
  if constexpr (requires { optimizer.rho; }) {
    set("rho", optimizer.rho);
    set("centered", optimizer.centered);
  }
  if constexpr (requires { optimizer.beta_1; }) {
    set("beta_1", optimizer.beta_1);
    set("beta_2", optimizer.beta_2);
    set("amsgrad", optimizer.amsgrad);
  }
  optimizer.check();
  bench<Optimizer> b(optimizer, 32, {{0, 16}, {16, 32}});
  auto const kernel = values(file, "start/kernel");
  auto const bias = values(file, "start/bias");
  std::copy(kernel.begin(), kernel.end(), b.weights.begin());
  std::copy(bias.begin(), bias.end(), b.weights.begin() + 16);
  auto const dkernel = values(file, "gradient/kernel");
  auto const dbias = values(file, "gradient/bias");
  auto const kernels = values(file, name + "/kernel");
  auto const biases = values(file, name + "/bias");
  for (int step = 0; step < 5; ++step) {
    std::copy_n(dkernel.begin() + 12 * step, 12, b.gradients.begin());
    std::copy_n(dbias.begin() + 4 * step, 4, b.gradients.begin() + 16);
    b.step(step + 1);
    float worst = 0;
    for (int i = 0; i < 16; ++i) {
      float const got = i < 12 ? b.weights[i] : b.weights[16 + i - 12];
      float const want = i < 12 ? kernels[static_cast<std::size_t>(12 * step + i)]
                                : biases[static_cast<std::size_t>(4 * step + i - 12)];
      worst = std::max(worst, std::abs(got - want) / std::max(1.0F, std::abs(want)));
    }
    INFO(name << ", step " << step + 1);
    CHECK(worst < 1e-6F);
  }
  for (int i = 12; i < 16; ++i) CHECK(b.weights[i] == 0);  // between the weights
}

template <class Optimizer>
void same_at_any_thread_count(Optimizer optimizer) {
  constexpr std::int64_t elements = 400'000;
  std::vector<segment> const trainable{{0, 200'016}, {200'016, 200'032}, {250'000, 400'000}};
  std::vector<float> results[3];
  for (int threads = 1; threads <= 3; ++threads) {
    bench<Optimizer> b(optimizer, elements, trainable);
    for (std::int64_t i = 0; i < elements; ++i)
      b.weights[i] = 0.001F * static_cast<float>(i % 2001 - 1000);
    for (int step = 1; step <= 3; ++step) {
      for (std::int64_t i = 0; i < elements; ++i)
        b.gradients[i] = 0.01F * static_cast<float>((i * 7919 + step) % 1009 - 500);
      b.step(step, threads);
    }
    results[threads - 1].assign(b.weights.begin(), b.weights.end());
    // what is not trainable stays as it was
    for (std::int64_t i = 200'032; i < 250'000; ++i)
      if (b.weights[i] != 0.001F * static_cast<float>(i % 2001 - 1000)) FAIL("element " << i);
  }
  auto const bytes = results[0].size() * sizeof(float);
  CHECK(std::memcmp(results[0].data(), results[1].data(), bytes) == 0);
  CHECK(std::memcmp(results[0].data(), results[2].data(), bytes) == 0);
}

}  // namespace

TEST_CASE("optimizers step as Keras's do") {
  auto const file = tg::safetensors::read(TYPEGRAD_TESTS_DIR "/oracles/optimizers.safetensors");
  int cases = 0;
  for (auto const& [name, text] : file.metadata()) {
    auto const options = options_of(text);
    if (name.starts_with("sgd"))
      follows_keras(file, name, tg::sgd{}, options);
    else if (name.starts_with("adamw"))
      follows_keras(file, name, tg::adamw{}, options);
    else if (name.starts_with("adam"))
      follows_keras(file, name, tg::adam{}, options);
    else if (name.starts_with("rmsprop"))
      follows_keras(file, name, tg::rmsprop{}, options);
    else
      continue;
    ++cases;
  }
  CHECK(cases == 21);
}

TEST_CASE("the defaults are Keras's") {
  auto const file = tg::safetensors::read(TYPEGRAD_TESTS_DIR "/oracles/optimizers.safetensors");
  follows_keras(file, "sgd_default", tg::sgd{}, {});
  follows_keras(file, "adam_default", tg::adam{}, {});
  follows_keras(file, "adamw_default", tg::adamw{}, {});
  follows_keras(file, "rmsprop_default", tg::rmsprop{}, {});
}

TEST_CASE("an optimizer's step is the same at any number of threads", "[threads]") {
  same_at_any_thread_count(tg::sgd{});
  same_at_any_thread_count(tg::sgd{.momentum = 0.9F, .nesterov = true, .clipnorm = 1});
  same_at_any_thread_count(tg::adam{.global_clipnorm = 1});
  same_at_any_thread_count(tg::adamw{.clipvalue = 0.5F});
  same_at_any_thread_count(tg::rmsprop{.momentum = 0.9F, .centered = true, .clipnorm = 0.1F});
}

TEST_CASE("clipping by value keeps NaN") {
  bench<tg::sgd> b(tg::sgd{.learning_rate = 1, .clipvalue = 0.5F}, 16, {{0, 16}});
  b.gradients[0] = std::numeric_limits<float>::quiet_NaN();
  b.gradients[1] = std::numeric_limits<float>::infinity();
  b.gradients[2] = -2;
  b.step(1);
  CHECK(std::isnan(b.weights[0]));
  CHECK(b.weights[1] == -0.5F);
  CHECK(b.weights[2] == 0.5F);
}

TEST_CASE("wrong options of an optimizer are named") {
  auto const message = [](auto const& optimizer) {
    try {
      optimizer.check();
    } catch (std::invalid_argument const& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message(tg::adam{}).empty());
  CHECK(message(tg::adam{.beta_1 = 1}) ==
        "adam: beta_1 must be at least 0 and below 1, got 1");
  CHECK(message(tg::sgd{.learning_rate = -1}) ==
        "sgd: learning_rate must be zero or a positive number, got -1");
  CHECK(message(tg::rmsprop{.clipnorm = 1, .clipvalue = 1}) ==
        "rmsprop: set only one of clipnorm, global_clipnorm and clipvalue");
}
