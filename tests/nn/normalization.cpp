// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/compiler/lower.hpp>
#include <typegrad/compiler/simplify.hpp>
#include <typegrad/nn.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <random>
#include <string>
#include <vector>

// Normalization layers: Keras's numbers, the limit of differences, numbers far from zero, and what
// is wrong in one sentence.

namespace {

namespace tg = typegrad;
using tg::input;
using tg::sequential;

/// The model with sum(cotangent * y) differentiated. Outputs: y, the gradients of the input and the
/// trained weights, the states' updates.
struct differentiated {
  tg::graph g;
  tg::symbol objective;
  tg::list<int> wanted;  ///< the input, the trained weights

  explicit differentiated(tg::graph&& traced) : g{std::move(traced)} {
    REQUIRE(std::string(g.error.view()) == "");
    tg::symbol const y{g, g.outputs[0]};
    tg::symbol const cotangent = tg::build::input(g, "cotangent", y.shape());
    objective = tg::sum(y * cotangent);
    wanted.push_back(0);
    for (int id = 0; id < g.size(); ++id) {
      if (g[id].code == tg::op::input && g[id].index == 0) wanted[0] = id;
      if (g[id].code == tg::op::weight && g.weights[g[id].index].trainable) wanted.push_back(id);
    }
    for (int const id : tg::differentiate(g, objective, wanted)) {
      REQUIRE(id >= 0);
      g.outputs.push_back(id);
    }
    for (tg::state_update const& u : g.updates) g.outputs.push_back(u.node);
  }
};

std::string last_name(tg::weight_info const& w) {
  std::string const path(w.path.view());
  return path.substr(path.rfind('/') + 1);
}

std::vector<oracle::values> stored_weights(tg::graph const& g, std::string const& name,
                                           std::string const& suffix = "") {
  std::vector<oracle::values> out;
  for (tg::weight_info const& w : g.weights)
    out.push_back(oracle::load("norms", name + "/" + last_name(w) + (w.state ? suffix : "")));
  return out;
}

template <class Net>
void compare(std::string const& name) {
  INFO(name);
  differentiated const d(tg::trace<Net>(true));
  auto const x = oracle::load("norms", name + "/x");
  auto const batch = static_cast<std::int64_t>(x.size()) / d.g.inputs[0].shape.count();
  auto const got = oracle::run(d.g, batch, {x, oracle::load("norms", name + "/cotangent")},
                               stored_weights(d.g, name));
  oracle::check_close(got[0], oracle::load("norms", name + "/y"));
  oracle::check_close(got[1], oracle::load("norms", name + "/dx"));
  std::size_t next = 2;
  for (tg::weight_info const& w : d.g.weights)
    if (w.trainable)
      oracle::check_close(got[next++], oracle::load("norms", name + "/d_" + last_name(w)));
  for (tg::weight_info const& w : d.g.weights)
    if (w.state)
      oracle::check_close(got[next++], oracle::load("norms", name + "/" + last_name(w) + "_after"));
  CHECK(next == got.size());
  if (d.g.updates.empty()) return;
  tg::graph const g = tg::trace<Net>();
  CHECK(g.updates.empty());
  oracle::check_close(oracle::run(g, batch, {x}, stored_weights(g, name, "_after"))[0],
                      oracle::load("norms", name + "/predicted"));
}

using tg::batch_normalization;
using tg::group_normalization;
using tg::layer_normalization;
using tg::rms_normalization;
using tg::unit_normalization;

TEST_CASE("normalization layers, their gradients and moving statistics are Keras's") {
  compare<sequential<input<3, 2, 5>, batch_normalization<>>>("batch");
  compare<sequential<input<7>, batch_normalization<tg::epsilon(0.01), tg::momentum(0.7)>>>(
      "batch_vector");
  compare<sequential<input<3, 2, 4>, batch_normalization<tg::axis(0)>>>("batch_axis_1");
  compare<sequential<input<2, 6>, batch_normalization<tg::no_scale, tg::no_center>>>(
      "batch_plain");
  compare<sequential<input<3, 5>, layer_normalization<>>>("layer");
  compare<sequential<input<9>, layer_normalization<tg::epsilon(0.1)>>>("layer_vector");
  compare<sequential<input<2, 3, 4>, layer_normalization<tg::axis(-1, 1)>>>("layer_axes_2_3");
  compare<sequential<input<4, 3>, layer_normalization<tg::axis(0)>>>("layer_axis_1");
  compare<sequential<input<2, 6>, layer_normalization<tg::no_center, tg::no_scale>>>("layer_plain");
  compare<sequential<input<3, 2, 6>, group_normalization<2>>>("group_2");
  compare<sequential<input<3, 4, 3>, group_normalization<-1, tg::epsilon(0.01)>>>("group_each");
  compare<sequential<input<8>, group_normalization<4>>>("group_4_vector");
  compare<sequential<input<5, 4>, group_normalization<1, tg::no_center>>>("group_1");
  compare<sequential<input<3, 6>, rms_normalization<>>>("rms");
  compare<sequential<input<5>, rms_normalization<tg::epsilon(0.1)>>>("rms_epsilon");
  compare<sequential<input<3, 4>, unit_normalization<>>>("unit");
  compare<sequential<input<3, 4>, unit_normalization<tg::axis(0)>>>("unit_axis_1");
}

/// How far the slope of outputs[0] is from its gradients (the following outputs), relative.
double deviation(tg::graph const& g, tg::reference::bindings const& at,
                 tg::list<int> const& wanted) {
  std::mt19937 random{5};
  std::uniform_real_distribution<double> uniform{-1, 1};
  constexpr double step = 1e-5;
  auto above = at, below = at;
  auto const gradients = tg::reference::evaluate<double>(g, at);
  double expected = 0;
  for (int i = 0; i < wanted.size(); ++i) {
    tg::node const& n = g[wanted[i]];
    auto const slot = static_cast<std::size_t>(n.index);
    bool const is_input = n.code == tg::op::input;
    auto& up = is_input ? above.inputs[slot] : above.weights[slot];
    auto& down = is_input ? below.inputs[slot] : below.weights[slot];
    for (std::size_t e = 0; e < up.size(); ++e) {
      double const direction = uniform(random);
      up[e] += step * direction;
      down[e] -= step * direction;
      expected += direction * gradients[static_cast<std::size_t>(i) + 1][e];
    }
  }
  auto const total = [&](tg::reference::bindings const& b) {
    double sum = 0;
    auto const values = tg::reference::evaluate<double>(g, b);
    for (double const v : values[0]) sum += v;
    return sum;
  };
  double const slope = (total(above) - total(below)) / (2 * step);
  return std::abs(slope - expected) / std::max({1.0, std::abs(slope), std::abs(expected)});
}

template <class Net>
void check_gradients() {
  for (std::int64_t const batch : {2, 3, 5}) {
    differentiated d(tg::trace<Net>(true));
    tg::reference::bindings at;
    at.batch_size = batch;
    std::mt19937 random{static_cast<unsigned>(batch)};
    std::normal_distribution<double> normal{0.3, 1};
    auto const fill = [&](std::int64_t count) {
      tg::reference::values v(static_cast<std::size_t>(count));
      for (double& e : v) e = normal(random);
      return v;
    };
    for (tg::input_info const& i : d.g.inputs) at.inputs.push_back(fill(batch * i.shape.count()));
    for (tg::weight_info const& w : d.g.weights) at.weights.push_back(fill(w.shape.count()));
    d.g.outputs[0] = d.objective.id();
    CHECK(deviation(d.g, at, d.wanted) < 1e-7);
    // the slope of the gradients' squares
    tg::symbol squares = tg::build::constant(d.g, 0);
    for (int i = 0; i < d.wanted.size(); ++i)
      squares = squares + tg::batch_sum(tg::sum(square(tg::symbol{d.g, d.g.outputs[i + 1]})));
    auto const second = tg::differentiate(d.g, squares, d.wanted);
    d.g.outputs.clear();
    d.g.outputs.push_back(squares.id());
    tg::list<int> wanted;  // the gradients do not depend on beta
    for (int i = 0; i < second.size(); ++i) {
      if (second[i] < 0) continue;
      wanted.push_back(d.wanted[i]);
      d.g.outputs.push_back(second[i]);
    }
    CHECK(deviation(d.g, at, wanted) < 1e-6);
    // what the compiler makes of it is the same
    auto const plain = tg::reference::evaluate<double>(d.g, at);
    auto const simple =
        tg::reference::evaluate<double>(tg::simplify(tg::lower(tg::simplify(d.g))), at);
    for (std::size_t i = 0; i < plain.size(); ++i) oracle::check_close(simple[i], plain[i], 1e-9);
  }
}

TEST_CASE("gradients of normalization are the limits of differences, to second order") {
  check_gradients<sequential<input<2, 3>, batch_normalization<>>>();
  check_gradients<sequential<input<4>, batch_normalization<tg::no_scale>>>();
  check_gradients<sequential<input<3, 2>, batch_normalization<tg::axis(0)>>>();
  check_gradients<sequential<input<2, 4>, layer_normalization<>>>();
  check_gradients<sequential<input<2, 3, 2>, layer_normalization<tg::axis(0, 1)>>>();
  check_gradients<sequential<input<2, 6>, group_normalization<3>>>();
  check_gradients<sequential<input<2, 3>, group_normalization<-1>>>();
  check_gradients<sequential<input<6>, group_normalization<2, tg::no_scale>>>();
  check_gradients<sequential<input<2, 4>, rms_normalization<>>>();
  check_gradients<sequential<input<2, 4>, unit_normalization<>>>();
}

TEST_CASE("a variance that is small beside the mean keeps its digits") {
  std::mt19937 random{1};
  std::normal_distribution<double> normal{1000, 0.5};
  oracle::values x(64 * 3 * 4);
  for (double& v : x) v = static_cast<double>(static_cast<float>(normal(random)));
  tg::reference::bindings at;
  at.batch_size = 64;
  at.inputs = {x};
  at.weights = {oracle::values(4, 1), oracle::values(4, 0), oracle::values(4, 0),
                oracle::values(4, 1)};
  // E[x^2] - E[x]^2 in float32 would be wrong by a quarter of the variance
  auto const close = [&](tg::graph const& g, double tolerance) {
    auto const exact = tg::reference::evaluate<double>(g, at);
    auto const got = tg::reference::interpreter<float>{g, at}.run();
    oracle::check_close(got[0], exact[0], tolerance);
  };
  close(tg::trace<sequential<input<3, 4>, batch_normalization<>>>(true), 1e-4);
  close(tg::trace<sequential<input<3, 4>, group_normalization<2>>>(true), 1e-3);
  close(tg::trace<sequential<input<3, 4>, layer_normalization<>>>(true), 3e-3);
}

template <class M>
std::string error_of(bool training = false) {
  return std::string(tg::trace<M>(training).error.view());
}

template <class M>
std::string weights_of() {
  std::string all;
  for (tg::weight_info const& w : tg::trace<M>().weights) {
    if (!all.empty()) all += ", ";
    all += last_name(w) + " " + std::string(to_text(w.shape).view());
  }
  return all;
}

TEST_CASE("normalization layers' weights, and which of them are trained") {
  using bn = sequential<input<5, 4>, batch_normalization<>>;
  CHECK(weights_of<bn>() == "gamma 4, beta 4, moving_mean 4, moving_variance 4");
  STATIC_CHECK(tg::parameter_count<bn> == 16);
  STATIC_CHECK(tg::trainable_parameter_count<bn> == 8);
  using frozen = sequential<input<5, 4>, tg::frozen<batch_normalization<>>>;
  CHECK(weights_of<frozen>() == weights_of<bn>());
  STATIC_CHECK(tg::parameter_count<frozen> == 16);
  STATIC_CHECK(tg::trainable_parameter_count<frozen> == 0);
  CHECK(tg::trace<bn>(true).updates.size() == 2);
  CHECK(tg::trace<bn>(false).updates.empty());
  CHECK(tg::trace<frozen>(true).updates.empty());
  CHECK(weights_of<sequential<input<5, 4>, batch_normalization<tg::axis(0), tg::no_center>>>() ==
        "gamma 5, moving_mean 5, moving_variance 5");
  CHECK(weights_of<sequential<input<5, 4>, layer_normalization<tg::axis(1, 0)>>>() ==
        "gamma 5x4, beta 5x4");
  CHECK(weights_of<sequential<input<5, 64>, group_normalization<>>>() == "gamma 64, beta 64");
  CHECK(weights_of<sequential<input<5, 4>, rms_normalization<>>>() == "scale 4");
  auto const g = tg::trace<sequential<
      input<3>, batch_normalization<tg::gamma_regularizer(tg::l2(0.5F)), tg::no_center,
                                    tg::moving_variance_initializer(tg::constant{4}),
                                    tg::gamma_initializer(tg::constant{2})>>>();
  CHECK(g.weights[0].l2 == 0.5F);
  CHECK(g.weights[0].initial.a == 2);
  CHECK(g.weights[1].initial == tg::initializer{});
  CHECK(g.weights[2].initial.a == 4);
}

TEST_CASE("what is wrong with a normalization layer is one sentence") {
  CHECK(error_of<sequential<input<4>, batch_normalization<tg::momentum(1.5)>>>() ==
        "layer 1, batch_normalization: momentum must be from 0 to 1, got 1.5");
  CHECK(error_of<sequential<input<4>, batch_normalization<tg::epsilon(-1)>>>() ==
        "layer 1, batch_normalization: epsilon must not be negative, got -1");
  CHECK(error_of<sequential<input<3, 4>, batch_normalization<tg::axis(2)>>>() ==
        "layer 1, batch_normalization: extents 3x4 have no axis 2; axes are those of one sample, "
        "from 0, or from -1 at the end");
  CHECK(error_of<sequential<input<3, 4>, batch_normalization<tg::axis(0, 1)>>>() ==
        "layer 1, batch_normalization: axis needs one axis, got 2");
  CHECK(error_of<sequential<input<3, 4>, batch_normalization<tg::relu>>>() ==
        "layer 1, batch_normalization: option 1 (activation) is not one that batch_normalization "
        "takes");
  CHECK(error_of<sequential<input<>, batch_normalization<>>>() ==
        "layer 1, batch_normalization: needs at least one axis, got a scalar; put reshape<1> "
        "before it");
  CHECK(error_of<sequential<input<3, 4>, layer_normalization<tg::axis(1, -1)>>>() ==
        "layer 1, layer_normalization: axis 1 is named twice");
  CHECK(error_of<sequential<input<3, 4>, layer_normalization<tg::momentum(0.5)>>>() ==
        "layer 1, layer_normalization: option 1 (momentum) is not one that layer_normalization "
        "takes");
  CHECK(error_of<sequential<input<4, 10>, group_normalization<4>>>() ==
        "layer 1, group_normalization: 10 channels cannot be divided into 4 groups of one size");
  CHECK(error_of<sequential<input<4, 10>, group_normalization<0>>>() ==
        "layer 1, group_normalization: groups must be positive, or -1 for one a channel, got 0");
  CHECK(error_of<sequential<input<3>, rms_normalization<tg::axis(-2)>>>() ==
        "layer 1, rms_normalization: extents 3 have no axis -2; axes are those of one sample, from "
        "0, or from -1 at the end");
}

// State ------------------------------------------------------------------------------------------

struct two_calls : tg::layer<two_calls> {
  batch_normalization<tg::momentum(0.5)> shared;
  constexpr tg::symbol call(tg::symbol x) { return shared(2 * shared(x)); }
};

TEST_CASE("a shared layer's second call goes on from the first one's state") {
  tg::graph g = tg::trace<sequential<input<1>, two_calls>>(true);
  REQUIRE(g.updates.size() == 2);
  g.outputs.clear();
  for (tg::state_update const& u : g.updates) g.outputs.push_back(u.node);
  auto const after = oracle::run(g, 2, {{1, 5}}, {{1}, {3}, {8}, {1}});
  // means 3 and 6; variances 4 and 4 * (4 / 4.001)
  oracle::check_close(after[0], {(8 * 0.5 + 3 * 0.5) * 0.5 + 6 * 0.5}, 1e-6);
  oracle::check_close(after[1], {(1 * 0.5 + 4 * 0.5) * 0.5 + 16 / 4.001 * 0.5}, 1e-6);
}

template <class Value>
struct keeper : tg::layer<keeper<Value>> {
  static constexpr std::string_view name = "keeper";
  tg::symbol state, weight;
  constexpr void build(tg::weights& add, tg::extents input) {
    state = add.state("state", input, tg::zeros{});
    weight = add("weight", input, tg::ones{});
  }
  constexpr tg::symbol call(tg::symbol x) {
    Value{}(*this, x);
    return x * weight;
  }
  constexpr void keep(tg::symbol what, tg::symbol value) { this->update(what, value); }
};
struct keep_sum {
  constexpr void operator()(auto& l, tg::symbol x) { l.keep(l.state, tg::batch_sum(x)); }
};
struct keep_sample {
  constexpr void operator()(auto& l, tg::symbol x) { l.keep(l.state, x); }
};
struct keep_scalar {
  constexpr void operator()(auto& l, tg::symbol x) { l.keep(l.state, tg::batch_sum(tg::sum(x))); }
};
struct keep_in_weight {
  constexpr void operator()(auto& l, tg::symbol x) { l.keep(l.weight, tg::batch_sum(x)); }
};
struct keep_nothing {
  constexpr void operator()(auto& l, tg::symbol) { l.keep(l.state, tg::symbol{}); }
};

TEST_CASE("a layer of one's own can have state, and is told what is wrong with it") {
  tg::graph const g = tg::trace<sequential<input<2>, keeper<keep_sum>>>(true);
  REQUIRE(g.updates.size() == 1);
  CHECK(g.updates[0].weight == 0);
  CHECK(g.weights[0].state);
  CHECK(!g.weights[0].trainable);
  CHECK(tg::trace<sequential<input<2>, keeper<keep_sum>>>(false).updates.empty());
  CHECK(error_of<sequential<input<2>, keeper<keep_scalar>>>(false) ==
        error_of<sequential<input<2>, keeper<keep_scalar>>>(true));
  CHECK(error_of<sequential<input<2>, keeper<keep_sample>>>(true) ==
        "layer 1, keeper: update: keeper/state needs a value of extents 2 that all samples share, "
        "got 2 a sample; use batch_mean");
  CHECK(error_of<sequential<input<2>, keeper<keep_scalar>>>(true) ==
        "layer 1, keeper: update: keeper/state needs a value of extents 2 that all samples share, "
        "got scalar");
  CHECK(error_of<sequential<input<2>, keeper<keep_in_weight>>>(true) ==
        "layer 1, keeper: update: the first argument must be what build made with add.state");
  CHECK(error_of<sequential<input<2>, keeper<keep_nothing>>>(true) ==
        "layer 1, keeper: update: the new value is empty");
  CHECK(error_of<sequential<input<2>, tg::frozen<keeper<keep_sample>>>>(true) == "");
}

}  // namespace
