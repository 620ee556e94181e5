// SPDX-License-Identifier: BSL-1.0
#include <typegrad/compiler/program.hpp>
#include <typegrad/graph/weights.hpp>

#include <catch2/catch_test_macros.hpp>

// What graphs become, while compiling: how many steps, of what kind, and how much memory they need.

namespace {

using namespace typegrad;

constexpr symbol sigmoid_of(symbol x) { return build::unary(op::sigmoid, x); }
constexpr symbol tanh_of(symbol x) { return build::unary(op::tanh, x); }

template <class Recipe>
constexpr int count(step_kind kind) {
  int n = 0;
  for (int i = 0; i < program<Recipe>::step_count; ++i)
    n += program<Recipe>::data.steps[static_cast<std::size_t>(i)].kind == kind;
  return n;
}
/// One step of this kind and no memory besides inputs, weights and outputs.
template <class Recipe>
constexpr bool is_only(step_kind kind) {
  return program<Recipe>::step_count == 1 && count<Recipe>(kind) == 1 &&
         program<Recipe>::arena_bytes(1000) == 0;
}

struct gated {  // tanh(x a + b) sigmoid(x)
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {1024});
    symbol const a = build::input(g, "a", {1024});
    symbol const b = build::input(g, "b", {1024});
    g.outputs.push_back((tanh_of(x * a + b) * sigmoid_of(x)).id());
    return g;
  }
};
static_assert(is_only<gated>(step_kind::loop));

struct gated_gradient {
  static constexpr graph build() {
    graph g = gated::build();
    symbol const y{g, g.outputs[0]};
    g.outputs.clear();
    for (int const id : differentiate(g, sum(y), {0, 1, 2})) g.outputs.push_back(id);
    return g;
  }
};
static_assert(is_only<gated_gradient>(step_kind::loop));

struct layer_forward {  // relu(x W + b), with samples
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {784});
    weights make{g};
    symbol const w = make("kernel", {784, 128}, initializer{});
    symbol const b = make("bias", {128}, initializer{});
    g.outputs.push_back(maximum(matmul(x, w) + b, 0).id());
    return g;
  }
};
static_assert(is_only<layer_forward>(step_kind::contraction));

struct residual_block {  // x + dropout(tanh(x W)), its mask drawn beforehand
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {64});
    weights make{g};
    symbol const w = make("kernel", {64, 64}, initializer{});
    symbol const keep = build::random_uniform(g, {64}, true) < 0.9;
    g.outputs.push_back((x + where(keep, tanh_of(matmul(x, w)) / 0.9, 0)).id());
    return g;
  }
};
static_assert(program<residual_block>::step_count == 2);
static_assert(count<residual_block>(step_kind::contraction) == 1);
static_assert(program<residual_block>::arena_bytes(100) == 100 * 64);  // the mask, a byte each

struct attention_weights {  // softmax of q k^T: the product, then one pass over its rows
  static constexpr graph build() {
    graph g;
    symbol const q = build::input(g, "q", {2, 16, 8});
    symbol const k = build::input(g, "k", {2, 16, 8});
    symbol const s = 0.25 * matmul(q, transpose(k, {0, 2, 1}));
    symbol const e = exp(s - max(s, {-1}, true));
    g.outputs.push_back((e / sum(e, {-1}, true)).id());
    return g;
  }
};
static_assert(program<attention_weights>::step_count == 2);
static_assert(count<attention_weights>(step_kind::contraction) == 1);
static_assert(count<attention_weights>(step_kind::row) == 1);

struct moved {  // movement is a matter of indices
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {8, 4, 6});
    symbol const y = slice(transpose(x, {2, 0, 1}), {0, 1, 0}, {6, 8, 4}, {2, 1, 1});
    g.outputs.push_back((2 * build::reverse(y, {1})).id());
    return g;
  }
};
static_assert(is_only<moved>(step_kind::loop));

struct twins {  // equal layers share one kernel
  static constexpr graph build() {
    graph g;
    symbol x = build::input(g, "x", {32});
    weights make{g};
    for (int i = 0; i < 6; ++i) {
      symbol const w = make("kernel", {32, 32}, initializer{});
      symbol const b = make("bias", {32}, initializer{});
      x = maximum(matmul(x, w) + b, 0);
    }
    g.outputs.push_back(x.id());
    return g;
  }
};
static_assert(program<twins>::step_count == 6);
constexpr bool twins_share() {
  for (step_info const& s : program<twins>::data.steps)
    if (s.signature != 0) return false;
  return true;
}
static_assert(twins_share());
// two buffers take turns
static_assert(program<twins>::arena_bytes(10) == 2 * 10 * 32 * 4);

struct chain {  // dear ops in a row, each used once: nothing is stored between them
  static constexpr graph build() {
    graph g;
    symbol x = build::input(g, "x", {10});
    for (int i = 0; i < 12; ++i) x = sin(x) + 0.5;
    g.outputs.push_back(x.id());
    return g;
  }
};
static_assert(is_only<chain>(step_kind::loop));

constexpr window square(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                        std::int64_t low = 0) {
  window w;
  w.axes[1] = w.axes[2] = {in, out, size, stride, 1, low};
  return w;
}
/// max pooling of relu(convolution(x, k) + b), and the relu's values too if these are wanted.
template <std::int64_t Filters, bool Kept = false>
struct pooled {
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {13, 13, 1});
    weights make{g};
    symbol const k = make("kernel", {3, 3, 1, Filters}, initializer{});
    symbol const b = make("bias", {Filters}, initializer{});
    symbol const y = maximum(build::convolution(x, k, square(13, 11, 3, 1)) + b, 0);
    g.outputs.push_back(build::window_max(y, square(11, 5, 2, 2)).id());
    if (Kept) g.outputs.push_back(y.id());
    return g;
  }
};
/// With few filters it is one step, and the row and column that no window reads are left out.
static_assert(program<pooled<6>>::step_count == 1);
static_assert(program<pooled<6>>::data.steps[0].product.code == op::convolution_max);
static_assert(program<pooled<6>>::data.steps[0].product.over.axes[1].out == 10);
static_assert(program<pooled<6>>::arena_bytes(100) == 0);
/// With many, bias and relu are computed from the greatest elements alone.
static_assert(program<pooled<32>>::step_count == 2);
static_assert(program<pooled<32>>::data.steps[0].product.code == op::convolution);
static_assert(program<pooled<32>>::data.steps[0].instruction_count == 1);
static_assert(program<pooled<32>>::data.steps[1].product.code == op::window_max);
/// Where all values are wanted, nothing is moved.
static_assert(program<pooled<6, true>>::data.steps[0].product.code == op::convolution);
static_assert(program<pooled<6, true>>::data.steps[0].instruction_count > 1);

struct wanted_twice {  // outputs that are leaves, and the same value twice
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {5});
    symbol const y = exp(x);
    for (int const id : {x.id(), y.id(), y.id()}) g.outputs.push_back(id);
    return g;
  }
};
static_assert(program<wanted_twice>::sizes.outputs == 3);

}  // namespace

TEST_CASE("graphs fuse into few steps", "[compiler]") {
  // A training step of 784-128-10: two forward products, the loss's row program, the mean of the
  // losses in two steps, two products for the kernels' gradients, one for the hidden values', and
  // two sums for the biases.
  graph g;
  symbol const x = build::input(g, "x", {784});
  symbol const target = build::input(g, "target", {}, dtype::int32);
  weights make{g};
  symbol h = x;
  for (std::int64_t const units : {128, 10}) {
    symbol const w = make("kernel", {h.shape()[0], units}, initializer{});
    symbol const b = make("bias", {units}, initializer{});
    h = matmul(h, w) + b;
    if (units == 128) h = maximum(h, 0);
  }
  symbol const shifted = h - stop_gradient(max(h, {-1}, true));
  symbol const losses =
      log(sum(exp(shifted))) - sum(where(build::iota(g, {10}, 0) == target, shifted, 0));
  list<int> wanted;
  for (int id = 0; id < g.size(); ++id)
    if (g[id].code == op::weight) wanted.push_back(id);
  list<int> const gradients = differentiate(g, batch_mean(losses), wanted);
  g.outputs.push_back(batch_mean(losses).id());
  for (int const id : gradients) g.outputs.push_back(id);
  compiled_graph const c = compile_graph(g);
  REQUIRE(!c.source.failed());
  int contractions = 0;
  for (step const& s : c.steps.steps) contractions += s.kind == step_kind::contraction;
  CHECK(contractions == 5);
  CHECK(c.steps.steps.size() <= 10);
  // hidden values and their gradient, scores and theirs, and little else
  CHECK(c.memory.sample_bytes <= (2 * 128 + 4 * 16) * 4);
}
