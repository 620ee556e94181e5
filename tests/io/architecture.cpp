// SPDX-License-Identifier: BSL-1.0
// What a model tells of its layers: lists, connected summaries, drawings, Keras's JSON.
#include <io/architecture_models.hpp>
#include <typegrad/io/architecture.hpp>
#include <typegrad/io/plot_model.hpp>

#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tg = typegrad;
using namespace architecture_models;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string text_of(std::filesystem::path const& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class Model>
std::string json_of() {
  return tg::io_detail::architecture<>(
             tg::snapshot<tg::io_detail::architecture_recipe<Model>>::view())
      .json(tg::detail::layer_name_of<Model>.view());
}

template <class Model>
std::string problem_of() {
  try {
    json_of<Model>();
  } catch (std::invalid_argument const& e) {
    return e.what();
  }
  return {};
}

std::string stored(std::string const& name) {
  return text_of(std::filesystem::path(TYPEGRAD_TESTS_DIR) / "io" /
                 ("architecture_" + name + ".json"));
}

struct scratch {
  std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                 ("typegrad_architecture_" + std::to_string(::getpid()));
  scratch() { std::filesystem::create_directories(folder); }
  ~scratch() { std::filesystem::remove_all(folder); }
};

/// A layer with weights of its own; with Told, one that says what it is in Keras.
template <bool Told>
struct linear : tg::layer<linear<Told>> {
  tg::symbol kernel;
  constexpr void build(tg::weights& add, tg::extents input) {
    kernel = add("kernel", {input.back(), 2}, tg::he_normal{}, tg::l2(0.5f));
  }
  constexpr tg::symbol call(tg::symbol x) const { return matmul(x, kernel); }
  static void keras_config(tg::config_writer& w)
  requires(Told)
  {
    w.layer("Dense");
    w.integer("units", 2);
    w.flag("use_bias", false);
  }
};

struct leaky : tg::network<leaky> {
  using inputs = tg::inputs<tg::input<4>>;
  tg::dense<3> used, unused;
  constexpr tg::symbol call(tg::symbol x) {
    unused(x);
    return used(x);
  }
};

constexpr tg::symbol quotient(tg::symbol x) { return x / tg::exp(x); }
constexpr tg::symbol summed(tg::symbol x) { return sum(x, {1}); }
constexpr tg::symbol cubed(tg::symbol x) { return x * x * x; }

}  // namespace

TEST_CASE("a model lists its layers, inputs and outputs") {
  tg::predictor<many> model;
  auto const layers = model.layers();
  REQUIRE(layers.size() == 6);
  CHECK(layers[0].path == "tower");
  CHECK(layers[0].class_name == "tower");
  CHECK(layers[0].output == tg::extents{8});
  CHECK(layers[0].parameters == 72 + 32 + 72 + 72);
  CHECK(layers[0].trainable_parameters == 72 + 16 + 72 + 72);
  CHECK(layers[0].trainable);
  CHECK(layers[1].path == "functional");
  CHECK(layers[5].path == "wide_and_deep");

  auto const tower = model.get_layer("tower");
  CHECK(tower.parameters == layers[0].parameters);
  REQUIRE(tower.layers().size() == 3);
  CHECK(tower.layers()[1].path == "tower/sequential");
  auto const weights = tower.weights();
  REQUIRE(weights.size() == 10);
  CHECK(weights[0].path == "tower/residual/dense/kernel");
  CHECK_FALSE(weights[5].trainable);
  tower.weight("residual/dense/bias") = 3.0f;
  CHECK(model.weight("tower/residual/dense/bias")(1) == 3.0f);

  CHECK(model.inputs().size() == 2);
  CHECK(model.inputs()[1].name.view() == "right");
  CHECK(model.inputs()[1].shape == tg::extents{8});
  CHECK(model.inputs()[1].type == tg::dtype::float32);
  CHECK(model.outputs()[0].name.view() == "main");
  CHECK(model.outputs()[0].shape == tg::extents{3});

  CHECK_THROWS_WITH(model.get_layer("towr"),
                    ContainsSubstring("get_layer: there is no layer \"towr\"; the layers are "
                                      "tower, tower/residual, tower/residual/dense"));
  CHECK_THROWS_WITH(model.get_layer("dense").weight("gamma"),
                    ContainsSubstring("there is no weight \"dense/gamma\""));
}

TEST_CASE("the summary of a model that is no chain tells what each layer is connected to") {
  CHECK(tg::predictor<wide_and_deep>{}.summary_text() ==
        R"(Model: "wide_and_deep"
__________________________________________________________________________________________________
 Layer (type)                Output Shape                 Param #   Connected to                  
==================================================================================================
 deep_in (InputLayer)        [(None, 5)]                  0         []                            
                                                                                                  
 dense (dense)               (None, 30)                   180       ['deep_in[0][0]']             
                                                                                                  
 dense_1 (dense)             (None, 30)                   930       ['dense[0][0]']               
                                                                                                  
 wide_in (InputLayer)        [(None, 3)]                  0         []                            
                                                                                                  
 concatenate (Concatenate)   (None, 33)                   0         ['wide_in[0][0]',             
                                                                     'dense_1[0][0]']             
                                                                                                  
 dense_2 (dense)             (None, 1)                    34        ['concatenate[0][0]']         
                                                                                                  
 dense_3 (dense)             (None, 1)                    31        ['dense_1[0][0]']             
==================================================================================================
Total params: 1175 (4.59 KB)
Trainable params: 1175 (4.59 KB)
Non-trainable params: 0 (0.00 B)
__________________________________________________________________________________________________
)");
}

TEST_CASE("a shared layer lists all its connections, several outputs have their numbers") {
  auto const text = tg::io_detail::summarize_connected(tg::trace<many>(true), "many");
  CHECK_THAT(text, ContainsSubstring("\n tower (tower)               [(None, 8),"
                                     "                  248       ['left[0][0]',  "));
  CHECK_THAT(text, ContainsSubstring("\n                              (None, 8)]"
                                     "                             'right[0][0]'] "));
  CHECK_THAT(text, ContainsSubstring("['tower[0][0]',     "));
  CHECK_THAT(text, ContainsSubstring("'tower[1][0]']     "));
  CHECK_THAT(text, ContainsSubstring("\n negate (Negate) "));
}

TEST_CASE("a network whose layers are a chain has the summary of one") {
  auto const text = tg::io_detail::summarize_connected(
      tg::trace<tg::sequential<tg::input<4>, tg::dense<3>, tg::dropout<0.5f>>>(true), "chain");
  CHECK(text.find("Connected to") == std::string::npos);
  CHECK_THAT(text, ContainsSubstring("\n dropout (dropout) "));
}

TEST_CASE("a model is drawn as Keras draws it") {
  scratch const here;
  auto const path = here.folder / "net.dot";
  tg::predictor<wide_and_deep> const model;
  model.plot_model(path.string(), {.show_shapes = true});
  auto const text = text_of(path);
  CHECK(text.starts_with("digraph model {\n  rankdir=TB;\n"));
  CHECK_THAT(text, ContainsSubstring("<b>concatenate</b>: Concatenate</td></tr><tr><td>input</td>"
                                     "<td>(None, 3), (None, 30)</td></tr><tr><td>output</td>"
                                     "<td>(None, 33)</td></tr></table>>];\n"));
  CHECK_THAT(text, ContainsSubstring("  n0 -> n1;\n  n1 -> n2;\n  n3 -> n4;\n  n2 -> n4;\n"
                                     "  n4 -> n5;\n  n2 -> n6;\n"));

  tg::plot_model(model, path.string(), {.show_layer_names = false, .rankdir = "LR"});
  CHECK_THAT(text_of(path), ContainsSubstring("rankdir=LR;"));
  CHECK_THAT(text_of(path), ContainsSubstring(">dense</td></tr></table>>];"));
  CHECK(text_of(path).find("(None") == std::string::npos);

  tg::io_detail::plot_model<>(tg::trace<many>(true), path, {.expand_nested = true});
  CHECK_THAT(text_of(path), ContainsSubstring("    label=\"tower\"; style="));
  CHECK_THAT(text_of(path), ContainsSubstring("<b>tower/residual/dense</b>: dense</td>"));

  CHECK_THROWS_WITH(model.plot_model(path.string(), {.rankdir = "up"}),
                    "plot_model: rankdir is TB, LR, BT or RL, got \"up\"");
  CHECK_THROWS_WITH(model.plot_model((here.folder / "net").string()),
                    ContainsSubstring("net has no extension that says what to write; use .dot"));
  std::string const programs = std::getenv("PATH");
  ::setenv("PATH", here.folder.c_str(), 1);
  CHECK_THROWS_WITH(model.plot_model((here.folder / "net.svg").string()),
                    ContainsSubstring("net.svg was not written: Graphviz' program dot could not be "
                                      "run; install Graphviz (as the package graphviz), or write "
                                      "a .dot file, which needs nothing"));
  ::setenv("PATH", programs.c_str(), 1);
  CHECK(std::distance(std::filesystem::directory_iterator(here.folder), {}) == 1);
}

TEST_CASE("architectures are those that Keras was seen to load") {
  // tests/oracles/make_architecture.cpp writes them, check_architecture.py loads them.
  CHECK(tg::predictor<wide_and_deep>{}.to_json() == stored("wide_and_deep"));
  CHECK(json_of<images>() == stored("images"));
  CHECK(json_of<words>() == stored("words"));
  CHECK(json_of<many>() == stored("many"));
}

TEST_CASE("a layer of one's own may say which class of Keras it is") {
  auto const text = json_of<tg::sequential<tg::input<4>, linear<true>>>();
  CHECK_THAT(text,
             ContainsSubstring(
                 R"("class_name": "Dense", "config": {"name": "linear", "trainable": true, )"
                 R"("dtype": "float32", "units": 2, "use_bias": false, "kernel_initializer": )"
                 R"({"module": "keras.initializers", "class_name": "HeNormal")"));
  CHECK_THAT(text, ContainsSubstring(R"("class_name": "L2", "config": {"l2": 0.5})"));
}

TEST_CASE("what Keras has no layer for is an error that says where it is") {
  using tg::input, tg::sequential;
  CHECK(problem_of<sequential<input<4>, linear<false>>>() ==
        "to_json: linear reads the weight linear/kernel itself, so that it is no layer of Keras's; "
        "put it together of layers of the library, or have it say in static void "
        "keras_config(config_writer&) which class of Keras it is");
  CHECK(problem_of<sequential<input<2, 3>, tg::lambda<summed>>>() ==
        "to_json: lambda computes sum of extents 2, for which Keras has no layer; use layers of "
        "the library for it");
  CHECK(problem_of<sequential<input<4>, tg::lambda<quotient>>>() ==
        "to_json: lambda computes divide, for which Keras has no layer; use layers of the library "
        "for it");
  CHECK(problem_of<sequential<input<4>, tg::dense<3, cubed>>>() ==
        "to_json: dense has an activation of one's own: Keras has no such thing by name; use "
        "another");
  CHECK(problem_of<sequential<input<4>, tg::dense<3, tg::celu(2.0f)>>>() ==
        "to_json: dense has activation celu with another alpha than usual: Keras has no such thing "
        "by name; use another");
  CHECK(problem_of<leaky>() ==
        "to_json: what dense gives is not used, so that Keras would leave it out; leave it out of "
        "the model too, or take a submodel");
}
