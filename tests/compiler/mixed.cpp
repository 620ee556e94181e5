// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "support/difference.hpp"

#include <typegrad/evaluators/reference/schedule_interpreter.hpp>
#include <typegrad/inference/policy_recipe.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training/policy_recipe.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <random>
#include <string>

// Mixed precision: which values are of which dtype, and what that does to a model's numbers.

namespace {

namespace tg = typegrad;
using tg::dtype;
using tg::graph;
using tg::mixed;
using tg::op;
using tg::symbol;
using tg::reference::values;

// Models ------------------------------------------------------------------------------------------

using perceptron =
    tg::sequential<tg::input<12>, tg::dense<16, tg::relu>, tg::dropout<0.25F>, tg::dense<5>>;
using convolutional =
    tg::sequential<tg::input<8, 8, 2>, tg::conv2d<4, 3, tg::same, tg::no_bias>,
                   tg::batch_normalization<>, tg::activation<tg::relu>, tg::max_pooling2d<2>,
                   tg::conv2d<6, 3, tg::relu>, tg::average_pooling2d<2>, tg::flatten,
                   tg::dense<3, tg::softmax>>;

/// x + f(x), as residual networks have it.
struct residual : tg::layer<residual> {
  tg::layer_normalization<> norm;
  tg::dense<24, tg::gelu> wide;
  tg::dense<8> narrow;
  constexpr symbol call(symbol x) { return x + narrow(wide(norm(x))); }
};
/// Softmax of products, between products.
struct attention : tg::layer<attention> {
  tg::dense<8> query, value;
  tg::dense<8, tg::no_bias> key;  // softmax would make a bias meaningless
  constexpr symbol call(symbol x) {
    symbol const scores = matmul(query(x) * 0.35, tg::transpose(key(x), {1, 0}));
    return matmul(tg::softmax(scores), value(x));
  }
};
using sequence = tg::sequential<tg::input<6, 8>, tg::dense<8>, attention, residual, residual,
                                tg::flatten, tg::dense<2, tg::sigmoid>>;

// Which values are of which dtype -----------------------------------------------------------------

/// Whether all nodes of an op (there are some) have a dtype.
constexpr bool all_are(graph const& g, op code, dtype type) {
  int count = 0;
  for (tg::node const& n : g.nodes) {
    if (n.code != code) continue;
    ++count;
    if (n.type != type) return false;
  }
  return count > 0;
}
/// Whether the floating operands of all nodes of an op have a dtype.
constexpr bool all_take(graph const& g, op code, dtype type) {
  int count = 0;
  for (tg::node const& n : g.nodes) {
    if (n.code != code) continue;
    ++count;
    for (int i = 0; i < n.operand_count; ++i)
      if (tg::is_floating(g[g.operand(n, i)].type) && g[g.operand(n, i)].type != type) return false;
  }
  return count > 0;
}
/// Operands of one dtype, wherever an op needs that.
constexpr bool is_consistent(graph const& g) {
  for (tg::node const& n : g.nodes) {
    bool const alike =
        tg::is_elementwise(n.code) || tg::is_contraction(n.code) || n.code == op::concatenate;
    for (int i = 0; alike && i < n.operand_count; ++i) {
      if (n.code == op::select && i == 0) continue;
      dtype const first = g[g.operand(n, n.operand_count - 1)].type;
      if (g[g.operand(n, i)].type != first) return false;
      if (n.code != op::cast && n.type != dtype::boolean && n.type != first) return false;
    }
    if (tg::is_movement(n.code) && g[g.operand(n, 0)].type != n.type) return false;
  }
  return true;
}
constexpr bool outputs_are_float32(graph const& g) {
  for (int const id : g.outputs)
    if (g[id].type != dtype::float32) return false;
  return true;
}
constexpr graph narrowed(graph const& g) { return mixed(g, dtype::bfloat16); }

constexpr bool perceptron_is_right() {
  graph const g = narrowed(tg::trace<perceptron>(true));
  return is_consistent(g) && outputs_are_float32(g) && g.training && g.weights.size() == 4 &&
         g.random_streams == 1 && g.layers.size() == 3 && g.inputs[0].type == dtype::float32 &&
         all_are(g, op::dot_general, dtype::bfloat16) && all_are(g, op::weight, dtype::float32) &&
         all_are(g, op::maximum, dtype::bfloat16) &&  // the activation
         all_are(g, op::select, dtype::bfloat16) &&   // dropout
         all_are(g, op::random_uniform, dtype::float32) &&
         all_take(g, op::greater_equal, dtype::float32);  // random numbers keep their digits
}
static_assert(perceptron_is_right());

constexpr bool convolutional_is_right() {
  graph const g = narrowed(tg::trace<convolutional>(true));
  bool updated = g.updates.size() == 2;
  for (tg::state_update const& u : g.updates) updated = updated && g[u.node].type == dtype::float32;
  return updated && is_consistent(g) && outputs_are_float32(g) &&
         all_are(g, op::convolution, dtype::bfloat16) && all_are(g, op::rsqrt, dtype::float32) &&
         all_are(g, op::reduce_sum, dtype::float32) && all_are(g, op::exp, dtype::float32) &&
         all_are(g, op::divide, dtype::float32) && all_are(g, op::window_max, dtype::float32) &&
         all_are(g, op::window_sum, dtype::float32);
}
static_assert(convolutional_is_right());

/// The statistics are float32 where a model is used, as where it is trained.
constexpr bool normalization_is_float32(bool training) {
  using model = tg::sequential<tg::input<4, 4, 3>, tg::conv2d<4, 1, tg::no_bias>,
                               tg::batch_normalization<>, tg::activation<tg::relu>>;
  graph const g = narrowed(tg::trace<model>(training));
  return is_consistent(g) && all_are(g, op::convolution, dtype::bfloat16) &&
         all_are(g, op::multiply, dtype::float32) && all_are(g, op::maximum, dtype::float32);
}
static_assert(normalization_is_float32(false) && normalization_is_float32(true));

constexpr bool pooling_follows() {
  using model = tg::sequential<tg::input<6, 6, 2>, tg::conv2d<4, 3, tg::relu>, tg::max_pooling2d<2>,
                               tg::flatten, tg::dense<2>>;
  graph const g = narrowed(tg::trace<model>());
  return is_consistent(g) && all_are(g, op::window_max, dtype::bfloat16);
}
static_assert(pooling_follows());

/// What a product reads is rounded for the connection that skips it as well.
struct skipped : tg::layer<skipped> {
  tg::conv2d<4, 3, tg::same> first, second;
  tg::batch_normalization<> norm, other_norm;
  constexpr symbol call(symbol x) {
    symbol const y = tg::relu(norm(first(x)));
    return tg::relu(y + other_norm(second(y)));
  }
};
constexpr bool skips_are_narrow(bool training) {
  using model = tg::sequential<tg::input<6, 6, 2>, skipped, skipped, tg::flatten, tg::dense<2>>;
  graph const g = narrowed(tg::trace<model>(training));
  for (tg::node const& n : g.nodes)
    for (int i = 0; i < n.operand_count; ++i)
      if (g[g.operand(n, i)].code == op::maximum && n.type != dtype::bfloat16) return false;
  return all_are(g, op::maximum, dtype::float32) && is_consistent(g) && outputs_are_float32(g);
}
static_assert(skips_are_narrow(false) && skips_are_narrow(true));

constexpr bool sequence_is_right() {
  graph const g = narrowed(tg::trace<sequence>(true));
  return is_consistent(g) && outputs_are_float32(g) &&
         all_are(g, op::dot_general, dtype::bfloat16) && all_are(g, op::erf, dtype::float32) &&
         all_are(g, op::exp, dtype::float32) && all_are(g, op::reduce_max, dtype::float32) &&
         all_are(g, op::sigmoid, dtype::float32);  // the model's last op
}
static_assert(sequence_is_right());

/// Numbers take the dtype of what they meet, unless it has them not.
constexpr bool numbers_follow() {
  graph g;
  symbol const x = tg::build::input(g, "x", {4, 4});
  symbol const y = matmul(x, x);
  symbol const small = tg::maximum(y, 1e-7);        // float16 has one that is near
  symbol const masked = tg::where(y > 0, y, -1e9);  // and none here
  symbol const doubled = masked + masked;
  g.outputs.push_back(tg::sum(small).id());
  g.outputs.push_back(tg::sum(doubled).id());
  g.losses.push_back(y.id());
  graph const b = mixed(g, dtype::bfloat16);
  graph const h = mixed(g, dtype::float16);
  return all_are(b, op::maximum, dtype::bfloat16) && all_are(h, op::maximum, dtype::float16) &&
         all_are(b, op::select, dtype::bfloat16) && all_are(h, op::select, dtype::float32) &&
         all_are(h, op::add, dtype::float32) && b[b.losses[0]].type == dtype::float32 &&
         outputs_are_float32(b) && outputs_are_float32(h) && is_consistent(b) && is_consistent(h);
}
static_assert(numbers_follow());

/// What is of another dtype stays so.
constexpr bool others_stay() {
  graph g;
  symbol const x = tg::build::input(g, "x", {3}, dtype::float64);
  symbol const i = tg::build::input(g, "i", {3}, dtype::int32);
  symbol const y = tg::build::input(g, "y", {3});
  for (symbol const s : {matmul(x, x), tg::cast(matmul(i, i), dtype::float64),
                         tg::cast(matmul(y, y), dtype::float64) + x,
                         tg::cast(tg::cast(y, dtype::float16) * 2.0, dtype::float32)})
    g.outputs.push_back(s.id());
  graph const b = mixed(g, dtype::bfloat16);
  for (int k = 0; k < g.outputs.size(); ++k)
    if (b[b.outputs[k]].type != g[g.outputs[k]].type) return false;
  return is_consistent(b) && b[b.operand(b.outputs[3], 0)].type == dtype::float16;
}
static_assert(others_stay());

constexpr bool float32_changes_nothing() {
  graph const g = tg::trace<convolutional>(true);
  graph const same = mixed(g, dtype::float32);
  if (same.size() != g.size() || same.updates.size() != g.updates.size()) return false;
  for (int id = 0; id < g.size(); ++id)
    if (same[id].code != g[id].code || same[id].type != g[id].type) return false;
  return true;
}
static_assert(float32_changes_nothing());
static_assert(mixed(graph{}, dtype::int8).failed() && !mixed(graph{}, dtype::float16).failed());

static_assert(tg::dtype_policy<tg::float32_policy> && tg::dtype_policy<tg::tf32_policy>);
static_assert(tg::mixed_float16.scales_loss && !tg::mixed_bfloat16.scales_loss);
static_assert(tg::tf32.tensor_float32 && tg::tf32.compute == dtype::float32);
static_assert(!tg::float32.tensor_float32);

/// Gradients of weights are float32; cotangents of 16-bit values are of their dtype.
template <class Policy, class Model, class Loss>
constexpr graph training_graph() {
  return tg::training_detail::policy_loss_recipe<true, Policy, Model, Loss>::build();
}
using entropy = tg::sparse_categorical_crossentropy<tg::from_logits>;

constexpr bool training_is_right() {
  graph const g = training_graph<tg::mixed_bfloat16_policy, perceptron, entropy>();
  return !g.failed() && g.outputs.size() == 5 && is_consistent(g) && outputs_are_float32(g) &&
         all_are(g, op::dot_general, dtype::bfloat16) &&
         all_are(g, op::reduce_sum, dtype::float32) && all_are(g, op::log, dtype::float32);
}
static_assert(training_is_right());

/// In the float32 policies the recipes are those that there are without any.
constexpr bool same_as_without() {
  graph const a = training_graph<tg::float32_policy, perceptron, entropy>();
  graph const b = tg::training_detail::loss_recipe<true, perceptron, entropy>::build();
  return a.size() == b.size() && a.outputs.size() == b.outputs.size() && !a.failed();
}
static_assert(same_as_without());

/// The steps of a training program: casts are no steps of their own, but those of what products
/// read, and kernels' gradients leave their products as float32.
template <class Policy>
using perceptron_program =
    tg::program<tg::training_detail::policy_loss_recipe<true, Policy, perceptron, entropy>>;
static_assert(perceptron_program<tg::mixed_bfloat16_policy>::step_count ==
              perceptron_program<tg::float32_policy>::step_count + 3);
template <class Policy>
constexpr int products_with_cast() {
  using program = perceptron_program<Policy>;
  int count = 0;
  for (tg::step_info const& s : program::data.steps) {
    bool casts = false;
    for (int i = 0; i < s.instruction_count; ++i)
      casts = casts ||
              program::data.instructions[static_cast<std::size_t>(s.first_instruction + i)].code ==
                  op::cast;
    count += casts && s.kind == tg::step_kind::contraction;
  }
  return count;
}
static_assert(products_with_cast<tg::float32_policy>() == 0);
static_assert(products_with_cast<tg::mixed_float16_policy>() >= 4);

// Numbers -----------------------------------------------------------------------------------------

/// Data for a model's programs: weights as they might be after some training.
tg::reference::bindings data_for(graph const& g, std::int64_t batch) {
  std::mt19937 random{3};
  auto const uniform = [&](double low, double high) {
    return static_cast<double>(
        static_cast<float>(std::uniform_real_distribution{low, high}(random)));
  };
  tg::reference::bindings b;
  b.batch_size = batch;
  b.seed = 3;
  for (tg::input_info const& i : g.inputs) {
    values v(static_cast<std::size_t>(batch * i.shape.count()));
    bool const ones = i.name.view() == "sample_weight";
    for (double& x : v)
      x = i.type == dtype::int32 ? static_cast<double>(random() % 3) : ones ? 1 : uniform(-1, 1);
    b.inputs.push_back(v);
  }
  for (tg::weight_info const& w : g.weights) {
    values v(static_cast<std::size_t>(w.shape.count()));
    bool const vector = w.shape.rank == 1;
    double const reach =
        vector ? 0.25 : std::sqrt(3.0 / static_cast<double>(w.shape.count() / w.shape.back()));
    bool const positive = w.path.view().find("gamma") != std::string_view::npos ||
                          w.path.view().find("variance") != std::string_view::npos;
    for (double& x : v) x = uniform(-reach, reach) + (positive ? 1 : 0);
    b.weights.push_back(v);
  }
  return b;
}

/// How far `got` is from what is expected, as a share of its norm.
double distance(values const& got, values const& expected) {
  if (got.size() != expected.size()) return INFINITY;
  double square = 0;
  double norm = 1e-30;
  for (std::size_t i = 0; i < got.size(); ++i) {
    bool const same = got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]));
    if (!same) square += (got[i] - expected[i]) * (got[i] - expected[i]);
    if (std::isfinite(expected[i])) norm += expected[i] * expected[i];
  }
  return std::sqrt(square / norm);
}
/// The greatest of the outputs' distances; not even NaN is less than a tolerance.
double distance(std::vector<values> const& got, std::vector<values> const& expected) {
  double most = got.size() == expected.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (double const d = distance(got[i], expected[i]); !(d <= most)) most = d;
  return most;
}

std::vector<values> run_steps(graph const& g, tg::reference::bindings const& b) {
  tg::compiled_graph const c = tg::compile_graph(g);
  REQUIRE(!c.source.failed());
  REQUIRE(is_consistent(c.source));
  tg::reference::schedule_interpreter interpreter{c, b};
  auto const out = interpreter.run();
  CHECK(interpreter.fault().view() == "");
  return out;
}

/// A model and its training under a policy, held against float32 within `tolerance`; and what the
/// compiler makes of them against what they mean.
template <class Policy, class Model, class Loss>
void check_policy(double tolerance) {
  INFO(Policy::name);
  graph const predict = tg::inference_detail::policy_prediction_recipe<Policy, Model>::build();
  graph const train = training_graph<Policy, Model, Loss>();
  REQUIRE(!predict.failed());
  REQUIRE(!train.failed());
  for (graph const* g : {&predict, &train}) {
    bool const training = g == &train;
    graph const plain =
        training ? training_graph<tg::float32_policy, Model, Loss>() : tg::trace<Model>();
    CHECK(outputs_are_float32(*g));
    for (std::int64_t const batch : {7, 1}) {
      INFO((training ? "training" : "predicting") << ", batch " << batch);
      auto const b = data_for(plain, batch);
      auto const expected = tg::reference::evaluate<float>(plain, b);
      auto const got = tg::reference::evaluate<float>(*g, b);
      double const far = distance(got, expected);
      CHECK(far < tolerance);
      CHECK(far > 0);
      // sums are taken in another order, so that a value may be rounded to a neighbour
      CHECK(distance(run_steps(*g, b), got) < tolerance / 4);
    }
  }
}

}  // namespace

TEST_CASE("models in mixed precision are near those in float32", "[compiler]") {
  check_policy<tg::mixed_bfloat16_policy, perceptron, entropy>(0.02);
  check_policy<tg::mixed_float16_policy, perceptron, entropy>(0.0025);
  using labels = tg::sparse_categorical_crossentropy<>;
  check_policy<tg::mixed_bfloat16_policy, convolutional, labels>(0.02);
  check_policy<tg::mixed_float16_policy, convolutional, labels>(0.0025);
  check_policy<tg::mixed_bfloat16_policy, sequence, tg::binary_crossentropy<>>(0.06);
  check_policy<tg::mixed_float16_policy, sequence, tg::binary_crossentropy<>>(0.008);
}

TEST_CASE("a scaled loss scales the gradients and nothing else", "[compiler]") {
  graph const g = training_graph<tg::mixed_float16_policy, convolutional,
                                 tg::sparse_categorical_crossentropy<>>();
  auto b = data_for(g, 5);
  auto const once = tg::reference::evaluate<float>(g, b);
  b.loss_scale = 1024;
  auto const scaled = tg::reference::evaluate<float>(g, b);
  int states = 0;
  for (tg::weight_info const& w : g.weights) states += w.state;
  REQUIRE(states == 2);
  std::size_t const gradients_end = once.size() - 2;
  CHECK(scaled[0] == once[0]);  // the loss
  for (std::size_t i = 1; i < once.size(); ++i) {
    INFO("output " << i);
    values expected = once[i];
    if (i < gradients_end)
      for (double& x : expected) x *= 1024;
    CHECK(distance(scaled[i], expected) < (i < gradients_end ? 0.002 : 1e-12));
  }
  CHECK(distance(run_steps(g, b), scaled) < 0.001);

  // small gradients live on
  for (double& x : b.inputs[2]) x = 1e-8;  // the samples' weights
  auto const norm_of_first = [&](float scale) {
    b.loss_scale = scale;
    auto const outputs = tg::reference::evaluate<float>(g, b);
    double norm = 0;
    for (double const x : outputs[1]) norm += x * x;
    return std::sqrt(norm) / static_cast<double>(scale);
  };
  CHECK(norm_of_first(1) == 0);
  CHECK(norm_of_first(65536) > 1e-9);
}

TEST_CASE("the float32 policies have no scale", "[compiler]") {
  graph const g = training_graph<tg::mixed_bfloat16_policy, perceptron, entropy>();
  for (tg::node const& n : g.nodes)
    CHECK((n.code != op::scalar || n.index == static_cast<int>(tg::run_scalar::batch_size)));
}

TEST_CASE("values of 16 bits are rounded once", "[compiler]") {
  graph g;
  symbol const x = tg::build::input(g, "x", {18}, dtype::bfloat16, false);
  symbol const third = x * (1.0 / 3.0);
  g.outputs.push_back(matmul(x, x).id());
  g.outputs.push_back(third.id());
  g.outputs.push_back(tg::sum(x).id());
  g.outputs.push_back(tg::build::iota(g, {258}, 0, dtype::bfloat16).id());
  CHECK(all_are(g, op::reduce_sum, dtype::float32));
  tg::reference::bindings b;
  b.inputs.push_back(values(18, 1));
  b.inputs[0][0] = 16;
  auto const got = tg::reference::evaluate<float>(g, b);
  // added up in bfloat16, 256 would stay 256
  CHECK(got[0] == values{272});
  // a sixteenth of 1/3 in 8 bits
  CHECK(got[1][1] == 0x1.56p-2);
  CHECK(got[1][0] == 0x1.56p+2);
  CHECK(got[2] == values{33});
  CHECK(got[3][257] == 256);
  CHECK(tg::reference::evaluate<double>(g, b) == got);
  CHECK(run_steps(g, b) == got);
}

TEST_CASE("casts are folded where that changes no value", "[compiler]") {
  auto const nodes_of = [](auto const& build) {
    graph g;
    g.outputs.push_back(build(g).id());
    graph const s = tg::simplify(tg::simplify(g));  // without what the first one has passed by
    std::string codes;
    for (tg::node const& n : s.nodes)
      codes += std::string(tg::info(n.code).name) + " " + std::string(tg::to_text(n.type)) + ", ";
    return codes;
  };
  auto const cast = [](symbol x, dtype t) { return tg::cast(x, t); };
  constexpr dtype f32 = dtype::float32, f64 = dtype::float64, f16 = dtype::float16,
                  b16 = dtype::bfloat16;
  auto const input = [](graph& g, dtype t) { return tg::build::input(g, "x", {3}, t); };
  // by way of what holds all values
  CHECK(nodes_of([&](graph& g) { return cast(cast(input(g, b16), f32), b16); }) ==
        "input bfloat16, ");
  CHECK(nodes_of([&](graph& g) { return cast(cast(input(g, f16), f64), f32); }) ==
        "input float16, cast float32, ");
  CHECK(nodes_of([&](graph& g) { return cast(cast(input(g, dtype::boolean), f32), b16); }) ==
        "input bool, cast bfloat16, ");
  // by way of what does not
  CHECK(nodes_of([&](graph& g) { return cast(cast(input(g, f32), b16), f32); }) ==
        "input float32, cast bfloat16, cast float32, ");
  CHECK(nodes_of([&](graph& g) { return cast(cast(input(g, f16), b16), f32); }) ==
        "input float16, cast bfloat16, cast float32, ");
  CHECK(nodes_of([&](graph& g) { return cast(cast(input(g, dtype::int32), f32), f64); }) ==
        "input int32, cast float32, cast float64, ");
  // what is repeated is cast before
  CHECK(nodes_of([&](graph& g) {
          return cast(tg::build::broadcast(input(g, f32), {4, 3}, {1}), b16);
        }) == "input float32, cast bfloat16, broadcast bfloat16, ");
  // numbers
  graph g;
  symbol const number = tg::build::constant(g, 0.1, b16);
  g.outputs.push_back(cast(number, f32).id());
  g.outputs.push_back((number + number).id());
  g.outputs.push_back((tg::build::constant(g, 300, f16) * tg::build::constant(g, 300, f16)).id());
  graph const s = tg::simplify(g);
  CHECK(s[s.outputs[0]].code == op::constant);
  CHECK(s[s.outputs[0]].value == 0.10009765625);
  CHECK(s[s.outputs[1]].value == 0.2001953125);
  tg::reference::bindings const none;
  CHECK(tg::reference::evaluate<float>(s, none) == tg::reference::evaluate<float>(g, none));
  CHECK(tg::reference::evaluate<float>(g, none)[2] == values{INFINITY});
}

TEST_CASE("a factor stays where float16 could not hold both at once", "[compiler]") {
  graph g;
  symbol const x = tg::build::input(g, "x", {2}, dtype::float16);
  g.outputs.push_back((x * 0x1p-12 * 0x1p-12).id());
  g.outputs.push_back((x / 0x1p-17).id());  // divided by what its inverse is no number
  tg::reference::bindings b;
  b.inputs.push_back({60000, 0x1p-10});
  CHECK(run_steps(g, b) == tg::reference::evaluate<float>(g, b));
}

namespace {

random_graphs::kinds kinds_of(int kind) {
  return {.windows = kind == 1, .along_axes = kind == 2, .control = kind == 3};
}

}  // namespace

TEST_CASE("random graphs in mixed precision keep their meaning", "[compiler]") {
  int exact = 0;
  int far = 0;  // order and signs are no smooth functions: rounded otherwise they may differ much
  constexpr int seeds = 400;
  for (unsigned seed = 1; seed <= seeds; ++seed)
    for (int kind = 0; kind < 4; ++kind) {
      INFO("seed " << seed << ", kind " << kind);
      graph const traced = random_graphs::generator{seed, kinds_of(kind)}.build();
      graph const g = mixed(traced, seed % 2 == 0 ? dtype::float16 : dtype::bfloat16);
      REQUIRE(!g.failed());
      REQUIRE(is_consistent(g));
      for (int i = 0; i < g.outputs.size(); ++i)
        REQUIRE(g[g.outputs[i]].type == traced[traced.outputs[i]].type);
      auto const b = random_graphs::data_for(g, seed, seed % 5 + 1);
      auto const expected = tg::reference::evaluate<float>(g, b);
      double const d = distance(run_steps(g, b), expected);
      if (kind < 2) CHECK(d < 0.03);
      if (kind < 2) exact += d == 0;
      far += !(d < 0.03);
    }
  CHECK(exact > 2 * seeds * 9 / 10);
  CHECK(far <= 8);
}

TEST_CASE("random objectives in mixed precision have gradients", "[compiler]") {
  int far = 0;
  for (unsigned seed = 1; seed <= 300; ++seed)
    for (int kind = 0; kind < 4; ++kind) {
      INFO("seed " << seed << ", kind " << kind);
      graph g = mixed(random_graphs::generator{seed, kinds_of(kind)}.build_objective(),
                      seed % 2 == 0 ? dtype::float16 : dtype::bfloat16);
      tg::list<int> leaves, wanted;
      for (int id = 0; id < g.size(); ++id)
        if ((g[id].code == op::input || g[id].code == op::weight) && g[id].type == dtype::float32)
          wanted.push_back(id);
      tg::list<int> const gradients = tg::differentiate(g, {g, g.outputs[0]}, wanted);
      for (int const id : gradients)
        if (id >= 0) g.outputs.push_back(id);
      REQUIRE(!g.failed());
      REQUIRE(is_consistent(g));
      REQUIRE(outputs_are_float32(g));
      auto const b = random_graphs::data_for(g, seed, seed % 4 + 1);
      double const d = distance(run_steps(g, b), tg::reference::evaluate<float>(g, b));
      if (kind < 2) CHECK(d < 0.03);
      far += !(d < 0.03);
    }
  CHECK(far <= 6);
}
