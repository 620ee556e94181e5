// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn.hpp>

namespace {

namespace tg = typegrad;
using tg::extents;

/// "dense/kernel 4x3, dense/bias 3": the weights of a model, in order.
template <class M>
std::string weights_of() {
  std::string all;
  for (tg::weight_info const& w : tg::trace<M>().weights) {
    if (!all.empty()) all += ", ";
    all += std::string(w.path.view()) + " " + std::string(to_text(w.shape).view());
  }
  return all;
}

template <class M>
std::string error_of() {
  return std::string(tg::trace<M>().error.view());
}

using tg::dense;
using tg::input;
using tg::sequential;

TEST_CASE("layers are named after their class, uniquely among their neighbours") {
  CHECK(weights_of<sequential<input<4>, dense<3>, dense<2, tg::no_bias>, dense<1>>>() ==
        "dense/kernel 4x3, dense/bias 3, dense_1/kernel 3x2, dense_2/kernel 2x1, dense_2/bias 1");
}

struct named_block : tg::layer<named_block> {
  static constexpr std::string_view name = "block";
  dense<2> a, b;
  constexpr tg::symbol call(tg::symbol x) { return b(a(x)); }
};

TEST_CASE("a static member `name` overrides the class's; paths nest") {
  CHECK(weights_of<sequential<input<2>, named_block, named_block>>() ==
        "block/dense/kernel 2x2, block/dense/bias 2, block/dense_1/kernel 2x2, block/dense_1/bias "
        "2, block_1/dense/kernel 2x2, block_1/dense/bias 2, block_1/dense_1/kernel 2x2, "
        "block_1/dense_1/bias 2");
}

struct dense_1 : tg::layer<dense_1> {
  tg::symbol w;
  constexpr void build(tg::weights& add) { w = add("w", {1}, tg::zeros{}); }
  constexpr tg::symbol call(tg::symbol x) const { return x * w; }
};

TEST_CASE("a class whose name looks like a numbered one does not collide") {
  CHECK(weights_of<sequential<input<1>, dense_1, dense<1, tg::no_bias>, dense<1, tg::no_bias>>>() ==
        "dense_1/w 1, dense/kernel 1x1, dense_2/kernel 1x1");
}

struct twice : tg::layer<twice> {
  dense<3, tg::tanh> shared;
  constexpr tg::symbol call(tg::symbol x) { return shared(shared(x)); }
};
static_assert(tg::parameter_count<sequential<input<3>, twice>> == 12);

struct fresh : tg::layer<fresh> {
  constexpr tg::symbol call(tg::symbol x) const { return dense<3>{}(dense<3>{}(x)); }
};
static_assert(tg::parameter_count<sequential<input<3>, fresh>> == 24);

TEST_CASE("sequential is a layer within another") {
  using block = sequential<dense<3>, tg::activation<tg::relu>>;
  CHECK(weights_of<sequential<input<2>, block, block, sequential<input<3>, dense<1>>>>() ==
        "sequential/dense/kernel 2x3, sequential/dense/bias 3, sequential_1/dense/kernel 3x3, "
        "sequential_1/dense/bias 3, sequential_2/dense/kernel 3x1, sequential_2/dense/bias 1");
  CHECK(error_of<sequential<input<2>, sequential<input<3>, dense<1>>>>() ==
        "layer 1, sequential: its input has extents 3, got 2");
  CHECK(error_of<sequential<dense<2>>>() ==
        "sequential: needs input<...> as its first layer to be a model");
  CHECK(error_of<sequential<input<2>, int>>() ==
        "layer 1: int is not a layer: it cannot be called with a symbol");
}

TEST_CASE("frozen layers keep their paths and are not trained") {
  using free = sequential<input<4>, dense<3>, dense<2>>;
  using bound = sequential<input<4>, tg::frozen<dense<3>>, dense<2>>;
  CHECK(weights_of<free>() == weights_of<bound>());
  STATIC_CHECK(tg::parameter_count<bound> == 23);
  STATIC_CHECK(tg::trainable_parameter_count<bound> == 8);
  STATIC_CHECK(tg::trainable_parameter_count<free> == 23);
  STATIC_CHECK(tg::trainable_parameter_count<
                   sequential<input<4>, tg::frozen<sequential<dense<3>, dense<3>>>>> == 0);
}

TEST_CASE("dense computes x * kernel + bias along the last axis, then its activation") {
  tg::graph const g = tg::trace<sequential<input<2, 2>, dense<3, tg::relu>>>();
  auto const y = oracle::run(g, 1, {{1, 2, -1, 0}}, {{1, 0, 2, 0, 1, -1}, {0.5, 0, 1}})[0];
  oracle::check_close(y, {1.5, 2, 1, 0, 0, 0}, 1e-6);
  CHECK(g[g.outputs[0]].shape == extents{2, 3});
}

TEST_CASE("dense takes its options in any order") {
  using tg::bias_initializer;
  using tg::bias_regularizer;
  auto const g = tg::trace<
      sequential<input<4>, dense<3, bias_regularizer(tg::l1_l2(0.1F, 0.2F)), tg::he_normal{},
                                 tg::tanh, tg::l2(0.25F), bias_initializer(tg::constant{2})>>>();
  REQUIRE(g.weights.size() == 2);
  CHECK(g.weights[0].initial == tg::initializer{tg::he_normal{}.operator tg::initializer()});
  CHECK(g.weights[0].l2 == 0.25F);
  CHECK(g.weights[0].l1 == 0);
  CHECK(g.weights[1].initial.a == 2);
  CHECK(g.weights[1].l1 == 0.1F);
  CHECK(g.weights[1].l2 == 0.2F);
  CHECK(g[g.outputs[0]].code == tg::op::tanh);
  auto const plain = tg::trace<sequential<input<4>, dense<3>>>();
  CHECK(plain.weights[0].initial.distribution == tg::initializer::kind::variance_uniform);
  CHECK(plain.weights[0].initial.mode == tg::initializer::fan::average);
  CHECK(plain.weights[1].initial == tg::initializer{});
  auto const named =
      tg::trace<sequential<input<4>, dense<3, tg::kernel_initializer(tg::ones{})>>>();
  CHECK(named.weights[0].initial.a == 1);
}

struct doubled {
  constexpr tg::symbol operator()(tg::symbol x) const { return x + x; }
};

TEST_CASE("anything that can be called with a symbol is an activation") {
  auto const g = tg::trace<
      sequential<input<1>, dense<1, doubled{}>, dense<1, [](tg::symbol x) { return 3 * x; }>>>();
  CHECK(oracle::run(g, 1, {{5}}, {{1}, {0}, {1}, {0}})[0] == oracle::values{30});
}

TEST_CASE("wrong options are told by position and name") {
  CHECK(error_of<sequential<input<4>, dense<3, tg::same>>>() ==
        "layer 1, dense: option 1 (padding) is not one that dense takes");
  CHECK(error_of<sequential<input<4>, dense<3, tg::relu, tg::no_bias, tg::tanh>>>() ==
        "layer 1, dense: option 3 (activation) repeats option 1");
  CHECK(error_of<sequential<input<4>, dense<3, tg::relu, 5>>>() ==
        "layer 1, dense: option 2 (unknown) is not one that dense takes");
  CHECK(error_of<sequential<input<4>, dense<3>, dense<-1>>>() ==
        "layer 2, dense_1: units must be positive, got -1");
  CHECK(error_of<sequential<input<>, dense<3>>>() ==
        "layer 1, dense: needs at least one axis, got a scalar; put reshape<1> before it");
}

TEST_CASE("an activity regularizer adds a loss per sample") {
  auto const g =
      tg::trace<sequential<input<2>, dense<2, tg::activity_regularizer(tg::l1_l2(0.5F, 2.0F))>>>();
  REQUIRE(g.losses.size() == 1);
  tg::graph shown = g;
  shown.outputs.clear();
  shown.outputs.push_back(g.losses[0]);
  auto const penalty = oracle::run(shown, 2, {{1, -2, 3, 0}}, {{1, 0, 0, 1}, {0, 0}})[0];
  oracle::check_close(penalty, {0.5 * 3 + 2 * 5, 0.5 * 3 + 2 * 9}, 1e-6);
}

TEST_CASE("flatten, reshape, activation and identity") {
  using net = sequential<input<2, 3, 4>, tg::flatten, tg::reshape<4, -1>, tg::identity,
                         tg::activation<tg::leaky_relu(0.5F)>>;
  STATIC_CHECK(std::same_as<tg::output_shape<net>, tg::shape<4, 6>>);
  STATIC_CHECK(std::same_as<tg::output_shape<sequential<input<1>, tg::reshape<>>>, tg::shape<>>);
  CHECK(error_of<sequential<input<12>, tg::reshape<5, 2>>>() ==
        "layer 1, reshape: 12 elements cannot become 5x2");
  CHECK(error_of<sequential<input<12>, tg::reshape<5, -1>>>() ==
        "layer 1, reshape: 12 elements cannot become 5x-1");
  CHECK(error_of<sequential<input<12>, tg::reshape<-1, -1>>>() ==
        "layer 1, reshape: needs positive extents, of which one may be -1, got -1x-1");
  CHECK(error_of<sequential<input<0>>>() == "layer 0, input: needs positive extents, got 0");
}

TEST_CASE("dropout keeps the expected value in training and does nothing otherwise") {
  using net = sequential<input<1000>, tg::dropout<0.25f>>;
  tg::graph const inference = tg::trace<net>(false);
  CHECK(inference[inference.outputs[0]].code == tg::op::input);
  auto const y = oracle::run(tg::trace<net>(true), 8, {oracle::values(8000, 3.0)})[0];
  int dropped = 0;
  for (double const v : y) {
    CHECK((v == 0 || v == 4));
    if (v == 0) ++dropped;
  }
  CHECK((dropped > 1800 && dropped < 2200));
  bool differ = false;  // each sample has its own
  for (std::size_t i = 0; i < 1000; ++i) differ = differ || y[i] != y[1000 + i];
  CHECK(differ);
  tg::graph const none = tg::trace<sequential<input<4>, tg::dropout<0>>>(true);
  CHECK(none[none.outputs[0]].code == tg::op::input);
  CHECK(error_of<sequential<input<4>, tg::dropout<1.0f>>>() ==
        "layer 1, dropout: rate must be at least 0 and less than 1, got 1");
  CHECK(error_of<sequential<input<4>, tg::dropout<-0.5>>>() ==
        "layer 1, dropout: rate must be at least 0 and less than 1, got -0.5");
}

struct void_call : tg::layer<void_call> {
  constexpr void call(tg::symbol) {}
};
struct no_call : tg::layer<no_call> {};
struct empty_call : tg::layer<empty_call> {
  tg::symbol never_built;
  constexpr tg::symbol call(tg::symbol) { return never_built; }
};
struct same_weight : tg::layer<same_weight> {
  constexpr void build(tg::weights& add) {
    add("w", {2}, tg::zeros{});
    add("w", {2}, tg::zeros{});
  }
  constexpr tg::symbol call(tg::symbol x) { return x; }
};
struct odd_identity : tg::layer<odd_identity> {
  constexpr void build(tg::weights& add) { add("w", {2, 2, 2}, tg::initializers::identity{}); }
  constexpr tg::symbol call(tg::symbol x) { return x; }
};
struct deep_trouble : tg::layer<deep_trouble> {
  dense<0> inner;
  constexpr tg::symbol call(tg::symbol x) {
    x = tg::relu(inner(x));
    return x + dense<4>{}(x);
  }
};

TEST_CASE("a wrong layer is one sentence") {
  CHECK(error_of<sequential<input<2>, void_call>>() ==
        "layer 1, void_call: call must return a symbol");
  CHECK(error_of<sequential<input<2>, no_call>>() ==
        "layer 1, no_call: has no call that takes 1 symbol; write a public `constexpr symbol "
        "call(symbol)`");
  CHECK(error_of<sequential<input<2>, empty_call>>() ==
        "layer 1, empty_call: call must return a symbol; the one that it returned is empty");
  CHECK(error_of<sequential<input<2>, same_weight>>() ==
        "layer 1, same_weight: build makes two weights of the path same_weight/w");
  CHECK(error_of<sequential<input<2>, odd_identity>>() ==
        "layer 1, odd_identity: weight odd_identity/w: an identity needs two axes, got extents "
        "2x2x2");
  CHECK(error_of<sequential<input<2>, tg::identity, deep_trouble>>() ==
        "layer 2, deep_trouble/dense: units must be positive, got 0");
  CHECK(error_of<int>() == "not a model: it has no trace; sequential<input<...>, ...> is one");
}

TEST_CASE("nothing remains of a wrong model but its sentence") {
  auto const g = tg::trace<sequential<input<2>, dense<4>, void_call, dense<3>>>();
  CHECK(g.failed());
  CHECK(g.size() == 0);
  CHECK(g.weights.empty());
  CHECK(g.outputs.empty());
}

struct with_losses : tg::layer<with_losses> {
  constexpr tg::symbol call(tg::symbol x) {
    this->add_loss(tg::sum(x));
    return this->training() ? x + 1 : x;
  }
};

TEST_CASE("layers add losses and know of training") {
  auto const g = tg::trace<sequential<input<2>, with_losses>>(true);
  CHECK(g.losses.size() == 1);
  CHECK(g[g.outputs[0]].code == tg::op::add);
  auto const h = tg::trace<sequential<input<2>, with_losses>>(false);
  CHECK(h[h.outputs[0]].code == tg::op::input);
}

struct two_inputs : tg::layer<two_inputs> {
  tg::symbol w;
  constexpr void build(tg::weights& add, extents a, extents b) {
    w = add("w", {a.back(), b.back()}, tg::ones{});
  }
  constexpr tg::symbol call(tg::symbol a, tg::symbol b) const { return matmul(a, w) + b; }
};
struct splitter : tg::layer<splitter> {
  two_inputs join;
  constexpr tg::symbol call(tg::symbol x) { return join(slice(x, {0}, {2}), slice(x, {2}, {5})); }
};

TEST_CASE("a layer of two inputs is built from the extents of both") {
  CHECK(weights_of<sequential<input<5>, splitter>>() == "splitter/two_inputs/w 2x3");
}

TEST_CASE("the records of layers tell path, class, depth, extents and weights") {
  auto const g = tg::trace<sequential<input<2>, named_block, dense<3>, twice>>();
  std::string all;
  for (tg::layer_record const& r : g.layers) {
    all += std::string(r.scope.path.view()) + " (" + std::string(r.class_name.view()) + ") " +
           std::string(to_text(r.output).view()) + " " + std::to_string(r.depth) + " [" +
           std::to_string(r.first_weight) + "," + std::to_string(r.weights_end) + ")\n";
  }
  CHECK(all ==
        "block (block) 2 0 [0,4)\n"
        "block/dense (dense) 2 1 [0,2)\n"
        "block/dense_1 (dense) 2 1 [2,4)\n"
        "dense (dense) 3 0 [4,6)\n"
        "twice (twice) 3 0 [6,8)\n"
        "twice/dense (dense) 3 1 [6,8)\n");
}

TEST_CASE("an error within a shared layer tells which one") {
  CHECK(error_of<sequential<input<5>, twice>>() ==
        "layer 1, twice/dense: matmul: extents 3 and 5x3 do not fit");
}

}  // namespace
