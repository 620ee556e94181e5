// SPDX-License-Identifier: BSL-1.0
#include <typegrad/io/history_plot.hpp>
#include <typegrad/io/summary.hpp>

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <typegrad/nn.hpp>
#include <unistd.h>

namespace tg = typegrad;

namespace {

using net = tg::sequential<tg::input<28, 28>, tg::flatten, tg::frozen<tg::dense<128, tg::relu>>,
                           tg::dense<10>>;

template <int Units>
struct a_layer_with_quite_a_long_name : tg::layer<a_layer_with_quite_a_long_name<Units>> {
  tg::dense<Units> inner;
  constexpr tg::symbol call(tg::symbol x) { return inner(x); }
};
using named = tg::sequential<tg::input<2>, a_layer_with_quite_a_long_name<3>>;

}  // namespace

TEST_CASE("a summary has Keras's form") {
  CHECK(tg::io_detail::summarize(tg::trace<net>(), "sequential") ==
        R"(Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #   
=================================================================
 flatten (flatten)           (None, 784)               0         
                                                                 
 dense (dense)               (None, 128)               100480    
                                                                 
 dense_1 (dense)             (None, 10)                1290      
=================================================================
Total params: 101770 (397.54 KB)
Trainable params: 1290 (5.04 KB)
Non-trainable params: 100480 (392.50 KB)
_________________________________________________________________
)");
}

TEST_CASE("a long name goes on in the next line, inner layers count with their outer one") {
  auto const text = tg::io_detail::summarize(tg::trace<named>(), "sequential");
  CHECK(text.find("\n a_layer_with_quite_a_long_  (None, 3)                 9         \n"
                  " name (a_layer_with_quite_a                                      \n"
                  " _long_name)                                                     \n") !=
        std::string::npos);
}

TEST_CASE("sizes") {
  CHECK(tg::io_detail::summary_count(0) == "0 (0.00 B)");
  CHECK(tg::io_detail::summary_count(255) == "255 (1020.00 B)");
  CHECK(tg::io_detail::summary_count(25'557'032) == "25557032 (97.49 MB)");
}

TEST_CASE("a history is drawn with a panel for each number, training and validation together") {
  tg::history history;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    history.add_epoch(epoch);
    history.add("loss", 1.0 / epoch);
    history.add("accuracy", 1 - 0.1 / epoch);
    history.add("val_loss", epoch == 2 ? std::nan("") : 1.5 / epoch);
  }
  auto const path = (std::filesystem::temp_directory_path() /
                     ("typegrad_history_" + std::to_string(::getpid()) + ".svg"))
                        .string();
  history.plot(path);
  std::ifstream in(path);
  std::string const svg{std::istreambuf_iterator<char>(in), {}};
  std::filesystem::remove(path);
  CHECK(svg.starts_with("<svg"));
  for (auto const* name : {"loss", "accuracy", "training", "validation", "epoch"}) {
    INFO(name);
    CHECK(svg.find(std::string(">") + name + "<") != std::string::npos);
  }
  CHECK(svg.find("val_loss") == std::string::npos);
}
