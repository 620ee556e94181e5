// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/typegrad.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <sstream>
#include <string>
#include <vector>

// Models of several inputs and outputs are trained as Keras trains them. All kernels are those of
// two models, each compiled once for all optimizers and cases; the rest is run by the interpreter.

namespace {

namespace tg = typegrad;
using namespace tg::literals;
using Catch::Matchers::Message;
using tg::symbol;

// The models of oracles/networks.safetensors.
template <bool Penalty>
struct wide_and_deep : tg::network<wide_and_deep<Penalty>> {
  using inputs = tg::inputs<tg::named<"wide_in", 3>, tg::named<"deep_in", 5>>;
  tg::dense<30, tg::relu, tg::l2(Penalty ? 0.01F : 0.0F)> first;
  tg::dense<30, tg::relu> second;
  tg::dense<1> head, auxiliary_head;
  constexpr auto call(symbol wide, symbol deep) {
    deep = first(deep);
    deep = second(deep);
    symbol const main = head(concatenate(wide, deep));
    symbol const auxiliary = auxiliary_head(deep);
    return tg::outputs(tg::output<"main">(main), tg::output<"auxiliary">(auxiliary));
  }
};

template <bool Penalty>
struct two_towers : tg::network<two_towers<Penalty>> {
  using inputs = tg::inputs<tg::named<"left", 6>, tg::named<"right", 6>>;
  tg::dense<8, tg::relu, tg::l2(Penalty ? 0.01F : 0.0F)> first;
  tg::dense<4> second;
  tg::dense<3, tg::softmax> head;
  constexpr auto call(symbol left, symbol right) {
    left = first(left);
    symbol const u = second(left);
    right = first(right);
    symbol const v = second(right);
    symbol const classes = head(concatenate(u, v));
    return tg::outputs(tg::output<"distance">(sum(square(u - v), {-1}, tg::keepdims)),
                       tg::output<"classes">(classes));
  }
};

template <bool Penalty>
struct embedded : tg::network<embedded<Penalty>> {
  using inputs = tg::inputs<tg::named<"ids", 3, tg::dtype::int32>, tg::named<"numbers", 2>>;
  tg::embedding<12, 4, tg::l2(Penalty ? 0.01F : 0.0F)> table;
  tg::flatten flat;
  tg::dense<8, tg::tanh> hidden;
  tg::dense<8> inner;
  tg::batch_normalization<> normalize;
  tg::dense<1> mean_head;
  tg::dense<2> class_head;
  constexpr auto call(symbol ids, symbol numbers) {
    symbol const rows = flat(table(ids));
    symbol const h = hidden(concatenate(rows, numbers));
    symbol const added = inner(h);
    symbol const n = normalize(added + h);
    symbol const mean = mean_head(n);
    symbol const classes = class_head(n);
    return tg::outputs(tg::output<"mean">(mean), tg::output<"class">(classes));
  }
};

template <template <bool> class Model>
struct task;
template <>
struct task<wide_and_deep> {
  static constexpr char const* name = "wide_and_deep";
  static constexpr std::size_t rows = 7;
  static constexpr char const* inputs[] = {"wide_in", "deep_in"};
  static constexpr char const* outputs[] = {"main", "auxiliary"};
  static constexpr auto losses() {
    return tg::losses("auxiliary"_n = tg::mean_squared_error{},
                      "main"_n = tg::mean_squared_error{});
  }
  static constexpr auto metrics() { return tg::metrics("main"_n = tg::mean_absolute_error{}); }
};
template <>
struct task<two_towers> {
  static constexpr char const* name = "two_towers";
  static constexpr std::size_t rows = 5;
  static constexpr char const* inputs[] = {"left", "right"};
  static constexpr char const* outputs[] = {"distance", "classes"};
  static constexpr auto losses() {
    return tg::losses(tg::mean_squared_error{}, tg::sparse_categorical_crossentropy<>{});
  }
  static constexpr auto metrics() { return tg::metrics("classes"_n = tg::accuracy{}); }
};
template <>
struct task<embedded> {
  static constexpr char const* name = "embedded";
  static constexpr std::size_t rows = 6;
  static constexpr char const* inputs[] = {"ids", "numbers"};
  static constexpr char const* outputs[] = {"mean", "class"};
  static constexpr auto losses() {
    return tg::losses("mean"_n = tg::mean_squared_error{},
                      "class"_n = tg::sparse_categorical_crossentropy<tg::from_logits>{});
  }
  static constexpr auto metrics() {
    return tg::metrics("mean"_n = tg::mean_absolute_error{}, "class"_n = tg::accuracy{});
  }
};

template <bool Training, template <bool> class Model, bool Penalty, bool Weighted>
tg::graph traced_task() {
  using T = task<Model>;
  return []<class Loss, class... Metrics>(std::type_identity<Loss>, tg::metric_table<Metrics...>) {
    using loss = std::conditional_t<Weighted, tg::training_detail::weighted<Loss>, Loss>;
    return tg::training_detail::loss_recipe<Training, Model<Penalty>, loss, Metrics...>::build();
  }(std::type_identity<decltype(T::losses())>{}, T::metrics());
}

oracle::values stored(std::string const& tensor) { return oracle::load("networks", tensor); }
oracle::values part(oracle::values const& all, std::size_t which) {
  std::size_t const size = all.size() / 3;
  auto const begin = all.begin() + static_cast<std::ptrdiff_t>(which * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

/// Distances to Keras's numbers, relative to those above 1; the worst is shown at the end.
double worst = 0;
void compare(std::string const& what, oracle::values const& got, oracle::values const& wanted) {
  INFO(what);
  REQUIRE(got.size() == wanted.size());
  double here = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    here = std::max(here, std::abs(got[i] - wanted[i]) / std::max(1.0, std::abs(wanted[i])));
  CHECK(here <= 1e-5);
  worst = std::max(worst, here);
}

/// Keras's name where a metric was given as "mae".
std::string log_name(std::string_view name) {
  std::string text(name);
  if (auto const i = text.find("mean_absolute_error"); i != std::string::npos)
    text.replace(i, std::string::npos, "mae");
  return text;
}

/// What a graph of training reads for a batch.
template <template <bool> class Model>
std::vector<oracle::values> bound(std::size_t step, std::string const& weights,
                                  oracle::values const& factors) {
  using T = task<Model>;
  std::string const at = std::string(T::name) + "/";
  std::vector<oracle::values> all;
  for (std::string const name : T::inputs) all.push_back(part(stored(at + "input/" + name), step));
  for (std::string const name : T::outputs)
    all.push_back(part(stored(at + "target/" + name), step));
  for (std::string const name : T::outputs) {
    if (weights.empty())
      all.emplace_back(T::rows, 1.0);
    else if (weights == "all")
      all.push_back(part(stored(at + "sample_weight"), step));
    else
      all.push_back(part(stored(at + "sample_weight/" + name), step));
  }
  if (!factors.empty()) all.push_back(factors);
  return all;
}

template <template <bool> class Model, bool Penalty, bool Weighted>
void check_case(std::string const& name, std::string const& weights,
                oracle::values const& factors) {
  using T = task<Model>;
  std::string const at = std::string(T::name) + "/";
  tg::graph const g = traced_task<true, Model, Penalty, Weighted>();
  INFO(at << name << " " << g.error.view());
  REQUIRE_FALSE(g.failed());
  std::vector<oracle::values> start;
  for (auto const& w : g.weights)
    start.push_back(stored(at + "start/" + std::string(w.path.view())));
  auto const got = oracle::run(g, T::rows, bound<Model>(0, weights, factors), start);
  std::string const prefix = at + name + "/";
  compare("loss", got[0], stored(prefix + "loss"));
  for (std::size_t i = 0; i < 2; ++i)
    compare(T::outputs[i], {got[1 + i][0] / static_cast<double>(T::rows)},
            stored(prefix + "loss/" + T::outputs[i]));
  auto next = static_cast<std::size_t>(g.output_names.size());
  for (auto const& w : g.weights) {
    if (!w.trainable) continue;
    std::string const path(w.path.view());
    compare(path, got[next++], stored(prefix + "gradient/" + path));
  }
}

template <template <bool> class Model>
void check_cases() {
  using T = task<Model>;
  std::string const at = std::string(T::name) + "/";
  // outputs, in training and outside of it
  for (bool const training : {true, false}) {
    tg::graph const g = tg::trace<Model<false>>(training);
    std::vector<oracle::values> inputs, start;
    for (std::string const name : T::inputs)
      inputs.push_back(part(stored(at + "input/" + name), 0));
    for (auto const& w : g.weights)
      start.push_back(stored(at + "start/" + std::string(w.path.view())));
    auto const got = oracle::run(g, T::rows, inputs, start);
    for (std::size_t i = 0; i < 2; ++i)
      compare(T::outputs[i], got[i],
              stored(at + (training ? "output/" : "predicted/") + T::outputs[i]));
  }
  check_case<Model, false, false>("plain", "", {});
  check_case<Model, false, true>("weights_0.9_0.1", "", {0.9F, 0.1F});
  check_case<Model, false, true>("weights_0.7_0.3", "", {0.7F, 0.3F});
  check_case<Model, false, false>("weighted", "all", {});
  check_case<Model, false, true>("weighted_each", "each", {0.7F, 0.3F});
  check_case<Model, true, true>("penalty", "", {0.9F, 0.1F});
  // what is measured, in Keras 2's order
  tg::graph const g = traced_task<false, Model, false, true>();
  std::string logs;
  for (auto const& name : g.output_names) {
    logs += (logs.empty() ? "" : " ") + log_name(name.view());
  }
  for (auto const& [key, value] : oracle::open("networks").metadata())
    if (key == at + "logs") CHECK(logs == value);
}

}  // namespace

TEST_CASE("networks: losses, gradients and names are Keras's") {
  check_cases<wide_and_deep>();
  check_cases<two_towers>();
  check_cases<embedded>();
  INFO("the largest distance to Keras is " << worst);
  CHECK(worst < 1e-5);
}

namespace {

/// Three steps by hand, of the graph that training compiles.
template <template <bool> class Model>
void follow_by_hand(std::string const& run, bool rmsprop, std::string const& weights) {
  using T = task<Model>;
  std::string const at = std::string(T::name) + "/";
  tg::graph const g = traced_task<true, Model, false, true>();
  std::vector<oracle::values> now, squares;
  for (auto const& w : g.weights) {
    now.push_back(stored(at + "start/" + std::string(w.path.view())));
    squares.emplace_back(now.back().size(), 0.0);
  }
  for (std::size_t step = 0; step < 3; ++step) {
    INFO(at << run << ", step " << step + 1);
    auto const got = oracle::run(g, T::rows, bound<Model>(step, weights, {0.9F, 0.1F}), now);
    for (int i = 0; i < g.output_names.size(); ++i) {
      std::string const name = log_name(g.output_names[i].view());
      compare(name, {got[static_cast<std::size_t>(i)][0] / (i == 0 ? 1.0 : double(T::rows))},
              {stored(at + run + "/log/" + name)[step]});
    }
    auto next = static_cast<std::size_t>(g.output_names.size());
    for (std::size_t w = 0; w < now.size(); ++w) {
      if (!g.weights[static_cast<int>(w)].trainable) continue;
      for (std::size_t i = 0; i < now[w].size(); ++i) {
        double const d = got[next][i];
        squares[w][i] = 0.9 * squares[w][i] + 0.1 * d * d;
        now[w][i] -= rmsprop ? 0.001 * d / std::sqrt(squares[w][i] + 1e-7) : 0.1 * d;
      }
      ++next;
    }
    for (std::size_t w = 0; w < now.size(); ++w) {
      std::string const path(g.weights[static_cast<int>(w)].path.view());
      if (g.weights[static_cast<int>(w)].state) now[w] = got[next++];
      compare(path, now[w], part(stored(at + run + "/" + path), step));
    }
  }
}

template <template <bool> class Model, class Optimizer>
auto make(Optimizer const& optimizer) {
  using T = task<Model>;
  if constexpr (std::string_view(T::name) == "embedded")
    return tg::compile<Model<false>>(optimizer, T::losses(), T::metrics(),
                                     tg::loss_weights("class"_n = 0.1F, "mean"_n = 0.9F));
  else
    return tg::compile<Model<false>>(optimizer, T::losses(),
                                     tg::loss_weights("main"_n = 0.9F, "auxiliary"_n = 0.1F),
                                     T::metrics());
}

/// A batch of the stored arrays, as an array of T.
template <class T = float>
xt::xarray<T> batch(std::string const& tensor, std::size_t step, std::size_t rows) {
  auto const values = part(stored(tensor), step);
  xt::xarray<T> out = xt::zeros<T>(std::vector<std::size_t>{rows, values.size() / rows});
  std::transform(values.begin(), values.end(), out.begin(),
                 [](double x) { return static_cast<T>(x); });
  return out;
}

template <template <bool> class Model, class Id = float, class Optimizer>
void follow(std::string const& run, Optimizer const& optimizer, bool weighted) {
  using T = task<Model>;
  std::string const at = std::string(T::name) + "/";
  auto model = make<Model>(optimizer);
  for (auto& w : model.weights()) {
    auto const start = stored(at + "start/" + w.path);
    std::transform(start.begin(), start.end(), w.values.data(),
                   [](double x) { return static_cast<float>(x); });
  }
  auto const input = [&](std::size_t i, std::size_t step) {
    return at + "input/" + T::inputs[i];
    static_cast<void>(step);
  };
  for (std::size_t step = 0; step < 3; ++step) {
    INFO(at << run << ", step " << step + 1);
    auto const first = batch<Id>(input(0, step), step, T::rows);
    auto const second = batch(input(1, step), step, T::rows);
    auto const y = batch(at + "target/" + T::outputs[0], step, T::rows);
    auto const z = batch<Id>(at + "target/" + T::outputs[1], step, T::rows);
    tg::samples s{{first, second}, {y, z}};
    auto const weights = batch(at + "sample_weight", step, T::rows);
    if (weighted) s.sample_weight = weights;
    auto const result = model.train_on_batch(s);
    for (std::size_t i = 0; i < result.size; ++i) {
      std::string const name = log_name(result.name(i));
      compare(name, {result[result.name(i)]}, {stored(at + run + "/log/" + name)[step]});
    }
    for (auto const& w : model.weights())
      compare(w.path, {w.values.data(), w.values.data() + w.values.size()},
              part(stored(at + run + "/" + w.path), step));
  }
  auto const predicted =
      model.predict({batch<Id>(input(0, 0), 0, T::rows), batch(input(1, 0), 0, T::rows)});
  auto const& [first, second] = predicted;
  compare("predicted", {first.begin(), first.end()},
          stored(at + run + "/predicted/" + T::outputs[0]));
  compare("predicted", {second.begin(), second.end()},
          stored(at + run + "/predicted/" + T::outputs[1]));
}

}  // namespace

TEST_CASE("networks: steps of training are Keras's") {
  auto const rmsprop = tg::rmsprop{.learning_rate = 0.001F};
  auto const sgd = tg::sgd{.learning_rate = 0.1F};
  follow<wide_and_deep>("sgd", sgd, false);
  follow<wide_and_deep>("sgd_weighted", sgd, true);
  follow<wide_and_deep>("rmsprop", rmsprop, false);
  for (auto const follow_others : {follow_by_hand<two_towers>, follow_by_hand<embedded>}) {
    follow_others("sgd", false, "");
    follow_others("sgd_weighted", false, "all");
    follow_others("rmsprop", true, "");
  }
  INFO("the largest distance to Keras is " << worst);
  CHECK(worst < 1e-5);
}

namespace {

using net = wide_and_deep<false>;
using main_only = tg::submodel<net, "main">;

struct data_set {
  xt::xtensor<float, 2> wide = xt::xtensor<float, 2>::from_shape({60, 3});
  xt::xtensor<float, 2> deep = xt::xtensor<float, 2>::from_shape({60, 5});
  xt::xtensor<float, 2> y = xt::zeros<float>({60, 1});
  xt::xtensor<float, 1> z = xt::zeros<float>({60});
  data_set() {
    for (std::size_t i = 0; i < 60; ++i) {
      for (std::size_t k = 0; k < 3; ++k) wide(i, k) = std::sin(static_cast<float>(7 * i + k));
      for (std::size_t k = 0; k < 5; ++k) deep(i, k) = std::cos(static_cast<float>(5 * i + 3 * k));
      y(i, 0) = wide(i, 0) - deep(i, 1);
      z(i) = deep(i, 2) * wide(i, 1);
    }
  }
};

std::vector<float> weights_of(auto& model) {
  std::vector<float> all;
  for (auto const& w : model.weights()) all.insert(all.end(), w.values.begin(), w.values.end());
  return all;
}

tg::fit_options quiet(int epochs) { return {.epochs = epochs, .batch_size = 16, .verbose = false}; }

}  // namespace

TEST_CASE("networks: data by name and by position, and what is predicted") {
  data_set const d;
  auto a = make<wide_and_deep>(tg::sgd{.learning_rate = 0.05F});
  auto b = make<wide_and_deep>(tg::sgd{.learning_rate = 0.05F});
  auto const one = a.fit({{d.wide, d.deep}, {d.y, d.z}}, quiet(2));
  tg::fit_options named = quiet(2);
  named.validation_data = {tg::by_name("wide_in"_n = d.wide, "deep_in"_n = d.deep),
                           tg::by_name("auxiliary"_n = d.z, "main"_n = d.y)};
  auto const other = b.fit({tg::by_name("deep_in"_n = d.deep, "wide_in"_n = d.wide),
                            tg::by_name("main"_n = d.y, "auxiliary"_n = d.z)},
                           named);
  CHECK(weights_of(a) == weights_of(b));
  CHECK(one["auxiliary_loss"] == other["auxiliary_loss"]);
  std::vector<std::string> names;
  for (auto const& [name, values] : other) names.push_back(name);
  CHECK(names == std::vector<std::string>{"loss", "main_loss", "auxiliary_loss",
                                          "main_mean_absolute_error", "val_loss", "val_main_loss",
                                          "val_auxiliary_loss", "val_main_mean_absolute_error"});
  CHECK(other["loss"].back() < other["loss"].front());

  auto const by_place = a.predict({d.wide, d.deep});
  auto const by_name =
      a.predict(tg::by_name("deep_in"_n = d.deep, "wide_in"_n = d.wide), {.batch_size = 7});
  CHECK(xt::allclose(by_place["main"_n], by_name["main"_n]));
  auto const [main, auxiliary] = by_place;
  CHECK(main == by_place["main"_n]);
  CHECK(auxiliary == by_place["auxiliary"_n]);
  CHECK(main.shape() == std::array<std::size_t, 2>{60, 1});
  xt::xtensor<double, 2> const doubles = d.wide;
  CHECK(a.predict({doubles, xt::xtensor<float, 2>(d.deep)})["main"_n] == main);

  auto const result = b.evaluate({{d.wide, d.deep}, {d.y, d.z}});
  auto const [loss, main_loss, auxiliary_loss, error] = result;
  CHECK(std::abs(other["val_loss"].back() - loss) < 1e-6);
  CHECK(result.loss == loss);
  CHECK(result["main_loss"_n] == main_loss);
  CHECK(result["auxiliary_loss"] == auxiliary_loss);
  CHECK(result[std::string("main_mean_absolute_error")] == error);
  CHECK(std::abs(loss - (0.9 * main_loss + 0.1 * auxiliary_loss)) < 1e-6);
  CHECK_THROWS_MATCHES(result["mian_loss"], std::invalid_argument,
                       Message("there is no measured \"mian_loss\"; there are loss, main_loss, "
                               "auxiliary_loss, main_mean_absolute_error"));
  double squares = 0;
  for (std::size_t i = 0; i < 60; ++i)
    squares += std::pow(static_cast<double>(d.y(i, 0) - by_place["main"_n](i, 0)), 2);
  CHECK(std::abs(main_loss - squares / 60) < 1e-6);

  // a submodel takes the weights that it has; the whole does not get all of its own from it
  tg::predictor<main_only> head;
  head.copy_weights(a);
  CHECK(xt::allclose(head.predict({d.wide, d.deep}), main));
  xt::xtensor<float, 2> into = xt::zeros<float>({60, 1});
  head.predict({d.wide, d.deep}, into);
  CHECK(xt::allclose(into, main));
  head.predict(tg::by_name("deep_in"_n = d.deep, "wide_in"_n = d.wide), into, {.batch_size = 9});
  CHECK(xt::allclose(into, main));
  CHECK_THROWS_MATCHES(
      a.copy_weights(head), std::invalid_argument,
      Message("copy_weights, from the other model: there is no weight \"dense_3/kernel\"; the "
              "weights are dense/kernel, dense/bias, dense_1/kernel, dense_1/bias, dense_2/kernel, "
              "dense_2/bias"));
  CHECK(weights_of(a) == weights_of(b));
}

TEST_CASE("networks: splits, weights and mistakes") {
  data_set const d;
  auto a = make<wide_and_deep>(tg::sgd{.learning_rate = 0.05F});
  auto b = make<wide_and_deep>(tg::sgd{.learning_rate = 0.05F});
  tg::fit_options split = quiet(2);
  split.validation_split = 0.2;
  auto const held_back = a.fit({{d.wide, d.deep}, {d.y, d.z}}, split);
  auto const head = [](auto const& x) { return xt::view(x, xt::range(0, 48)); };
  auto const tail = [](auto const& x) { return xt::view(x, xt::range(48, 60)); };
  tg::fit_options given = quiet(2);
  given.validation_data = {{tail(d.wide), tail(d.deep)}, {tail(d.y), tail(d.z)}};
  auto const by_hand = b.fit({{head(d.wide), head(d.deep)}, {head(d.y), head(d.z)}}, given);
  CHECK(weights_of(a) == weights_of(b));
  CHECK(held_back["val_loss"] == by_hand["val_loss"]);

  // weights of samples for one output, and of losses, which may change between steps
  REQUIRE(a.loss_weights().size() == 2);
  CHECK(a.loss_weights()[0] == 0.9F);
  xt::xtensor<float, 1> const none = xt::zeros<float>({60});
  a.loss_weights()[1] = 0;
  b.loss_weights()[1] = 0.5F;
  a.train_on_batch({d.wide, d.deep}, {d.y, d.z});
  b.train_on_batch({{d.wide, d.deep}, {d.y, d.z}, tg::by_name("auxiliary"_n = none)});
  CHECK(weights_of(a) == weights_of(b));
  b.train_on_batch({d.wide, d.deep}, {d.y, d.z});
  CHECK(weights_of(a) != weights_of(b));
  decltype(a) unweighted{tg::sgd{}};  // made without `compile`: all losses count alike
  CHECK(unweighted.loss_weights().size() == 2);
  CHECK(unweighted.loss_weights()[1] == 1);
  unweighted.train_on_batch({d.wide, d.deep}, {d.y, d.z});

  tg::fit_options by_class = quiet(1);
  by_class.class_weight = {{1, 2.0F}};
  CHECK_THROWS_MATCHES(a.fit({{d.wide, d.deep}, {d.y, d.z}}, by_class), std::invalid_argument,
                       Message("fit: class_weight needs a model of one target, this one has 2; "
                               "give sample_weight by name"));
  CHECK_THROWS_MATCHES(a.fit({{d.wide, d.deep}, d.y}, quiet(1)), std::invalid_argument,
                       Message("fit: target \"auxiliary\" is missing"));
  CHECK_THROWS_MATCHES(a.fit({d.wide, {d.y, d.z}}, quiet(1)), std::invalid_argument,
                       Message("fit: input \"deep_in\" is missing"));
  CHECK_THROWS_MATCHES(a.predict({d.deep, d.wide}), std::invalid_argument,
                       Message("predict: input \"wide_in\" needs samples of extents 3, got an "
                               "array of shape 60x5"));
  CHECK_THROWS_MATCHES(a.evaluate({{d.wide, d.deep}, tg::by_name("mian"_n = d.y)}),
                       std::invalid_argument,
                       Message("evaluate: there is no target \"mian\"; the targets are \"main\", "
                               "\"auxiliary\""));
  given.validation_data = {{d.wide, d.deep}, tg::by_name("main"_n = d.y)};
  CHECK_THROWS_MATCHES(a.fit({{d.wide, d.deep}, {d.y, d.z}}, given), std::invalid_argument,
                       Message("fit: validation_data: target \"auxiliary\" is missing"));
}

TEST_CASE("networks: a checkpoint goes on") {
  data_set const d;
  std::string const path = "networks_checkpoint.safetensors";
  auto a = make<wide_and_deep>(tg::rmsprop{});
  a.fit({{d.wide, d.deep}, {d.y, d.z}}, quiet(1));
  a.save(path);
  auto b = make<wide_and_deep>(tg::rmsprop{});
  b.load(path);
  CHECK(b.step() == 4);
  CHECK(weights_of(a) == weights_of(b));
  a.fit({{d.wide, d.deep}, {d.y, d.z}}, quiet(2));
  b.fit({{d.wide, d.deep}, {d.y, d.z}}, quiet(2));
  CHECK(weights_of(a) == weights_of(b));
  std::remove(path.c_str());
}

TEST_CASE("networks: batches hold all arrays") {
  data_set const d;
  xt::xtensor<float, 1> const weights = xt::arange<float>(60);
  for (bool const shuffle : {false, true}) {
    std::vector<int> seen;
    for (tg::samples const& s :
         tg::batches({tg::by_name("deep_in"_n = d.deep, "wide_in"_n = d.wide), {d.y, d.z}, weights},
                     {.batch_size = 16, .shuffle = shuffle})) {
      REQUIRE(s.x.size() == 2);
      REQUIRE(s.y.size() == 2);
      CHECK(s.x[0].name == "deep_in");
      auto const* const deep = static_cast<float const*>(s.x[0].values.data());
      auto const* const wide = static_cast<float const*>(s.x[1].values.data());
      auto const* const z = static_cast<float const*>(s.y[1].values.data());
      auto const* const w = static_cast<float const*>(s.sample_weight[0].values.data());
      for (std::int64_t i = 0; i < s.size(); ++i) {
        auto const row = static_cast<std::size_t>(w[i]);
        seen.push_back(static_cast<int>(row));
        bool const same =
            deep[5 * i + 4] == d.deep(row, 4) && wide[3 * i] == d.wide(row, 0) && z[i] == d.z(row);
        CHECK(same);
      }
    }
    CHECK(std::is_sorted(seen.begin(), seen.end()) == !shuffle);
    std::sort(seen.begin(), seen.end());
    CHECK(seen.size() == 60);
    CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
  }
  CHECK_THROWS_MATCHES(
      tg::batches({{d.wide, xt::ones<float>({59, 5})}, d.y}), std::invalid_argument,
      Message("batches: x has 60 samples and another x has 59; they must be as many"));
}

namespace {

// The targets of both outputs side by side.
struct sum_of_both {
  constexpr symbol operator()(auto out, symbol y) const {
    symbol const main = square(out["main"_n] - slice(y, {0}, {1}));
    symbol const auxiliary = square(out["auxiliary"_n] - slice(y, {1}, {2}));
    return sum(0.9F * main + 0.1F * auxiliary);
  }
};
struct small : tg::network<small> {
  using inputs = tg::inputs<tg::named<"a", 2>, tg::named<"b", 2>>;
  tg::dense<1, tg::no_bias> layer;
  constexpr auto call(symbol a, symbol b) {
    a = layer(a);
    b = layer(b);
    return tg::outputs(tg::output<"main">(a), tg::output<"auxiliary">(b));
  }
};

}  // namespace

TEST_CASE("networks: value_and_gradient of a function of several outputs") {
  using recipe = tg::training_detail::objective_recipe<net, sum_of_both, float, tg::shape<2>>;
  tg::graph const g = recipe::build();
  REQUIRE_FALSE(g.failed());
  std::string const at = "wide_and_deep/";
  std::vector<oracle::values> start;
  for (auto const& w : g.weights)
    start.push_back(stored(at + "start/" + std::string(w.path.view())));
  auto const main = part(stored(at + "target/main"), 0);
  auto const auxiliary = part(stored(at + "target/auxiliary"), 0);
  oracle::values both;
  for (std::size_t i = 0; i < 7; ++i) both.insert(both.end(), {main[i], auxiliary[i]});
  auto const got = oracle::run(
      g, 7, {part(stored(at + "input/wide_in"), 0), part(stored(at + "input/deep_in"), 0), both},
      start);
  compare("loss", got[0], stored(at + "weights_0.9_0.1/loss"));
  for (int i = 0; i < g.weights.size(); ++i) {
    std::string const path(g.weights[i].path.view());
    compare(path, got[static_cast<std::size_t>(i + 1)],
            stored(at + "weights_0.9_0.1/gradient/" + path));
  }

  tg::predictor<small> model;
  auto loss = tg::value_and_gradient<float, tg::shape<2>>(model, sum_of_both{});
  model.weight("dense/kernel")(0, 0) = 2;
  model.weight("dense/kernel")(1, 0) = -1;
  xt::xtensor<float, 2> const a{{1, 2}}, b{{3, 1}}, y{{1, 2}};
  CHECK(std::abs(loss(tg::by_name("b"_n = b, "a"_n = a), y) - (0.9F * 1 + 0.1F * 9)) < 1e-6F);
  CHECK(std::abs(loss.gradient("dense/kernel")(0, 0) - (0.9F * -2 + 0.1F * 6 * 3)) < 1e-5F);
  CHECK(std::abs(loss.gradient("dense/kernel")(1, 0) - (0.9F * -2 * 2 + 0.1F * 6)) < 1e-5F);
}

namespace {

/// What a model of these losses and metrics measures, one after the other, or what is wrong.
template <class Model = net, class Loss, class... Others>
std::string measured(Loss const&, Others const&...) {
  using task_type = tg::training_detail::task_of<Model, Loss, Others...>;
  return
      []<class L, class... M>(std::type_identity<tg::training_detail::loss_trace<Model, L, M...>>) {
        tg::graph const g = tg::training_detail::loss_graph<Model, L, M...>(true);
        std::string all(g.error.view());
        for (auto const& name : g.output_names)
          all += (all.empty() ? "" : " ") + std::string(name.view());
        all += " :";
        for (auto const& in : g.inputs) all += " " + std::string(in.name.view());
        return all;
      }(std::type_identity<typename task_type::trace>{});
}

}  // namespace

TEST_CASE("networks: losses and metrics of some outputs, or of all") {
  using tg::mean_absolute_error;
  using tg::mean_squared_error;
  CHECK(measured(mean_squared_error{}, mean_absolute_error{}) ==
        "loss main_loss auxiliary_loss main_mean_absolute_error auxiliary_mean_absolute_error : "
        "wide_in deep_in main auxiliary sample_weight sample_weight");
  CHECK(measured(tg::losses("auxiliary"_n = mean_squared_error{}), mean_absolute_error{},
                 tg::loss_weights("auxiliary"_n = 0.5F)) ==
        "loss auxiliary_loss auxiliary_mean_absolute_error : wide_in deep_in target sample_weight "
        "loss_weights");
  CHECK(measured(mean_squared_error{}, tg::metrics("auxiliary"_n = std::tuple{mean_absolute_error{},
                                                                              mean_squared_error{}},
                                                   "main"_n = mean_squared_error{})) ==
        "loss main_loss auxiliary_loss main_mean_squared_error auxiliary_mean_absolute_error "
        "auxiliary_mean_squared_error : wide_in deep_in main auxiliary sample_weight "
        "sample_weight");
  CHECK(measured(tg::losses(mean_squared_error{}), tg::metrics(mean_absolute_error{})) ==
        "loss main_loss main_mean_absolute_error : wide_in deep_in target sample_weight");
  CHECK(measured<main_only>(mean_squared_error{}, mean_absolute_error{}) ==
        "loss mean_absolute_error : wide_in deep_in target sample_weight");
  auto const error = [](std::string const& all) { return all.substr(0, all.rfind(" :")); };
  CHECK(
      error(measured(tg::losses(mean_squared_error{}, mean_squared_error{}, mean_squared_error{})))
          .starts_with("compile: losses: there are more of them than outputs; the outputs are"));
  CHECK(error(measured(tg::losses("main"_n = mean_squared_error{}, mean_squared_error{},
                                  "main"_n = mean_absolute_error{}))) ==
        "compile: losses: output \"main\" has two losses");
  CHECK(
      error(measured(mean_squared_error{}, mean_absolute_error{},
                     tg::metrics("main"_n = mean_absolute_error{}))) ==
      "compile: \"main_mean_absolute_error\" is measured twice; give one of the two another name");
  CHECK(error(measured(tg::losses("main"_n = 3))) ==
        "compile: losses: int, for output \"main\", is not a loss");
}

namespace {

template <bool InTraining>
struct sometimes_measured : tg::network<sometimes_measured<InTraining>> {
  using inputs = tg::inputs<tg::input<2>>;
  tg::dense<1> layer;
  constexpr auto call(symbol x) {
    if (this->training() == InTraining) this->add_metric("size", sum(x));
    return layer(x);
  }
};
template <bool InTraining>
using sometimes =
    tg::training_detail::loss_trace<sometimes_measured<InTraining>, tg::mean_squared_error<>>;

}  // namespace

TEST_CASE("networks: an output's loss has one weight") {
  using weights = decltype(tg::loss_weights("main"_n = 1.0F, "main"_n = 2.0F));
  using task_type = tg::training_detail::task_of<net, tg::mean_squared_error<>, weights>;
  using check =
      tg::training_detail::task_check<tg::sgd, tg::mean_squared_error<>, task_type, weights>;
  CHECK(check::sentence().view() == "compile: loss_weights: output \"main\" has two");
}

TEST_CASE("networks: what layers measure must be the same in training and outside of it") {
  CHECK(sometimes<true>::sentence().view().starts_with("compile: a layer measures in training"));
  CHECK(sometimes<false>::sentence().view().starts_with("compile: a layer measures in training"));
}
