// SPDX-License-Identifier: BSL-1.0
// What a model takes, as tables; and its graph before and after each pass, as drawings.
#pragma once

#include <typegrad/data/message.hpp>
#include <typegrad/inference/model_report.hpp>
#include <typegrad/io/graphviz.hpp>
#include <typegrad/io/text_table.hpp>
#include <typegrad/nn/batch.hpp>
#include <typegrad/nn/layer.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace typegrad {

/// How `print` and `report_text` tell.
struct report_options {
  std::int64_t batch_size = 0;  ///< samples at a time; 0: the model's static batch, or else 1
  bool kernels = true;          ///< a table of the kernels below that of the layers
};

namespace io_detail {

inline constexpr char const* step_kind_names[] = {"loop",        "row program",  "reduction",
                                                  "contraction", "whole values", "regions"};

template <int = 0>
std::string report_tables(model_report const& r, std::string_view name, std::int64_t batch,
                          bool with_kernels) {
  using data_detail::message;
  auto const number = [](std::int64_t value) { return scaled(static_cast<double>(value)); };
  auto const bytes = [](std::int64_t value) { return scaled(static_cast<double>(value), "B"); };
  std::string out = message("Model: \"", name, "\", ", batch, batch == 1 ? " sample" : " samples",
                            " at a time\n\n");
  text_table layers(
      {"layer (type)", "extents", "weights", "multiply-adds", "FLOP", "bytes moved", "kernels"}, 2);
  for (layer_report const& l : r.layers)
    layers.add({message(std::string(2 * static_cast<std::size_t>(l.depth), ' '), l.path.view(),
                        " (", l.class_name.view(), ')'),
                message(to_text(l.output).view()), number(l.parameters),
                number(l.takes.multiply_adds.at(batch)), number(l.takes.flops(batch)),
                bytes(l.takes.bytes().at(batch)), message(l.kernels)});
  layers.add({"all", "", number(r.parameters), number(r.takes.multiply_adds.at(batch)),
              number(r.takes.flops(batch)), bytes(r.takes.bytes().at(batch)),
              message(r.kernels.size())});
  out += layers.text();
  out += message("\nkernels: ", r.kernels.size(), ", of which ", r.different_kernels,
                 " differ and are compiled\narena: ", r.arena_bytes.shared, " B + ",
                 r.arena_bytes.per_sample, " B a sample = ", bytes(r.arena_bytes.at(batch)),
                 "\nweights: ", bytes(4 * r.parameters), '\n');
  if (!with_kernels) return out;
  text_table kernels(
      {"kernel", "layer", "computes", "kind", "multiply-adds", "FLOP", "read", "written", "FLOP/B"},
      4);
  for (int i = 0; i < r.kernels.size(); ++i) {
    kernel_report const& k = r.kernels[i];
    double const moved = static_cast<double>(k.takes.bytes().at(batch));
    double const flops = static_cast<double>(k.takes.flops(batch));
    kernels.add({message(i), k.layer < 0 ? "" : message(r.layers[k.layer].path.view()),
                 message(k.name.view()), step_kind_names[static_cast<int>(k.kind)],
                 number(k.takes.multiply_adds.at(batch)), number(k.takes.flops(batch)),
                 bytes(k.takes.read.at(batch)), bytes(k.takes.written.at(batch)),
                 moved > 0 ? scaled(flops / moved) : ""});
  }
  return out + '\n' + kernels.text();
}

}  // namespace io_detail

/// What predictions of a model take: each layer's extents, weights, multiply-adds, bytes moved and
/// kernels, the arena, and each kernel after fusion. Arithmetic counts one for each elementwise op
/// and two for a multiply-add; bytes are those of the values that kernels read and write, each
/// once. std::invalid_argument for a negative batch size.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
std::string report_text(report_options const& options = {}) {
  if (options.batch_size < 0)
    throw std::invalid_argument(
        data_detail::message("print: batch_size must be positive, got ", options.batch_size));
  std::int64_t const fixed = static_batch<Model> > 0 ? static_batch<Model> : 1;
  return io_detail::report_tables(report_on<Model>(), detail::layer_name_of<Model>.view(),
                                  options.batch_size > 0 ? options.batch_size : fixed,
                                  options.kernels);
}

/// Prints that on stdout.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
void print(report_options const& options = {}) {
  std::fputs(report_text<Model>(options).c_str(), stdout);
  std::fflush(stdout);
}

/// Draws a traced graph before and after each pass of the compiler into a folder, which is made if
/// need be: 1_traced, 2_simplified, 3_lowered, 4_simplified_again and 5_kernels, as .dot, or by
/// Graphviz as .svg, .png or .pdf. Throws std::runtime_error as `draw`.
template <int = 0>
void draw_passes(graph const& traced, std::filesystem::path const& folder,
                 std::string const& extension = ".svg") {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw std::runtime_error(data_detail::message("draw_passes: cannot make the folder ",
                                                  folder.string(), ": ", error.message()));
  draw(to_dot(traced), folder / ("1_traced" + extension));
  graph const simplified = simplify(traced);
  draw(to_dot(simplified), folder / ("2_simplified" + extension));
  graph const lowered = lower(simplified);
  draw(to_dot(lowered), folder / ("3_lowered" + extension));
  graph const again = simplify(lowered);
  draw(to_dot(again), folder / ("4_simplified_again" + extension));
  draw(to_dot(detail::compile_lowered(again)), folder / ("5_kernels" + extension));
}
/// The same of a model's predictions.
template <class Model, auto Sentence = diagnosis_of<Model>>
requires(correct(Sentence))
void draw_passes(std::filesystem::path const& folder, std::string const& extension = ".svg") {
  draw_passes(inference_detail::prediction_recipe<Model>::build(), folder, extension);
}

}  // namespace typegrad
