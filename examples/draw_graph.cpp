// SPDX-License-Identifier: BSL-1.0
// Draws what the graph compiler does: the graph of a small model as it is traced, and the kernels
// that it becomes. usage: draw_graph [folder] (needs Graphviz for the pictures)
#include <typegrad/io/graphviz.hpp>
#include <typegrad/typegrad.hpp>

#include <cstdio>
#include <filesystem>

namespace tg = typegrad;

using net = tg::sequential<tg::input<8>, tg::dense<16, tg::tanh>, tg::dense<4, tg::softmax>>;

int main(int argc, char** argv) {
  std::filesystem::path const folder = argc > 1 ? argv[1] : ".";
  tg::graph const traced = tg::trace<net>();
  tg::compiled_graph const compiled = tg::compile_graph(traced);
  std::printf("%d values become %d kernels\n", traced.size(), compiled.steps.steps.size());
  try {
    tg::draw(tg::to_dot(traced), folder / "graph_traced.svg");
    tg::draw(tg::to_dot(compiled), folder / "graph_fused.svg");
  } catch (std::exception const& error) {
    std::printf("%s\n", error.what());
    tg::draw(tg::to_dot(traced), folder / "graph_traced.dot");
    tg::draw(tg::to_dot(compiled), folder / "graph_fused.dot");
  }
}
