// SPDX-License-Identifier: BSL-1.0
#include <typegrad/io.hpp>
#include <typegrad/io/checkpoint.hpp>
#include <typegrad/io/plot_model.hpp>
#include <typegrad/training.hpp>

#include <typegrad/nn.hpp>
#include <typegrad/xtensor.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "data/support.hpp"
#include "support/misuse.hpp"

namespace tg = typegrad;
namespace plot = typegrad::plot;

namespace {

using net = tg::sequential<tg::input<4>, tg::dense<3>>;
using wider = tg::sequential<tg::input<5>, tg::dense<3>>;
using deeper = tg::sequential<tg::input<4>, tg::dense<3>, tg::dense<2>>;

}  // namespace

TEST_CASE("misuse: files that are no checkpoints of a model") {
  test::folder const at;
  std::string const folder = at.path().string() + "/";
  auto const path = [&](char const* name) { return (at / name).string(); };
  auto model = tg::compile<net>(tg::sgd{}, tg::mean_squared_error{});
  tg::predictor<wider> wide;
  tg::predictor<deeper> deep;
  model.initialize(1);
  model.save(path("net"));
  model.save_weights(path("weights"));
  wide.save_weights(path("wider"));
  deep.save_weights(path("deeper"));
  auto const good = test::read_file(at / "net");
  test::write_file(at / "empty", "");
  test::write_file(at / "text", "hello, this is text");
  test::write_file(at / "cut", std::string_view(good).substr(0, good.size() - 5));
  test::write_file(at / "short", std::string("\x98\1\0\0\0\0\0\0", 8) + std::string(32, ' '));
  test::write_file(at / "long", good + "more");
  std::filesystem::create_directory(at / "folder");

  auto const before = xt::xtensor<float, 2>(model.weight("dense/kernel"));
  support::check<std::runtime_error>(
      {{"a file that is not there", [&] { model.load(path("none")); },
        "none: there is no such file"},
       {"a file without a name", [&] { model.load(""); }, "\"\": there is no such file"},
       {"a folder", [&] { model.load(path("folder")); }, "folder: not a regular file"},
       {"an empty file", [&] { model.load(path("empty")); },
        "empty: ends at byte 0, inside the 8 bytes that give the header's length"},
       {"a file of another kind", [&] { model.load_weights(path("text")); },
        "text: bytes 0 to 7 give the header 8367736964726416744 bytes, more than the format's "
        "100000000; this is not a safetensors file"},
       {"a file that is cut", [&] { model.load(path("cut")); },
        "cut: tensor \"dense/kernel\" at bytes 12 to 60 of the buffer lies beyond the buffer's 55 "
        "bytes; the file is truncated"},
       {"a file that is cut within its header", [&] { model.load(path("short")); },
        "short: the header needs 408 bytes from byte 8, the file has 32; it is truncated"},
       {"a file that goes on", [&] { model.load(path("long")); },
        "long: the tensors end at byte 60 of the buffer, which has 64 bytes; something follows "
        "them"},
       {"weights alone where training is to go on", [&] { model.load(path("weights")); },
        "weights: its format is \"typegrad weights 1\", \"typegrad checkpoint 1\" is needed; "
        "load_weights takes the weights alone"},
       {"weights of other extents", [&] { model.load_weights(path("wider")); },
        "wider: of another architecture: \"dense/kernel\" has shape 5x3 there and 4x3 here"},
       {"weights of a model of more layers", [&] { model.load_weights(path("deeper")); },
        "deeper: of another architecture: it has \"dense_1/bias\", which this model lacks"},
       {"weights of a model of fewer layers", [&] { deep.load_weights(path("weights")); },
        "weights: of another architecture: it has no weight \"dense_1/kernel\", which is 3x2 here"},
       {"a folder to write", [&] { model.save(path("folder")); },
        "folder: cannot write: it is a folder"},
       {"a file to write in a folder that is not there",
        [&] { model.save_weights(path("none/net")); },
        "none/net: cannot create a file beside it: No such file or directory"},
       {"a file to write without a name", [&] { model.save(""); },
        "\"\": cannot write: it names no file"},
       {"a drawing without an extension", [&] { model.plot_model(path("drawing")); },
        "draw: drawing has no extension that says what to write; use .dot, .svg or .png"},
       {"a drawing in a folder that is not there", [&] { model.plot_model(path("none/net.dot")); },
        "none/net.dot: cannot create a file beside it: No such file or directory"}},
      folder);
  support::check<std::invalid_argument>(
      {{"a drawing in a direction that there is not",
        [&] { model.plot_model(path("net.dot"), {.rankdir = "lr"}); },
        "plot_model: rankdir is TB, LR, BT or RL, got \"lr\""}});
  CHECK(model.weight("dense/kernel") == before);
  CHECK(at.entries() == 10);  // and nothing half-written
}

TEST_CASE("misuse: plots and images") {
  test::folder const at;
  std::string const folder = at.path().string() + "/";
  double const infinity = std::numeric_limits<double>::infinity();
  std::vector<double> const two{1, 2}, three{1, 2, 3}, four{1, 2, 3, 4};
  xt::xtensor<float, 2> const image{{0, 1}};
  auto const figure_of = [&](double width, double height) {
    plot::figure figure{.width = width, .panel_height = height};
    figure.panel("a").line("l", two, two);
    figure.svg();
  };
  plot::figure figure;
  plot::panel& panel = figure.panel("loss");
  plot::panel logarithmic("loss");
  logarithmic.y_scale(plot::scale::logarithmic);
  plot::surface_panel& surface = figure.surface("bowl", two, two, four);
  support::check<std::invalid_argument>(
      {{"a series of more ys than xs", [&] { panel.line("training", two, three); },
        "plot: series \"training\" has 2 x and 3 y values; they must be as many"},
       {"a range that is empty", [&] { panel.y_range(1, 1); },
        "plot: y_range needs finite numbers with low < high, got 1 and 1"},
       {"a range without an end", [&] { surface.z_range(0, infinity); },
        "plot: z_range needs finite numbers with low < high, got 0 and inf"},
       {"a range below 0 on a logarithmic scale", [&] { logarithmic.y_range(-1, 1); },
        "plot: y_range on a logarithmic scale needs positive numbers, got -1 and 1"},
       {"a logarithmic scale for a range from 0",
        [&] { panel.y_range(0, 1).y_scale(plot::scale::logarithmic); },
        "plot: y_range on a logarithmic scale needs positive numbers, got 0 and 1"},
       {"a surface of too few values", [&] { figure.surface("bowl", two, two, three); },
        "plot: surface \"bowl\" over 2 xs and 2 ys needs 4 values, a row of 2 for each y; got 3"},
       {"a surface seen from below", [&] { surface.view_from(30, -10); },
        "plot: surface \"bowl\" is seen from an elevation of 0 to 90 degrees, not from azimuth 30 "
        "and elevation -10"},
       {"no mark", [&] { panel.add(nullptr); }, "plot: panel \"loss\": add needs a mark, got none"},
       {"a picture that is too narrow", [&] { figure_of(10, 330); },
        "plot: a figure of 1 panels side by side needs a width of more than 33 pixels, or 0 for "
        "what they like; got 10"},
       {"a picture without height", [&] { figure_of(0, -3); },
        "plot: a figure's panel_height must be positive, got -3"},
       {"a chart in a file of another kind", [&] { figure.save(at / "loss.png"); },
        "plot: loss.png is written as svg; give it the extension .svg"},
       {"an image in a file of another kind", [&] { tg::save_png(at / "digit.jpg", image); },
        "save_png: digit.jpg is written as png; give it the extension .png"},
       {"an image of one axis", [&] { tg::save_png(at / "digit.png", xt::xtensor<float, 1>{1}); },
        "plot: image \"digit.png\" needs an array of height x width or height x width x channels, "
        "got extents 1"},
       {"an image of two channels",
        [&] { tg::save_png(at / "digit.png", xt::ones<float>({2, 2, 2})); },
        "plot: image \"digit.png\" needs 1 (grey) or 3 (RGB) channels, got 2"},
       {"no images",
        [] { tg::image_grid(xt::xtensor<float, 3>(std::array<std::size_t, 3>{0, 4, 4})); },
        "image_grid: needs images and columns, got images of extents 0x4x4x1 and 8 columns"}},
      folder);
  // what is no mistake: NaN and infinities are gaps
  panel.line("validation", two, std::vector<double>{std::nan(""), infinity});
  figure.save(at / "loss.svg");
  CHECK(at.entries() == 1);
}
