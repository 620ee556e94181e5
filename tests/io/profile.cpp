// SPDX-License-Identifier: BSL-1.0
// Tables of what a model takes, drawings of the passes, and profiles.
#include <typegrad/io/profile.hpp>
#include <typegrad/io/report.hpp>

#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <typegrad/nn.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;
using Catch::Matchers::Message;

namespace {

using net = tg::sequential<tg::input<20>, tg::dense<32, tg::relu>, tg::dropout<0.5F>,
                           tg::dense<4, tg::softmax>>;

struct folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("typegrad-profile-" + std::to_string(::getpid()));
  folder() { std::filesystem::create_directories(path); }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};
std::string text_of(std::filesystem::path const& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}
bool holds(std::string const& text, std::string const& what) {
  INFO(text);
  bool const found = text.find(what) != std::string::npos;
  CHECK(found);
  return found;
}

TEST_CASE("report: layers and kernels of a model") {
  auto const text = tg::report_text<net>({.batch_size = 10});
  holds(text, "Model: \"sequential\", 10 samples at a time\n");
  holds(text, "dense (dense)      32           672          6.4 k");
  holds(text, "dropout (dropout)");
  holds(text, "kernels: 3, of which 3 differ and are compiled\n");
  holds(text, "matmul + add + maximum");
  holds(text, "row program");
  auto const brief = tg::report_text<net>({.kernels = false});
  holds(brief, "1 sample at a time");
  CHECK(brief.find("row program") == std::string::npos);
  CHECK_THROWS_MATCHES(tg::report_text<net>({.batch_size = -1}), std::invalid_argument,
                       Message("print: batch_size must be positive, got -1"));
}

TEST_CASE("report: the graph before and after each pass") {
  folder const at;
  tg::draw_passes<net>(at.path / "passes", ".dot");
  for (char const* name : {"1_traced", "2_simplified", "3_lowered", "4_simplified_again"})
    holds(text_of(at.path / "passes" / (std::string(name) + ".dot")), "dense/kernel");
  holds(text_of(at.path / "passes" / "5_kernels.dot"), "kernel 2: row program");
  std::ofstream(at.path / "file") << "x";
  CHECK_THROWS_AS(tg::draw_passes<net>(at.path / "file" / "below", ".dot"), std::runtime_error);
}

TEST_CASE("profile: a step of training, kernel by kernel, changes nothing") {
  auto model = tg::compile<net>(tg::adam{}, tg::sparse_categorical_crossentropy<>{});
  xt::xtensor<float, 2> const x = xt::random::rand<float>({64, 20});
  xt::xtensor<int, 1> const y = xt::random::randint<int>({64}, 0, 4);
  model.fit({x, y}, {.epochs = 1, .verbose = false});
  auto const weights = [&] {
    std::vector<float> all;
    for (auto const& w : model.weights()) all.insert(all.end(), w.values.begin(), w.values.end());
    for (int i = 0; i < 2; ++i)
      for (std::int64_t k = 0; k < model.state().slots[i].size(); ++k)
        all.push_back(model.state().slot(i)[k]);
    return all;
  };
  auto const before = weights();
  auto const step = model.step();
  tg::step_profile const p = model.profile(x, y, {.batch_size = 16, .seconds = 0});
  CHECK(weights() == before);
  CHECK(model.step() == step);

  CHECK(p.batch_size == 16);
  CHECK(p.runs == 5);
  CHECK(p.limits.flops > 1e8);
  CHECK(p.limits.bytes > 1e8);
  CHECK(p.seconds > 0);
  REQUIRE(p.kernels.size() == static_cast<std::size_t>(decltype(model)::training_kernel_count) + 1);
  double flops = 0;
  for (auto const& k : p.kernels) {
    CHECK(k.seconds >= 0);
    flops += k.flops;
  }
  CHECK(flops >= 2.0 * 16 * static_cast<double>(decltype(model)::training_multiply_adds));
  CHECK(p.kernels.back().computes == "adam, the optimizer");
  auto const trained = model.profile({x, y}, {.seconds = 0});
  CHECK(trained.batch_size == 32);

  auto const text = p.text();
  holds(text, "A step of training of \"sequential\": 16 samples");
  holds(text, "dense_1");
  holds(text, "roof\n");

  folder const at;
  p.save_trace(at.path / "step.json");
  auto const trace = nlohmann::json::parse(text_of(at.path / "step.json"));
  auto const& events = trace.at("traceEvents");
  REQUIRE(events.size() == p.kernels.size() + 1);
  double end = 0;
  for (std::size_t i = 1; i < events.size(); ++i) {
    CHECK(events[i].at("ph") == "X");
    CHECK(std::abs(events[i].at("ts").get<double>() - end) < 1e-6 * (1 + end));
    end = events[i].at("ts").get<double>() + events[i].at("dur").get<double>();
  }
  p.plot(at.path / "roof.svg");
  holds(text_of(at.path / "roof.svg"), "floating-point operations a byte");
  CHECK_THROWS_AS(p.save_trace(at.path / "no such folder" / "step.json"), std::runtime_error);
}

TEST_CASE("profile: predictions; wrong options and data are told") {
  tg::predictor<net> model;
  xt::xtensor<float, 2> const x = xt::random::rand<float>({8, 20});
  auto const before = model.predict(x);
  auto const p = model.profile(x, {.seconds = 0});
  CHECK(p.batch_size == 8);
  CHECK(p.what == "prediction");
  REQUIRE(p.kernels.size() == 3);
  CHECK(p.kernels[0].layer == "dense");
  CHECK(p.kernels[0].flops == 8 * (2 * 20 * 32 + 2 * 32));
  CHECK(model.predict(x) == before);
  CHECK_THROWS_MATCHES(model.profile(x, {.batch_size = 0}), std::invalid_argument,
                       Message("profile: batch_size must be positive, got 0"));
  CHECK_THROWS_MATCHES(model.profile(x, {.seconds = std::nan("")}), std::invalid_argument,
                       Message("profile: seconds must be from 0 to 3600"));
  CHECK_THROWS_AS(model.profile(xt::xtensor<float, 2>(xt::zeros<float>({8, 21}))),
                  std::invalid_argument);
}

}  // namespace
