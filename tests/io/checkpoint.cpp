// SPDX-License-Identifier: BSL-1.0
#include <typegrad/io/checkpoint.hpp>

#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <typegrad/nn.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;

namespace {

using net = tg::sequential<tg::input<6>, tg::dense<8, tg::relu>, tg::dropout<0.5F>, tg::dense<3>>;
using loss = tg::sparse_categorical_crossentropy<tg::from_logits>;

// Wrong ones: for these only the files matter, so nothing of them is compiled to run.
using wider = tg::sequential<tg::input<6>, tg::dense<9, tg::relu>, tg::dense<3>>;
using deeper = tg::sequential<tg::input<6>, tg::dense<8, tg::relu>, tg::dense<3>, tg::dense<3>>;
using shallower = tg::sequential<tg::input<6>, tg::dense<8>>;
using other_activation = tg::sequential<tg::input<6>, tg::dense<8, tg::tanh>, tg::dense<3>>;
using frozen_first =
    tg::sequential<tg::input<6>, tg::frozen<tg::dense<8, tg::relu>>, tg::dense<3>>;

class folder {
 public:
  folder() : path_(std::filesystem::temp_directory_path() /
                   ("typegrad_checkpoint_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~folder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string const& name) const { return (path_ / name).string(); }
  auto files() const {
    return std::distance(std::filesystem::directory_iterator(path_),
                         std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

std::string content(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void put(std::string const& path, std::string const& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// All that loading may change.
struct parts {
  tg::graph model;
  tg::inference_detail::model_core core;
  tg::training_detail::training_setup setup;
  tg::training_detail::training_state state;

  template <class Optimizer>
  parts(tg::graph const& g, Optimizer const& o)
      : model{g}, core{g}, setup{names_only(o)}, state{core.table, setup.optimizer, 1} {
    for (float& w : weights()) w = 0.5F;
    for (auto& slot : state.slots)
      for (float& s : slot) s = 0.25F;
    state.step = 11;
  }
  void load(std::string const& path) {
    tg::io_detail::load_checkpoint(path, model, core, setup, state);
  }
  bool untouched() const {
    for (float const w : weights())
      if (w != 0.5F) return false;
    for (auto const& slot : state.slots)
      for (float const s : slot)
        if (s != 0.25F) return false;
    return state.step == 11 && state.epoch == 0 && state.seed == 0;
  }

 private:
  std::span<float> weights() {
    return {core.weights(), static_cast<std::size_t>(core.table.elements())};
  }
  std::span<float const> weights() const {
    return {core.weights(), static_cast<std::size_t>(core.table.elements())};
  }
  template <class Optimizer>
  static tg::training_detail::training_setup names_only(Optimizer const& o) {
    tg::training_detail::training_setup s;
    s.names = {"loss"};
    s.optimizer = tg::training_detail::forget_type(o);
    return s;
  }
};

template <class Model, class Optimizer = tg::adam>
std::string refusal(std::string const& path, Optimizer const& o = {}) {
  parts p(tg::trace<Model>(), o);
  try {
    p.load(path);
  } catch (std::runtime_error const& error) {
    CHECK(p.untouched());
    return error.what();
  }
  return "loaded";
}

template <class Model>
std::vector<float> all_weights(Model& model) {
  std::vector<float> out;
  for (auto const& w : model.weights())
    out.insert(out.end(), w.values.data(), w.values.data() + w.values.size());
  return out;
}

xt::xtensor<float, 2> some_x() {
  xt::xtensor<float, 2> x = xt::xtensor<float, 2>::from_shape({50, 6});
  for (std::size_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(i * 7919 % 101) / 50 - 1;
  return x;
}
xt::xtensor<int, 1> some_y() {
  xt::xtensor<int, 1> y = xt::xtensor<int, 1>::from_shape({50});
  for (std::size_t i = 0; i < 50; ++i) y(i) = static_cast<int>(i * 31 % 7 % 3);
  return y;
}

template <class Optimizer = tg::adam>
auto make(std::uint64_t seed, Optimizer const& o = {}) {
  auto model = tg::compile<net>(o, loss{});
  model.initialize(seed);
  return model;
}

}  // namespace

TEST_CASE("training that is resumed from a file gives what uninterrupted training gives") {
  folder const tmp;
  auto const x = some_x();
  auto const y = some_y();
  auto whole = make(5);
  whole.fit({x, y}, {.epochs = 4, .batch_size = 16, .verbose = false});

  auto first = make(5);
  first.fit({x, y}, {.epochs = 2, .batch_size = 16, .verbose = false});
  first.train_on_batch({x, y});
  first.initialize(5);
  first.fit({x, y}, {.epochs = 2, .batch_size = 16, .verbose = false});
  first.save(tmp / "half.safetensors");
  auto second = make(77);
  second.fit({x, y}, {.epochs = 1, .verbose = false});
  second.load(tmp / "half.safetensors");
  CHECK(second.step() == 8);
  CHECK(second.epoch() == 2);
  CHECK(second.seed() == 5);
  auto const half = all_weights(second);
  CHECK(half == all_weights(first));
  second.fit({x, y}, {.epochs = 4, .batch_size = 16, .verbose = false, .initial_epoch = 2});
  CHECK(all_weights(second) == all_weights(whole));
  CHECK(second.evaluate({x, y}).loss == whole.evaluate({x, y}).loss);

  // saving over a file replaces it as a whole, and leaves nothing else behind
  auto const before = content(tmp / "half.safetensors");
  second.save(tmp / "half.safetensors");
  CHECK(content(tmp / "half.safetensors") != before);
  CHECK(tmp.files() == 1);
}

TEST_CASE("weights travel between compiled models and predictors") {
  folder const tmp;
  auto model = make(3);
  model.fit({some_x(), some_y()}, {.verbose = false});
  model.save(tmp / "model.safetensors");
  tg::predictor<net> predictor;
  CHECK(all_weights(predictor) != all_weights(model));
  predictor.load_weights(tmp / "model.safetensors");
  CHECK(predictor.predict(some_x()) == model.predict(some_x()));
  predictor.weight("dense/bias").fill(0.5F);
  predictor.save_weights(tmp / "weights.safetensors");
  auto const step = model.step();
  model.load_weights(tmp / "weights.safetensors");
  CHECK(model.weight("dense/bias")(3) == 0.5F);
  CHECK(model.step() == step);
  CHECK_THROWS_WITH(model.load(tmp / "weights.safetensors"),
                    ContainsSubstring("its format is \"typegrad weights 1\""));
  // the file is plain: each weight under its path
  auto const file = tg::safetensors::read(tmp / "model.safetensors");
  CHECK(file.contains("dense/kernel"));
  CHECK(file.contains("optimizer/velocity/dense_1/bias"));
  CHECK(file.metadata().at("optimizer") == "adam");
}

TEST_CASE("a file of something else is refused with the first difference") {
  folder const tmp;
  auto const path = tmp / "model.safetensors";
  make(3).save(path);
  CHECK(refusal<net>(path) == "loaded");
  CHECK(refusal<wider>(path) == path + ": of another architecture: \"dense/kernel\" has shape 6x8 "
                                       "there and 6x9 here");
  CHECK(refusal<deeper>(path) ==
        path + ": of another architecture: it has no weight \"dense_2/kernel\", which is 3x3 here");
  CHECK(refusal<shallower>(path) ==
        path + ": of another architecture: it has \"dense_1/bias\", which this model lacks");
  CHECK_THAT(refusal<other_activation>(path),
             ContainsSubstring(": of another architecture: operation ") &&
                 ContainsSubstring("load_weights takes the weights alone"));
  CHECK_THAT(refusal<frozen_first>(path), ContainsSubstring("another weight was frozen"));
  CHECK(refusal<net>(path, tg::sgd{}) ==
        path + ": saved with the optimizer \"adam\", this model has \"sgd\"; load_weights takes "
               "the weights alone");
  CHECK(refusal<net>(path, tg::adam{.amsgrad = true}) ==
        path + ": the optimizer's \"optimizer/velocity_hat/dense/kernel\" is missing; other options "
               "of adam were set, or another weight was frozen");
  CHECK(refusal<net>(tmp / "none") == tmp / "none: there is no such file");
  put(tmp / "text", "certainly not a safetensors file");
  CHECK(refusal<net>(tmp / "text") != "loaded");
}

TEST_CASE("a damaged file is refused and changes nothing") {
  folder const tmp;
  make(3).save(tmp / "model.safetensors");
  auto const good = content(tmp / "model.safetensors");
  auto const path = tmp / "bad.safetensors";
  for (std::size_t length = 0; length < good.size(); length += length < 1200 ? 13 : 97) {
    put(path, good.substr(0, length));
    if (refusal<net>(path) == "loaded") FAIL("cut to " << length);
  }
  put(path, good + '\0');
  CHECK(refusal<net>(path) != "loaded");
  // a header with a byte changed is refused, or is as good: `refusal` checks that nothing is touched
  auto const header = 8 + static_cast<std::size_t>(static_cast<unsigned char>(good[0])) +
                      256 * static_cast<std::size_t>(static_cast<unsigned char>(good[1]));
  int refused = 0;
  int tried = 0;
  for (std::size_t i = 0; i < header; i += 7, ++tried) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x11);
    put(path, bad);
    refused += refusal<net>(path) != "loaded";
  }
  CHECK(refused > tried * 9 / 10);
  auto const changed = [&](std::string const& from, std::string const& to) {
    auto bad = good;
    auto const at = bad.find(from);
    REQUIRE(at != std::string::npos);
    put(path, bad.replace(at, from.size(), to));
    return refusal<net>(path);
  };
  CHECK(changed("\"step\":\"0\"", "\"step\":\"x\"") ==
        path + ": step in its metadata must be a whole number up to 4611686018427387904, it is "
               "\"x\"");
  CHECK(changed("\"optimizer\":", "\"optimixer\":") ==
        path + ": not a checkpoint of a compiled model: its metadata lacks \"optimizer\"; "
               "load_weights takes the weights alone");
}

TEST_CASE("an architecture's description has all that matters") {
  auto const lines = tg::io_detail::describe(tg::trace<net>());
  CHECK(lines.size() > 8);
  auto const text = tg::io_detail::joined(lines);
  CHECK_THAT(text, ContainsSubstring("weight float32 6x8 dense/kernel"));
  CHECK_THAT(text, ContainsSubstring("output "));
  tg::io_detail::check_architecture("f", text, lines);
  auto fewer = lines;
  fewer.pop_back();
  CHECK_THROWS_WITH(tg::io_detail::check_architecture("f", text, fewer),
                    ContainsSubstring("and missing here"));
  CHECK_THROWS_WITH(tg::io_detail::check_architecture("f", tg::io_detail::joined(fewer), lines),
                    ContainsSubstring("is missing there and"));
}
