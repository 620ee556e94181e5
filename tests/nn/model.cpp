// SPDX-License-Identifier: BSL-1.0
#include <typegrad/nn.hpp>

#include <catch2/catch_test_macros.hpp>

#include <concepts>
#include <string>

namespace {

namespace tg = typegrad;
using tg::dense;
using tg::dtype;
using tg::extents;
using tg::input;
using tg::sequential;

using classifier =
    sequential<input<28, 28>, tg::flatten, dense<128, tg::relu>, tg::dropout<0.2F>, dense<10>>;

static_assert(tg::model<classifier>);
static_assert(!tg::model<int> && !tg::model<tg::symbol>);
static_assert(tg::parameter_count<classifier> == 101'770);
static_assert(tg::trainable_parameter_count<classifier> == 101'770);
static_assert(std::same_as<tg::input_shape<classifier>, tg::shape<28, 28>>);
static_assert(std::same_as<tg::output_shape<classifier>, tg::shape<10>>);
static_assert(std::same_as<decltype(tg::diagnosis_of<classifier>), tg::said<1> const>);

static_assert(input<28, 28>::shape == extents{28, 28} && input<28>::type == dtype::float32);
static_assert(input<10, dtype::int32>::shape == extents{10});
static_assert(input<10, dtype::int32>::type == dtype::int32);
static_assert(input<>::shape == extents{});

/// A model need not be a sequential: whatever can be traced is one.
struct two_inputs {
  static constexpr void trace(tg::graph& g) {
    auto const a = tg::build::input(g, "a", {3});
    auto const b = tg::build::input(g, "b", {4});
    tg::symbol const y = concatenate(a, b);
    g.outputs.push_back(dense<2>{}(y).id());
  }
};
static_assert(tg::parameter_count<two_inputs> == 16);
static_assert(tg::traced<two_inputs>::facts.inputs == 2);
static_assert(std::same_as<tg::input_shape<two_inputs>, tg::shape<3>>);

/// A block that is built by a loop.
template <int Depth>
struct tower : tg::layer<tower<Depth>> {
  constexpr tg::symbol call(tg::symbol x) const {
    for (int i = 0; i < Depth; ++i) x = x + dense<16, tg::relu>{}(x);
    return x;
  }
};
static_assert(tg::parameter_count<sequential<input<16>, tower<40>>> == 40 * (16 * 16 + 16));

// Wrong models still have a type for whoever needs one: an empty graph, and the sentence.
struct no_output {
  static constexpr void trace(tg::graph&) {}
};
static_assert(tg::traced<no_output>::sentence().view() == "the model has no output");
static_assert(tg::traced<sequential<input<2>, dense<0>>>::facts.parameters == 0);
static_assert(tg::say<tg::traced<no_output>>().sentence[4] == 'm');
static_assert(sizeof(tg::say<tg::traced<no_output>>()) == 24);

TEST_CASE("tracing at run time is tracing while compiling") {
  tg::graph const g = tg::trace<classifier>(true);
  CHECK(g.size() == tg::traced<classifier, true>::facts.nodes);
  CHECK(g.training);
  CHECK(g.inputs.size() == 1);
  CHECK(g.inputs[0].name.view() == "input");
  CHECK(g.outputs.size() == 1);
  CHECK(g.scope.path.empty());
  CHECK(g.scope.description.empty());
  CHECK(g.layer_depth == 0);
}

TEST_CASE("weights have the same order and paths whether training or not") {
  tg::graph const a = tg::trace<classifier>(true);
  tg::graph const b = tg::trace<classifier>(false);
  REQUIRE(a.weights.size() == b.weights.size());
  for (int i = 0; i < a.weights.size(); ++i) {
    CHECK(a.weights[i].path == b.weights[i].path);
    CHECK(a.weights[i].shape == b.weights[i].shape);
  }
}

// Options --------------------------------------------------------------------------------------

namespace options = tg::options;

static_assert(std::same_as<tg::option_tag<decltype(tg::relu)>, options::activation>);
static_assert(std::same_as<tg::option_tag<decltype(tg::same)>, options::padding>);
static_assert(std::same_as<tg::option_tag<decltype(tg::no_bias)>, options::bias>);
static_assert(std::same_as<tg::option_tag<tg::zeros<>>, options::kernel_initializer>);
static_assert(std::same_as<tg::option_tag<tg::initializer>, options::kernel_initializer>);
static_assert(std::same_as<tg::option_tag<tg::regularizer>, options::kernel_regularizer>);
static_assert(std::same_as<tg::option_tag<decltype(tg::bias_initializer(tg::ones{}))>,
                           options::bias_initializer>);
static_assert(std::same_as<tg::option_tag<int>, options::unknown>);

static_assert(tg::option_or<options::padding>(tg::valid) == tg::padding_mode::valid);
static_assert(tg::option_or<options::padding>(tg::valid, tg::relu, tg::causal) ==
              tg::padding_mode::causal);
static_assert(tg::has_option<options::bias>(tg::relu, tg::no_bias));
static_assert(!tg::has_option<options::padding>(tg::relu, tg::no_bias));
static_assert(!tg::has_option<options::padding>());

static_assert(tg::options_problem<>("x").empty());
static_assert(tg::options_problem<options::bias>("x", tg::no_bias).empty());
static_assert(tg::options_problem<options::bias>("x", tg::no_bias, tg::relu).view() ==
              "option 2 (activation) is not one that x takes");

static_assert(tg::l1_l2() == tg::regularizer{0.01F, 0.01F} &&
              tg::l1() == tg::regularizer{0.01F, 0});

static_assert(tg::decimal(0.2F).view() == "0.2" && tg::decimal(-3).view() == "-3" &&
              tg::decimal(1.25).view() == "1.25" && tg::decimal(0).view() == "0" &&
              tg::decimal(1e-6).view() == "0.000001" && tg::decimal(0.9999999).view() == "1" &&
              tg::decimal(1e300).view() == "more than 9e12");

}  // namespace
