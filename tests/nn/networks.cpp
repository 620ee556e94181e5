// SPDX-License-Identifier: BSL-1.0
#include "oracle.hpp"

#include <typegrad/compiler/program.hpp>
#include <typegrad/compiler/simplify.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training/recipes.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

// Networks, functional models and submodels, traced at run time and run by the interpreter.

namespace {

namespace tg = typegrad;
using namespace tg::literals;
using oracle::check_close;
using oracle::values;
using tg::symbol;

// Numbers that depend on the name alone, so that equal paths have equal weights in all models.
values numbers(std::string_view name, std::int64_t count) {
  double seed = 0;
  for (char const c : name) seed = std::fmod(seed * 31 + c, 1009);
  values out;
  for (std::int64_t i = 0; i < count; ++i)
    out.push_back(name.ends_with("variance") ? 0.5 + std::fmod(static_cast<double>(i) * 0.37, 1)
                                             : std::sin(seed + 1.7 * static_cast<double>(i)));
  return out;
}

template <class Model>
tg::graph traced(bool training = false) {
  tg::graph g = tg::trace<Model>(training);
  INFO(g.error.view());
  REQUIRE_FALSE(g.failed());
  return g;
}

std::vector<values> run(tg::graph const& g, std::int64_t batch = 3, std::uint64_t seed = 7) {
  tg::reference::bindings b;
  b.batch_size = batch;
  b.seed = seed;
  for (auto const& in : g.inputs)
    b.inputs.push_back(numbers(in.name.view(), batch * in.shape.count()));
  for (auto const& w : g.weights) b.weights.push_back(numbers(w.path.view(), w.shape.count()));
  return tg::reference::interpreter<float>{g, b}.run();
}

using names = std::vector<std::string>;
names paths(tg::graph const& g) {
  names all;
  for (auto const& w : g.weights) all.emplace_back(w.path.view());
  return all;
}
names input_names(tg::graph const& g) {
  names all;
  for (auto const& in : g.inputs) all.emplace_back(in.name.view());
  return all;
}
names output_names(tg::graph const& g) {
  names all;
  for (auto const& n : g.output_names) all.emplace_back(n.view());
  return all;
}
names layer_paths(tg::graph const& g) {
  names all;
  for (auto const& l : g.layers) all.emplace_back(l.scope.path.view());
  return all;
}
int count(tg::graph const& g, tg::op code) {
  int n = 0;
  for (int id = 0; id < g.size(); ++id) n += g[id].code == code;
  return n;
}
/// Every call record is within the graph, and nested as depths say.
void check_calls(tg::graph const& g) {
  for (int i = 0; i < g.calls.size(); ++i) {
    auto const& c = g.calls[i];
    CAPTURE(i);
    CHECK(c.layer < g.layers.size());
    CHECK(c.end > i);
    CHECK(c.end <= g.calls.size());
    CHECK(c.first_value + c.inputs + c.outputs <= g.call_values.size());
    for (int k = i + 1; k < c.end; ++k) CHECK(g.calls[k].depth > c.depth);
    for (int k = 0; k < c.inputs + c.outputs; ++k) {
      CHECK(g.call_values[c.first_value + k] >= 0);
      CHECK(g.call_values[c.first_value + k] < g.size());
    }
  }
  for (auto const& l : g.layers) {
    CHECK(l.first_weight <= l.weights_end);
    CHECK(l.weights_end <= g.weights.size());
    for (int w = l.first_weight; w < l.weights_end; ++w)
      CHECK(g.weights[w].path.view().starts_with(l.scope.path.view()));
  }
}

struct tower : tg::network<tower> {
  using inputs = tg::inputs<tg::input<6>>;
  tg::dense<8, tg::relu> first;
  tg::dense<4> second;
  constexpr auto call(symbol x) { return second(first(x)); }
};

struct towers : tg::network<towers> {
  using inputs = tg::inputs<tg::named<"left", 6>, tg::named<"right", 6>>;
  tower shared;
  tg::dense<3> head;
  constexpr auto call(symbol left, symbol right) {
    symbol const u = shared(left);
    symbol const v = shared(right);
    symbol const classes = head(concatenate(u, v));
    return tg::outputs(tg::output<"distance">(sum(square(u - v), {-1}, tg::keepdims)),
                       tg::output<"classes">(classes));
  }
};
static_assert(tg::parameter_count<towers> == (6 * 8 + 8) + (8 * 4 + 4) + (8 * 3 + 3));
static_assert(std::same_as<tg::input_shape<towers>, tg::shape<6>>);

}  // namespace

TEST_CASE("networks: a tower within a network is called twice with the same weights") {
  tg::graph const g = traced<towers>();
  CHECK(paths(g) == names{"tower/dense/kernel", "tower/dense/bias", "tower/dense_1/kernel",
                          "tower/dense_1/bias", "dense/kernel", "dense/bias"});
  CHECK(input_names(g) == names{"left", "right"});
  CHECK(output_names(g) == names{"distance", "classes"});
  CHECK(layer_paths(g) == names{"tower", "tower/dense", "tower/dense_1", "dense"});
  CHECK(g.calls.size() == 7);
  CHECK(g.outputs.size() == 2);
  CHECK(g.scope.path.empty());
  check_calls(g);
  // the tower by itself is a model, whose paths begin with its layers' names
  CHECK(paths(traced<tower>()) ==
        names{"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"});
}

namespace {

// A sequential, a functional and a network within a network; the functional makes its layers.
using stage = tg::functional<tg::inputs<tg::input<4>>, [](symbol x) {
  x = tg::dense<4, tg::tanh>{}(x);
  return tg::sequential<tg::dense<5>, tg::dense<4>>{}(x);
}>;
struct pair : tg::network<pair> {
  tg::dense<4> a, b;
  constexpr auto call(symbol x) {
    symbol const first = a(x);
    symbol const second = b(x);
    return tg::outputs(tg::output<"low">(first), second);
  }
};
struct nested : tg::network<nested> {
  using inputs = tg::inputs<tg::input<4>>;
  stage twice, other;
  pair both;
  tg::sequential<tg::dense<4, tg::relu>, tower> row;
  constexpr auto call(symbol x) {
    x = twice(x);
    x = other(x);
    x = twice(x);
    auto const [low, high] = both(x);
    auto const again = both(high);
    return row(low + again["low"_n] + again["output_2"_n]);
  }
};

struct wrong_name : tg::network<wrong_name> {
  using inputs = tg::inputs<tg::input<4>>;
  pair both;
  constexpr auto call(symbol x) { return both(x)["lwo"_n]; }
};
struct wrong_number : tg::network<wrong_number> {
  using inputs = tg::inputs<tg::input<6>, tg::input<6>>;
  tower one;
  constexpr auto call(symbol x, symbol y) { return one(x, y); }
};

}  // namespace

TEST_CASE("networks: nesting") {
  tg::graph const g = traced<nested>();
  auto const all = paths(g);
  CHECK(all.size() == 22);
  CHECK(all[0] == "functional/dense/kernel");
  CHECK(all[2] == "functional/sequential/dense/kernel");
  CHECK(all[6] == "functional_1/dense/kernel");
  CHECK(all[12] == "pair/dense/kernel");
  CHECK(all[16] == "sequential/dense/kernel");
  CHECK(all[18] == "sequential/tower/dense/kernel");
  CHECK(tg::traced<nested>::facts.outputs == 1);
  check_calls(g);
  // the first functional is called twice: two layers' nodes each, but one set of weights
  int calls = 0;
  for (auto const& c : g.calls)
    calls += g.layers[c.layer].scope.path.view() == "functional/sequential/dense";
  CHECK(calls == 2);
}

TEST_CASE("networks: several outputs by name; a wrong name is a sentence") {
  CHECK(tg::trace<wrong_name>().error.view() ==
        "wrong_name: there is no output \"lwo\"; the outputs are \"low\", \"output_2\"");
  CHECK(tg::trace<wrong_number>().error.view() ==
        "wrong_number, tower: has no call that takes 2 symbols; write a public one");
  using of_pair = tg::functional<tg::inputs<tg::input<4>>, [](symbol x) { return pair{}(x); }>;
  CHECK(output_names(traced<of_pair>()) == names{"low", "output_2"});
}

namespace {

// A main path, and a branch with all that layers can add: a state, dropout, a penalty, a metric.
struct measured : tg::layer<measured> {
  constexpr symbol call(symbol x) {
    this->add_loss(0.5 * sum(square(x)));
    this->add_metric("size", mean(x));
    return x;
  }
};
struct branched : tg::network<branched> {
  using inputs = tg::inputs<tg::named<"wide", 3>, tg::named<"deep", 5>>;
  tg::dense<6, tg::relu, tg::l2(0.01F)> trunk;
  tg::batch_normalization<> norm;
  tg::dropout<0.5F> drop, other_drop;
  tg::dense<6, tg::activity_regularizer(tg::l2(0.1F))> branch;
  tg::batch_normalization<> branch_norm;
  measured size;
  tg::dense<2> head;
  tg::dense<1> branch_head;
  constexpr auto call(symbol wide, symbol deep) {
    symbol const trunk_value = norm(trunk(deep));
    symbol side = branch(concatenate(wide, trunk_value));
    side = size(other_drop(branch_norm(side)));
    symbol const result = head(drop(trunk_value));
    return tg::outputs(tg::output<"main">(result), tg::output<"side">(branch_head(side)));
  }
};
struct unbranched : tg::network<unbranched> {
  using inputs = tg::inputs<tg::named<"deep", 5>>;
  tg::dense<6, tg::relu, tg::l2(0.01F)> trunk;
  tg::batch_normalization<> norm;
  tg::dropout<0.5F> drop;
  tg::dense<2> head;
  constexpr auto call(symbol deep) {
    symbol const trunk_value = norm(trunk(deep));
    symbol const result = head(drop(trunk_value));
    return tg::outputs(tg::output<"main">(result));
  }
};
using main_only = tg::submodel<branched, "main">;
using side_only = tg::submodel<branched, "side">;
using inner_values = tg::submodel<towers, "tower/dense", "tower/dense:1", "tower:1", "classes">;

/// With the mean of the outputs' squares as the objective: what it is, and all gradients.
template <class Model>
struct trained {
  static constexpr tg::graph build() {
    tg::graph g = tg::trace<Model>(true);
    symbol total = tg::build::constant(g, 0);
    for (int const id : g.outputs) total = total + batch_mean(sum(square(symbol{g, id})));
    for (int const id : g.losses) total = total + batch_mean(sum(symbol{g, id}));
    tg::list<int> const nodes =
        tg::inference_detail::leaf_nodes(g, tg::op::weight, g.weights.size());
    tg::list<int> wanted;
    for (int i = 0; i < nodes.size(); ++i)
      if (g.weights[i].trainable) wanted.push_back(nodes[i]);
    g.outputs.clear();
    g.outputs.push_back(total.id());
    for (int const id : tg::inference_detail::gradients_of(g, total, wanted))
      if (id >= 0) g.outputs.push_back(id);
    for (tg::state_update const& u : g.updates) g.outputs.push_back(u.node);
    return g;
  }
};

template <class A, class B>
constexpr bool same_program() {
  using a = tg::program<A>;
  using b = tg::program<B>;
  return a::step_count == b::step_count && a::sizes.instructions == b::sizes.instructions &&
         a::sizes.buffers == b::sizes.buffers && a::sizes.weights == b::sizes.weights &&
         a::sizes.inputs == b::sizes.inputs && a::weight_elements == b::weight_elements &&
         a::arena_bytes(1) == b::arena_bytes(1) && a::arena_bytes(33) == b::arena_bytes(33);
}
static_assert(same_program<tg::inference_detail::prediction_recipe<main_only>,
                           tg::inference_detail::prediction_recipe<unbranched>>());
static_assert(same_program<trained<main_only>, trained<unbranched>>());
static_assert(tg::parameter_count<main_only> == tg::parameter_count<unbranched>);

}  // namespace

TEST_CASE("submodels: what an output does not need is not there") {
  for (bool const training : {false, true}) {
    CAPTURE(training);
    tg::graph const whole = traced<branched>(training);
    tg::graph const part = traced<main_only>(training);
    tg::graph const by_hand = traced<unbranched>(training);
    CHECK(part.size() == by_hand.size());
    CHECK(part.size() < whole.size());
    CHECK(input_names(part) == names{"deep"});
    CHECK(output_names(part) == names{"main"});
    CHECK(paths(part) == names{"dense/kernel", "dense/bias", "batch_normalization/gamma",
                               "batch_normalization/beta", "batch_normalization/moving_mean",
                               "batch_normalization/moving_variance", "dense_2/kernel",
                               "dense_2/bias"});
    CHECK(layer_paths(part) == names{"dense", "batch_normalization", "dropout_1", "dense_2"});
    CHECK(part.weights[0].l2 == 0.01F);
    CHECK(part.losses.empty());
    CHECK(part.metrics.empty());
    CHECK(part.updates.size() == (training ? 2 : 0));
    check_calls(part);
    check_close(run(part)[0], run(whole)[0], 0);  // dropout's random numbers as well
    // and the other way round: all of it is needed
    tg::graph const side = traced<side_only>(training);
    CHECK(input_names(side).size() == 2);
    CHECK(side.losses.size() == 1 + 1);
    CHECK(side.metrics.size() == 1);
    CHECK(side.updates.size() == (training ? 4 : 0));
    CHECK(side.weights.size() == whole.weights.size() - 2);
    check_calls(side);
    check_close(run(side)[0], run(whole)[1], 0);
  }
}

TEST_CASE("submodels: inner values by their layers' paths") {
  tg::graph const whole = traced<towers>();
  tg::graph const part = traced<inner_values>();
  CHECK(output_names(part) == names{"tower/dense", "tower/dense:1", "tower:1", "classes"});
  CHECK(paths(part) == paths(whole));
  check_calls(part);
  auto const got = run(part);
  REQUIRE(got.size() == 4);
  check_close(got[3], run(whole)[1], 0);
  // the first tower reads "left", the second "right"
  tg::graph const left = traced<tg::submodel<towers, "tower/dense">>();
  CHECK(input_names(left) == names{"left"});
  CHECK(paths(left) == names{"tower/dense/kernel", "tower/dense/bias"});
  check_close(run(left)[0], got[0], 0);
  tg::graph const right = traced<tg::submodel<towers, "tower:1">>();
  CHECK(input_names(right) == names{"right"});
  CHECK(right.weights.size() == 4);
  check_calls(right);
  check_close(run(right)[0], got[2], 0);
  CHECK(got[0] != got[1]);

  auto const error = [](auto model) {
    return std::string(tg::trace<decltype(model)>().error.view());
  };
  CHECK(error(tg::submodel<towers, "tower:2">{}) ==
        "submodel: towers has no output or layer \"tower:2\"; it has \"distance\", \"classes\", "
        "\"tower\", \"tower/dense\", \"tower/dense_1\", \"dense\"");
  CHECK(error(tg::submodel<towers, "classes", "tower:x">{})
            .starts_with("submodel: towers has no output or layer \"tower:x\"; it has"));
  CHECK(error(tg::submodel<towers, ":0">{}).starts_with("submodel: towers has no"));
  CHECK(error(tg::submodel<wrong_number, "output">{}) ==
        "wrong_number, tower: has no call that takes 2 symbols; write a public one");
  CHECK(error(tg::submodel<towers, "classes", "classes">{}) ==
        "outputs: two are called \"classes\"; each needs a name of its own");
}

namespace {

// Submodels as layers: one output, frozen, called twice, and with several outputs.
using encoder = tg::submodel<towers, "tower/dense">;
struct on_encoder : tg::network<on_encoder> {
  using inputs = tg::inputs<tg::named<"a", 6>, tg::named<"b", 6>>;
  encoder encode;
  tg::dense<2> head;
  constexpr auto call(symbol a, symbol b) {
    symbol const first = encode(a, b);
    symbol const second = encode(b, a);
    return head(concatenate(first, second));
  }
};
struct on_frozen : tg::network<on_frozen> {
  using inputs = tg::inputs<tg::named<"wide", 3>, tg::named<"deep", 5>>;
  tg::frozen<tg::submodel<branched, "main", "batch_normalization_1">> part;
  tg::dense<2> head;
  constexpr auto call(symbol wide, symbol deep) {
    auto const both = part(wide, deep);
    auto const [main, inner] = both;
    return head(concatenate(main, both["batch_normalization_1"_n], inner));
  }
};
struct on_dropping : tg::network<on_dropping> {
  using inputs = tg::inputs<tg::named<"wide", 3>, tg::named<"deep", 5>>;
  tg::dropout<0.5F> before;
  side_only part;
  constexpr auto call(symbol wide, symbol deep) {
    symbol const x = before(deep);
    symbol const first = part(wide, x);
    symbol const second = part(wide, x);
    return tg::outputs(tg::output<"first">(first), tg::output<"second">(second));
  }
};

/// The same by a network that is called twice.
struct side_network : tg::network<side_network> {
  static constexpr std::string_view name = "branched";
  tg::dense<6, tg::relu, tg::l2(0.01F)> trunk;
  tg::batch_normalization<> norm;
  tg::dense<6, tg::activity_regularizer(tg::l2(0.1F))> branch;
  tg::batch_normalization<> branch_norm;
  tg::dropout<0.5F> other_drop;
  tg::dense<2> unused;
  tg::dense<1> branch_head;
  constexpr auto call(symbol wide, symbol deep) {
    symbol const trunk_value = norm(trunk(deep));
    symbol side = branch(concatenate(wide, trunk_value));
    return branch_head(other_drop(branch_norm(side)));
  }
};
struct on_network : tg::network<on_network> {
  using inputs = tg::inputs<tg::named<"wide", 3>, tg::named<"deep", 5>>;
  side_network part;
  constexpr auto call(symbol wide, symbol deep) {
    symbol const first = part(wide, deep);
    symbol const second = part(wide, 2 * deep);
    return tg::outputs(tg::output<"first">(first), tg::output<"second">(second));
  }
};
struct on_submodel : tg::network<on_submodel> {
  using inputs = tg::inputs<tg::named<"wide", 3>, tg::named<"deep", 5>>;
  side_only part;
  constexpr auto call(symbol wide, symbol deep) {
    symbol const first = part(wide, deep);
    symbol const second = part(wide, 2 * deep);
    return tg::outputs(tg::output<"first">(first), tg::output<"second">(second));
  }
};

struct misfit : tg::network<misfit> {
  using inputs = tg::inputs<tg::input<6>>;
  encoder encode;
  constexpr auto call(symbol x) { return encode(x); }
};
struct misfit_extents : tg::network<misfit_extents> {
  using inputs = tg::inputs<tg::input<6>>;
  encoder encode;
  constexpr auto call(symbol x) { return encode(x, concatenate(x, x)); }
};

}  // namespace

TEST_CASE("submodels: as layers, called twice") {
  tg::graph const g = traced<on_encoder>();
  CHECK(paths(g) == names{"towers/tower/dense/kernel", "towers/tower/dense/bias", "dense/kernel",
                          "dense/bias"});
  CHECK(layer_paths(g) == names{"towers", "towers/tower", "towers/tower/dense", "dense"});
  check_calls(g);
  CHECK(tg::trace<misfit>().error.view() ==
        "misfit, towers: needs 2 symbols, one for each input, got 1");
  CHECK(tg::trace<misfit_extents>().error.view() ==
        "misfit_extents, towers: input \"right\" needs float32 of extents 6, got float32 of "
        "extents 12");
}

TEST_CASE("submodels: frozen, with several outputs") {
  tg::graph const g = traced<on_frozen>(true);
  check_calls(g);
  for (auto const& w : g.weights) CHECK(w.trainable == !w.path.view().starts_with("branched/"));
  CHECK(g.updates.empty());
  CHECK(tg::trainable_parameter_count<on_frozen> == 14 * 2 + 2);
}

TEST_CASE("submodels: random numbers, states, penalties and metrics go along") {
  tg::graph const g = traced<on_dropping>(true);
  check_calls(g);
  CHECK(g.metrics.size() == 2);  // one a call, as of a layer that is called twice
  CHECK(g.losses.size() == 4);
  auto const both = run(g);
  CHECK(both[0] != both[1]);  // each call drops others
  tg::graph const still = traced<on_dropping>(false);
  auto const equal = run(still);
  check_close(equal[0], equal[1], 0);
}

TEST_CASE("submodels: a state follows both calls, as a network's does") {
  tg::graph const direct = trained<on_network>::build();
  tg::graph const grafted = trained<on_submodel>::build();
  REQUIRE(direct.updates.size() == 4);
  CHECK(grafted.updates.size() == 4);
  tg::graph a = traced<on_network>(true);
  tg::graph b = traced<on_submodel>(true);
  a.outputs.clear();
  b.outputs.clear();
  for (auto const& u : a.updates) {
    a.outputs.push_back(u.node);
    for (auto const& v : b.updates)
      if (b.weights[v.weight].path == a.weights[u.weight].path) b.outputs.push_back(v.node);
  }
  auto const wanted = run(a);
  auto const got = run(b);
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], wanted[i]);
}

namespace {

struct on_towers : tg::network<on_towers> {
  using inputs = tg::inputs<tg::named<"left", 6>, tg::named<"right", 6>>;
  tower shared;
  tg::dense<3> head;
  constexpr auto call(symbol left, symbol right) {
    symbol const u = shared(left);
    symbol const v = shared(right);
    return head(concatenate(u, v));
  }
};
struct on_frozen_towers : tg::network<on_frozen_towers> {
  using inputs = tg::inputs<tg::named<"left", 6>, tg::named<"right", 6>>;
  tg::frozen<tower> shared;
  tg::dense<3> head;
  constexpr auto call(symbol left, symbol right) {
    symbol const u = shared(left);
    symbol const v = shared(right);
    return head(concatenate(u, v));
  }
};

}  // namespace

TEST_CASE("frozen towers have no backward pass") {
  tg::graph const all = tg::simplify(trained<on_towers>::build());
  tg::graph const part = tg::simplify(trained<on_frozen_towers>::build());
  // forward: two layers twice, and the head; backward for each kernel, bias and inner value
  CHECK(count(all, tg::op::dot_general) == 5 + 5 + 5 + 3);
  CHECK(count(part, tg::op::dot_general) == 5 + 1 + 1);
  CHECK(part.outputs.size() == 3);
  CHECK(paths(all) == paths(part));
}

namespace {

struct sliding : tg::network<sliding> {
  using inputs = tg::inputs<tg::named<"image", 6, 6, 1>>;
  tg::conv2d<3, 3, tg::relu> first;
  tg::conv2d<2, 2> second;
  constexpr auto call(symbol x) { return tg::output<"map">(second(first(x))); }
};
using wider = tg::rebind<sliding, tg::input<9, 8, 1>>;
using row_net = tg::sequential<tg::input<6>, tg::dense<3>>;

}  // namespace

TEST_CASE("rebind: the same weights for other extents") {
  tg::graph const small = traced<sliding>();
  tg::graph const large = traced<wider>();
  CHECK(paths(small) == paths(large));
  for (int i = 0; i < small.weights.size(); ++i)
    CHECK(small.weights[i].shape == large.weights[i].shape);
  CHECK(input_names(large) == names{"image"});
  CHECK(output_names(large) == names{"map"});  // a single output keeps its name
  CHECK(input_names(traced<tg::rebind<sliding, tg::named<"other", 9, 8, 1>>>()) == names{"other"});
  CHECK(large[large.outputs[0]].shape == tg::extents{6, 5, 2});
  // what a corner of a larger image gives is what the corner gives by itself
  auto const weights = [&] {
    std::vector<values> all;
    for (auto const& w : small.weights) all.push_back(numbers(w.path.view(), w.shape.count()));
    return all;
  }();
  auto const image = numbers("image", 72);
  values corner;
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 6; ++j) corner.push_back(image[i * 8 + j]);
  auto const whole = oracle::run(large, 1, {image}, weights)[0];
  auto const part = oracle::run(small, 1, {corner}, weights)[0];
  values wanted;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3 * 2; ++j) wanted.push_back(whole[i * 10 + j]);
  check_close(part, wanted);

  CHECK(traced<tg::rebind<row_net, tg::input<5, 6>>>().weights[0].shape == tg::extents{6, 3});
  using submodel_of_wider = tg::submodel<wider, "conv2d">;
  CHECK(input_names(traced<submodel_of_wider>()) == names{"image"});
  using wider_submodel = tg::rebind<tg::submodel<sliding, "conv2d">, tg::input<9, 8, 1>>;
  REQUIRE(input_names(traced<wider_submodel>()) == names{"image"});
  check_close(run(traced<submodel_of_wider>())[0], run(traced<wider_submodel>())[0], 0);
  CHECK(tg::trace<tg::rebind<towers, tg::input<6>>>().error.view() ==
        "towers: has no call that takes 1 symbol; write a public `constexpr symbol call(symbol)`");
  CHECK(tg::trace<tg::rebind<row_net, tg::input<6>, tg::input<6>>>().error.view() ==
        "rebind: sequential cannot read 2 inputs");
}

namespace {

// Made anew in each call of a functional, which has been called before.
using of_submodel = tg::functional<tg::inputs<tg::input<6>>,
                                   [](symbol x) { return tg::submodel<tower, "dense">{}(x); }>;
struct calls_again : tg::network<calls_again> {
  using inputs = tg::inputs<tg::input<6>>;
  of_submodel part;
  constexpr auto call(symbol x) {
    symbol const a = part(x);
    symbol const b = part(2 * x);
    return a + b;
  }
};
struct counter : tg::layer<counter> {
  symbol unread;
  constexpr void build(tg::weights& add, tg::extents) {
    unread = add.state("unread", {2}, tg::zeros{});
  }
  constexpr symbol call(symbol x) const { return x + 1; }
};
using counting = tg::submodel<tg::sequential<tg::input<6>, counter, tg::dense<2>>, "output">;
using with_pair = tg::sequential<tg::input<4>, pair>;

}  // namespace

TEST_CASE("submodels: within a functional that is called twice") {
  tg::graph const g = traced<calls_again>();
  CHECK(paths(g) == names{"functional/tower/dense/kernel", "functional/tower/dense/bias"});
  CHECK(layer_paths(g) == names{"functional", "functional/tower", "functional/tower/dense"});
  check_calls(g);
}

TEST_CASE("submodels: all weights of a layer are there, read or not") {
  for (bool const training : {false, true}) {
    tg::graph const g = traced<counting>(training);
    CHECK(paths(g) == names{"counter/unread", "dense/kernel", "dense/bias"});
    for (int const id : tg::inference_detail::leaf_nodes(g, tg::op::weight, 3)) CHECK(id >= 0);
  }
}

TEST_CASE("frozen models are models without trained weights") {
  CHECK(tg::trainable_parameter_count<tg::frozen<tower>> == 0);
  CHECK(tg::parameter_count<tg::frozen<tower>> == tg::parameter_count<tower>);
  CHECK(tg::trainable_parameter_count<tg::submodel<tg::frozen<towers>, "classes">> == 0);
  CHECK(tg::trainable_parameter_count<tg::frozen<tg::sequential<tg::input<3>, tg::dense<2>>>> == 0);
  CHECK(tg::trainable_parameter_count<tg::rebind<tg::frozen<sliding>, tg::input<7, 7, 1>>> == 0);
  CHECK(tg::trace<with_pair>().error.view() ==
        "layer 1: pair gives several values; layers in a row give one each");
}

namespace {

/// A branch that begins with dropout, which is no node outside of training.
struct gated : tg::layer<gated> {
  tg::symbol w;
  tg::dropout<0.5F> drop;
  constexpr void build(tg::weights& add, tg::extents in) {
    w = add("w", {in.back(), 3}, tg::glorot_uniform{});
  }
  constexpr tg::symbol call(tg::symbol x) { return matmul(drop(x), w); }
};
struct beside_gated : tg::network<beside_gated> {
  using inputs = tg::inputs<tg::input<4>>;
  gated gate;
  tg::dense<1> a;
  constexpr auto call(tg::symbol x) {
    tg::symbol const p = a(x);
    tg::symbol const q = gate(x);
    return tg::outputs(tg::output<"a">(p), tg::output<"q">(q));
  }
};

/// Other weights in training than outside of it.
struct only_trained : tg::network<only_trained> {
  using inputs = tg::inputs<tg::input<4>>;
  tg::dense<4> extra;
  tg::dense<1> a;
  constexpr tg::symbol call(tg::symbol x) {
    if (training()) x = extra(x);
    return a(x);
  }
};

struct of_two_layers : tg::layer<of_two_layers> {
  tg::dense<3> a, b;
  constexpr auto call(tg::symbol x) {
    tg::symbol const p = a(x);
    tg::symbol const q = b(x);
    return tg::outputs(tg::output<"p">(p), tg::output<"q">(q));
  }
};
struct of_both : tg::network<of_both> {
  using inputs = tg::inputs<tg::input<4>>;
  of_two_layers both;
  constexpr auto call(tg::symbol x) {
    auto const r = both(x);
    return tg::outputs(tg::output<"p">(r.get<0>()), tg::output<"q">(r.get<1>()));
  }
};

using changing = tg::functional<tg::inputs<tg::input<4>>, [](tg::symbol x) {
  if (x.rank() == 2) x = mean(tg::with_name<"mix", tg::dense<4>>{}(x), {0});
  return tg::dense<2>{}(x);
}>;
struct calls_changing : tg::network<calls_changing> {
  using inputs = tg::inputs<tg::input<4>, tg::input<3, 4>>;
  changing f;
  constexpr tg::symbol call(tg::symbol x, tg::symbol y) {
    tg::symbol const a = f(x);
    tg::symbol const b = f(y);
    return a + b;
  }
};

struct of_bools : tg::network<of_bools> {
  using inputs = tg::inputs<tg::named<"mask", 4, tg::dtype::boolean>>;
  constexpr tg::symbol call(tg::symbol x) { return cast(x, tg::dtype::float32); }
};
struct reads_a_tuple : tg::network<reads_a_tuple> {
  using inputs = std::tuple<tg::input<4>>;
  constexpr tg::symbol call(tg::symbol x) { return x; }
};

std::string error_of(tg::graph const& g) { return std::string(g.error.view()); }

}  // namespace

TEST_CASE("submodels have the same weights in training and outside of it") {
  using part = tg::submodel<beside_gated, "a">;
  tg::graph const in_training = traced<part>(true);
  tg::graph const outside = traced<part>(false);
  REQUIRE(in_training.weights.size() == 2);
  REQUIRE(outside.weights.size() == 2);
  CHECK(tg::detail::weights_number(in_training) == tg::detail::weights_number(outside));
  CHECK(tg::parameter_count<part> == 5);
  using wrong = tg::training_detail::loss_trace<only_trained, tg::mean_squared_error<>>;
  CHECK(
      wrong::sentence().view() ==
      "compile: the model has other weights in training than outside of it; call every layer, and "
      "read every weight, in both");
}

TEST_CASE("submodels: what is not there any more is told") {
  CHECK(error_of(tg::trace<tg::submodel<tg::submodel<of_both, "q">, "of_two_layers">>())
            .starts_with("submodel: of_both has no output or layer \"of_two_layers\""));
  CHECK(error_of(tg::trace<tg::submodel<tg::submodel<of_both, "q">, "of_two_layers/dense_1">>())
            .empty());
}

TEST_CASE("networks: what they cannot read, and what cannot be called again") {
  tg::graph const bools = tg::trace<of_bools>();
  CHECK(error_of(bools).empty());
  CHECK(bools.inputs[0].type == tg::dtype::int32);  // what is read
  CHECK(error_of(tg::trace<reads_a_tuple>())
            .starts_with("reads_a_tuple: needs `using inputs = typegrad::inputs<"));
  CHECK(error_of(tg::trace<calls_changing>())
            .ends_with("a functional that is called again must make the layers of its first call; "
                       "mix is another one"));
}
