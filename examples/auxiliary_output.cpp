// SPDX-License-Identifier: BSL-1.0
// A convolutional network with an auxiliary output: a second, small classifier reads digits from
// what the first layers see, so that these learn sooner. Both losses are trained on together, 0.3
// of the auxiliary and 0.7 of the main one, as in GoogLeNet (Szegedy et al., arXiv 1409.4842).
// usage: auxiliary_output [--epochs N] [--data FOLDER] [--plot FILE]
#include <typegrad/typegrad.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tg = typegrad;
using namespace tg::literals;

struct digit_reader : tg::network<digit_reader> {
  using inputs = tg::inputs<tg::named<"image", 28, 28, 1>>;
  tg::conv2d<16, 3, tg::relu> conv_1;
  tg::conv2d<32, 3, tg::relu> conv_2;
  tg::max_pooling2d<2> pool_1, pool_2;
  tg::flatten flatten;
  tg::dropout<0.5f> dropout;
  tg::dense<10> main, auxiliary;
  constexpr auto call(tg::symbol x) {
    tg::symbol const early = pool_1(conv_1(x));
    tg::symbol const late = pool_2(conv_2(early));
    tg::symbol const digit = main(dropout(flatten(late)));
    tg::symbol const guess = auxiliary(flatten(early));
    return tg::outputs(tg::output<"main">(digit), tg::output<"auxiliary">(guess));
  }
};

struct arguments {
  int epochs = 3;
  std::string data, plot = "auxiliary_output.svg";

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

  tg::sparse_categorical_crossentropy<tg::from_logits> const loss;
  auto model = tg::compile<digit_reader>(
      tg::adam{.learning_rate = 2e-3f}, tg::losses("main"_n = loss, "auxiliary"_n = loss),
      tg::loss_weights("main"_n = 0.7f, "auxiliary"_n = 0.3f),
      tg::metrics("main"_n = tg::accuracy{}, "auxiliary"_n = tg::accuracy{}));
  model.summary();
  auto const both = [](auto const& part) {  // the same digits are the targets of both outputs
    return tg::samples{part.x, tg::by_name("main"_n = part.y, "auxiliary"_n = part.y)};
  };
  auto const history = model.fit(both(mnist.train), {.epochs = given.epochs,
                                                     .batch_size = 64,
                                                     .validation_data = both(mnist.test),
                                                     .verbose = 2});
  history.plot(given.plot);

  auto const result = model.evaluate(both(mnist.test));
  std::printf("test accuracy: %.4f of the main output, %.4f of the auxiliary one; see %s\n",
              result["main_accuracy"_n], result["auxiliary_accuracy"_n], given.plot.c_str());
} catch (std::exception const& error) {
  std::fprintf(stderr, "auxiliary_output: %s\n", error.what());
  return 1;
}
