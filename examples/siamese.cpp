// SPDX-License-Identifier: BSL-1.0
// Siamese towers (Bromley et al., 1993) learn whether two pictures show the same digit: one tower,
// called for both, turns each into 32 numbers, and their distance decides. So pairs are told apart
// of digits that nobody named.
// usage: siamese [--epochs N] [--data FOLDER] [--plot FILE]
#include <typegrad/plot.hpp>
#include <typegrad/typegrad.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tg = typegrad;
using namespace tg::literals;

struct tower : tg::layer<tower> {
  tg::conv2d<16, 3, tg::relu> conv_1;
  tg::conv2d<32, 3, tg::relu> conv_2;
  tg::max_pooling2d<2> pool_1, pool_2;
  tg::flatten flatten;
  tg::dense<32> embed;
  constexpr tg::symbol call(tg::symbol x) {
    x = pool_1(conv_1(x));
    x = pool_2(conv_2(x));
    return embed(flatten(x));
  }
};

struct siamese : tg::network<siamese> {
  using inputs = tg::inputs<tg::named<"left", 28, 28, 1>, tg::named<"right", 28, 28, 1>>;
  tower see;
  tg::dense<1, tg::sigmoid> decide;
  constexpr auto call(tg::symbol left, tg::symbol right) {
    tg::symbol const a = see(left);  // one object, called twice: both use the same weights
    tg::symbol const b = see(right);
    tg::symbol const distance = sqrt(sum(square(a - b), {0}, true) + 1e-6f);
    return tg::outputs(tg::output<"same">(decide(distance)), tg::output<"distance">(distance));
  }
};

// Pictures with a partner for each, in half of the pairs of the same digit. They refer to `from`.
struct pairs {
  xt::xtensor<float, 3> const& left;
  xt::xtensor<float, 3> right;
  xt::xtensor<float, 1> same;

  template <class Digits>
  pairs(Digits const& from, unsigned seed) : left(from.x), same(xt::zeros<float>({from.size()})) {
    std::array<std::vector<std::size_t>, 10> of_digit;
    for (std::size_t i = 0; i < from.size(); ++i)
      of_digit[static_cast<std::size_t>(from.y(i))].push_back(i);
    std::mt19937 random(seed);
    std::vector<std::size_t> partner(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      auto digit = static_cast<std::size_t>(from.y(i));
      if (random() % 2 == 0)
        same(i) = 1;
      else
        digit = (digit + 1 + random() % 9) % 10;
      partner[i] = of_digit[digit][random() % of_digit[digit].size()];
    }
    right = tg::take_rows(from.x, partner);
  }
  auto images() const { return tg::by_name("left"_n = left, "right"_n = right); }
  tg::samples with_targets() const { return {images(), tg::by_name("same"_n = same)}; }
};

struct arguments {
  int epochs = 4;
  std::string data, plot = "siamese.svg";

  arguments(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      std::string_view const name = argv[i];
      if (i + 1 == argc) throw std::invalid_argument(std::string(name) + " needs a value");
      if (name == "--epochs") epochs = std::atoi(argv[i + 1]);
      else if (name == "--data") data = argv[i + 1];
      else if (name == "--plot") plot = argv[i + 1];
      else throw std::invalid_argument("there is no option " + std::string(name));
    }
  }
};

int main(int argc, char** argv) try {
  arguments const given(argc, argv);
  auto const mnist = given.data.empty() ? tg::datasets::mnist() : tg::datasets::mnist(given.data);
  pairs const test(mnist.test, 0);

  auto model = tg::compile<siamese>(tg::adam{.learning_rate = 2e-3f},
                                    tg::losses("same"_n = tg::binary_crossentropy{}),
                                    tg::metrics("same"_n = tg::accuracy{}));
  model.summary();
  for (int epoch = 0; epoch < given.epochs; ++epoch) {
    pairs const train(mnist.train, static_cast<unsigned>(epoch + 1));  // other pairs each time
    model.fit(train.with_targets(), {.epochs = epoch + 1,
                                     .batch_size = 64,
                                     .validation_data = test.with_targets(),
                                     .verbose = 2,
                                     .initial_epoch = epoch});
  }
  std::printf("%.2f %% of %zu pairs of test digits are told rightly; see %s\n",
              100 * model.evaluate(test.with_targets())["same_accuracy"_n], test.same.size(),
              given.plot.c_str());

  auto const predicted = model.predict(test.images());
  tg::plot::figure figure{.title = "Distances of test digits", .columns = 1};
  auto& shown = figure.images("");
  for (float const same : {1.0f, 0.0f}) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; chosen.size() < 8 && i < test.same.size(); ++i)
      if (test.same(i) == same) chosen.push_back(i);
    shown.row(same > 0 ? "the same" : "others");
    for (std::size_t const i : chosen) shown.image(xt::view(test.left, i));
    shown.row();
    for (std::size_t const i : chosen) {
      char distance[16];
      std::snprintf(distance, sizeof distance, "%.2f", predicted["distance"_n](i, 0));
      shown.image(xt::view(test.right, i), distance);
    }
  }
  figure.save(given.plot);
} catch (std::exception const& error) {
  std::fprintf(stderr, "siamese: %s\n", error.what());
  return 1;
}
