// SPDX-License-Identifier: BSL-1.0
// What docs/keras_cheat_sheet.md and docs/pitfalls.md show; built and run by the tests.
#include <typegrad/typegrad.hpp>

#include <cstdio>
#include <stdexcept>

namespace tg = typegrad;

using net = tg::sequential<
    tg::input<20>,
    tg::dense<64, tg::relu, tg::he_normal{}, tg::l2(1e-4f)>,
    tg::dropout<0.5f>,
    tg::dense<3>>;

static_assert(tg::parameter_count<net> == 20 * 64 + 64 + 64 * 3 + 3);
static_assert(std::same_as<tg::output_shape<net>, tg::shape<3>>);

using constants = tg::sequential<
    tg::input<20>,
    tg::dense<64, tg::constant{0.5f}, tg::bias_initializer(tg::ones{})>>;

static_assert(tg::parameter_count<constants> == 20 * 64 + 64);

// A layer of one's own: `build` once, `call` as often as you like.
template <int Units>
struct gated : tg::layer<gated<Units>> {
  tg::dense<Units> value;
  tg::dense<Units, tg::sigmoid> gate;
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol const y = value(x);  // statements: C++ does not say which side of a * runs first
    return y * gate(x);
  }
};

// A layer of one's own that Keras has under another name.
template <int Units>
struct linear : tg::layer<linear<Units>> {
  tg::symbol kernel, bias;
  constexpr void build(tg::weights& add, tg::extents input) {
    kernel = add("kernel", {input.back(), Units}, tg::glorot_uniform{});
    bias = add("bias", {Units}, tg::zeros{});
  }
  constexpr tg::symbol call(tg::symbol x) const { return matmul(x, kernel) + bias; }
  static void keras_config(tg::config_writer& w) {
    w.layer("Dense");
    w.integer("units", Units);
  }
};

using gated_net = tg::sequential<tg::input<20>, gated<16>, tg::dense<1>>;

// Two layers that start where another model ended and are not trained further.
using tuned = tg::sequential<tg::input<20>, tg::frozen<tg::dense<64, tg::relu>>, tg::dense<2>>;
static_assert(tg::trainable_parameter_count<tuned> == 64 * 2 + 2);

// Words as vectors, axes by their letters, and functions as layers.
using words = tg::sequential<
    tg::input<10, tg::dtype::int32>,
    tg::embedding<1000, 64, tg::random_normal{}, tg::l2(1e-4f)>,
    tg::einsum_dense<"abc,cd->abd", tg::output_extents<-1, 64>, tg::bias_axes<"d">>,
    tg::einsum_dense<"...x,xy->...y", 64, tg::relu>,
    tg::permute<2, 1>,
    tg::lambda<[](tg::symbol x) { return x * x; }>>;
static_assert(tg::parameter_count<words> == 1000 * 64 + (64 * 64 + 64) + 64 * 64);
static_assert(std::same_as<tg::output_shape<words>, tg::shape<64, 10>>);
static_assert(std::same_as<tg::output_shape<tg::sequential<tg::input<5>, tg::repeat_vector<3>>>,
                           tg::shape<3, 5>>);

// Normalization, merging and noise. A residual block is a layer of one's own.
struct residual : tg::layer<residual> {
  tg::dense<16> first, second;
  tg::batch_normalization<tg::momentum(0.9), tg::epsilon(1e-5), tg::no_scale> normalization;
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol y = tg::relu(normalization(first(x)));
    y = second(y);
    return tg::relu(tg::add(x, y));
  }
};

struct comparing : tg::layer<comparing> {
  constexpr tg::symbol call(tg::symbol x) const {
    tg::list<tg::symbol> const parts = tg::split(x, {2, 4}, 0);
    tg::symbol const rows = tg::stack({parts[0], parts[1]});
    return tg::dot(tg::axis(1, 0), tg::normalize, rows, tg::dot(tg::axis(-1), rows, rows));
  }
};
static_assert(std::same_as<tg::output_shape<tg::sequential<tg::input<5>, comparing>>,
                           tg::shape<2, 2>>);

struct merging : tg::layer<merging> {
  constexpr tg::symbol call(tg::symbol x) const {
    tg::symbol const rows = tg::concatenate(tg::axis(0), x, 2 * x);
    return tg::concatenate(tg::average(rows, tg::maximum(rows, -rows)), tg::multiply(rows, rows));
  }
};

// Ops of every kind, and loops.
struct operations : tg::layer<operations> {
  constexpr tg::symbol call(tg::symbol x) const {  // a vector
    tg::symbol const best = take_along_axis(x, top_k(x, 3).indices) + top_k(x, 3).values;
    tg::symbol const rows =
        tg::stack({sort(x), cumsum(x, 0), roll(x, 1, 0), gather(x, argsort(x))});
    tg::symbol const gram = einsum("ij,kj->ik", rows, rows);
    tg::symbol const padded = pad(stddev(gram, {0}), {1}, {2}, tg::pad_mode::reflect);
    tg::symbol const tiled = tile(tg::split(padded, 7)[0], {3}) * one_hot(argmax(x), 3);
    tg::symbol const running = tg::scan(
        [](tg::symbol total, tg::symbol row) -> tg::scan_step {
          return {{0.5f * total + row}, {total}};
        },
        x, rows).carry[0];
    tg::symbol const grown = tg::fori_loop(
        0, 3, [](tg::symbol, tg::symbol v) { return v + mod(v, 2); }, running);
    tg::symbol const halved = tg::while_loop(
        [](tg::symbol v) { return tg::batch_sum(sum(abs(v))) > 1; },
        [](tg::symbol v) { return 0.5f * v; }, stop_gradient(grown));
    return tg::concatenate({best, tiled, tg::cond(sum(x) > 0, [&] { return grown; },
                                                  [&] { return halved; })});
  }
};
using of_operations = tg::sequential<tg::input<5>, operations>;
static_assert(std::same_as<tg::output_shape<of_operations>, tg::shape<11>>);

// Counts the steps of training.
struct counter : tg::layer<counter> {
  tg::symbol seen;
  constexpr void build(tg::weights& add) { seen = add.state("seen", {}, tg::zeros{}); }
  constexpr tg::symbol call(tg::symbol x) {
    this->update(seen, seen + 1);
    return x;
  }
};

using normalized = tg::sequential<
    tg::input<4, 4, 16>,
    residual,
    tg::frozen<tg::batch_normalization<>>,
    tg::batch_normalization<tg::gamma_initializer(tg::zeros{}), tg::beta_regularizer(tg::l2(1e-4f))>,
    tg::layer_normalization<tg::axis(0, 1)>,
    tg::spatial_dropout2d<0.2f>,
    tg::group_normalization<4>,
    tg::group_normalization<-1>,
    tg::rms_normalization<>,
    tg::unit_normalization<>,
    tg::gaussian_noise<0.1f>,
    tg::gaussian_dropout<0.2f>,
    merging,
    counter>;

static_assert(std::same_as<tg::output_shape<normalized>, tg::shape<8, 4, 32>>);
static_assert(tg::parameter_count<normalized> - tg::trainable_parameter_count<normalized> ==
              2 * 16 + 4 * 16 + 2 * 16 + 1);

int main() {
  xt::xtensor<float, 2> const x = xt::random::randn<float>({512, 20});
  xt::xtensor<std::int32_t, 1> const y = xt::cast<std::int32_t>(xt::view(x, xt::all(), 0) > 0) +
                                         xt::cast<std::int32_t>(xt::view(x, xt::all(), 1) > 0);

  auto model = tg::compile<net>(tg::adamw{.learning_rate = 3e-3f, .global_clipnorm = 1.0f},
                                tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                tg::accuracy{});
  model.initialize(/*seed=*/1);
  auto const history = model.fit({x, y}, {.epochs = 10,
                                          .batch_size = 64,
                                          .validation_split = 0.25,
                                          .class_weight = {{0, 1.0f}, {1, 2.0f}},
                                          .verbose = false});
  std::printf("val_accuracy %.3f\n", history["val_accuracy"].back());

  auto const result = model.evaluate({x, y});
  xt::xtensor<float, 2> const logits = model.predict(x);
  auto const one_step = model.train_on_batch(x, y);
  model.save("cheat_sheet.safetensors");
  tg::predictor<net> deployed;
  deployed.load_weights("cheat_sheet.safetensors");
  bool const same = xt::allclose(deployed.predict(x), model.predict(x));

  auto regression = tg::compile<gated_net>(tg::rmsprop{}, tg::huber<>{}, tg::mean_absolute_error{});
  xt::xtensor<float, 1> const sums = xt::sum(x, {1});
  regression.fit({x, sums}, {.epochs = 2, .verbose = false});

  // What a model tells of itself: to people, and to Keras.
  regression.summary();
  regression.plot_model("cheat_sheet.dot", {.show_shapes = true});
  std::remove("cheat_sheet.dot");
  for (auto const& layer : regression.layers())
    std::printf("%s: %d\n", layer.path.c_str(), static_cast<int>(layer.parameters));
  auto const first = regression.get_layer("gated/dense");
  bool const found = first.weights().size() == 2 && first.weight("kernel").size() == 20 * 16 &&
                     regression.inputs()[0].shape == tg::extents{20};
  bool const told = tg::predictor<tg::sequential<tg::input<3>, linear<4>>>{}.to_json().size() > 0;

  // Bad input is a sentence, and nothing has changed.
  try {
    xt::xtensor<float, 2> const narrow = xt::zeros<float>({512, 19});
    model.fit({narrow, y});
    return 1;
  } catch (std::invalid_argument const& error) {
    std::printf("%s\n", error.what());
  }
  std::remove("cheat_sheet.safetensors");
  return result.accuracy > 0.5 && logits.shape(0) == 512 && one_step.loss > 0 && same &&
                 found && told
             ? 0
             : 1;
}
