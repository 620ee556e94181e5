// SPDX-License-Identifier: BSL-1.0
// Tables of a model's layers, in the form that Keras has in TensorFlow 2.
#pragma once

#include <typegrad/inference/predictor.hpp>
#include <typegrad/nn/layer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace typegrad {

namespace io_detail {

inline constexpr std::size_t summary_width = 65;

/// Three columns; what is too long for its column goes on in the next line.
template <int = 0>
void add_summary_row(std::string& to, std::array<std::string_view, 3> fields) {
  constexpr std::array<std::size_t, 4> columns{1, 29, 55, summary_width};
  do {
    std::string line(1, ' ');
    for (std::size_t i = 0; i < 3; ++i) {
      std::size_t const room = columns[i + 1] - columns[i] - (i < 2 ? 2 : 0);
      std::size_t const taken = std::min(room, fields[i].size());
      line += fields[i].substr(0, taken);
      fields[i].remove_prefix(taken);
      line.resize(columns[i + 1], ' ');
    }
    to += line + '\n';
  } while (!fields[0].empty() || !fields[1].empty() || !fields[2].empty());
}

/// "(None, 28, 28)": None is the number of samples.
template <int = 0>
std::string summary_shape(extents const& e) {
  std::string out = "(None,";
  for (int i = 0; i < e.rank; ++i) out += data_detail::message(i == 0 ? " " : ", ", e[i]);
  return out + ')';
}

/// "101770 (397.54 KB)".
template <int = 0>
std::string summary_count(std::int64_t parameters) {
  double bytes = 4 * static_cast<double>(parameters);
  constexpr std::array<char const*, 5> units{"B", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%lld (%.2f %s)", static_cast<long long>(parameters), bytes,
                units[unit]);
  return out.data();
}

template <int = 0>
std::string summarize(graph_view const& g, std::string_view name) {
  using data_detail::message;
  std::string const thin(summary_width, '_');
  std::string const thick(summary_width, '=');
  std::string const space(summary_width, ' ');
  std::string table;
  for (layer_record const& layer : g.layers) {
    if (layer.depth != 0) continue;
    if (!table.empty()) table += space + '\n';
    std::int64_t parameters = 0;
    for (int i = layer.first_weight; i < layer.weights_end; ++i)
      parameters += g.weights[static_cast<std::size_t>(i)].shape.count();
    auto const title = message(layer.scope.path.view(), " (", layer.class_name.view(), ')');
    add_summary_row(table, {title, summary_shape(layer.output), message(parameters)});
  }
  std::int64_t trainable = 0;
  std::int64_t others = 0;
  for (weight_info const& w : g.weights) (w.trainable ? trainable : others) += w.shape.count();
  std::string heading;
  add_summary_row(heading, {"Layer (type)", "Output Shape", "Param #"});
  return message("Model: \"", name, "\"\n", thin, '\n', heading, thick, '\n', table, thick,
                 "\nTotal params: ", summary_count(trainable + others),
                 "\nTrainable params: ", summary_count(trainable),
                 "\nNon-trainable params: ", summary_count(others), '\n', thin, '\n');
}

}  // namespace io_detail

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
std::string predictor<Model, Where, Sentence>::summary_text() const {
  return io_detail::summarize(traced_graph(), detail::layer_name_of<Model>.view());
}

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
void predictor<Model, Where, Sentence>::summary() const {
  std::fputs(summary_text().c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace typegrad
