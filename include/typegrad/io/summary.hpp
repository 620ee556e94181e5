// SPDX-License-Identifier: BSL-1.0
// Tables of a model's layers, in the form that Keras has in TensorFlow 2.
#pragma once

#include <typegrad/inference/predictor.hpp>
#include <typegrad/io/wiring.hpp>
#include <typegrad/nn/layer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace typegrad {

namespace io_detail {

/// The places of a table's columns, and its width.
inline constexpr std::array<std::size_t, 4> chain_columns{1, 29, 55, 65};
inline constexpr std::array<std::size_t, 5> graph_columns{1, 29, 58, 68, 98};

/// A row; what is too long for its column, and what follows a line's end, goes on in the next line.
template <std::size_t N>
void add_summary_row(std::string& to, std::array<std::size_t, N> const& columns,
                     std::array<std::string_view, N - 1> fields) {
  bool more = true;
  while (more) {
    more = false;
    std::string line(columns[0], ' ');
    for (std::size_t i = 0; i < N - 1; ++i) {
      std::size_t const room = columns[i + 1] - columns[i] - (i + 2 < N ? 2 : 0);
      std::size_t const end = std::min(fields[i].find('\n'), fields[i].size());
      std::size_t const taken = std::min(room, end);
      line += fields[i].substr(0, taken);
      fields[i].remove_prefix(taken);
      if (taken == end && !fields[i].empty()) fields[i].remove_prefix(1);
      line.resize(columns[i + 1], ' ');
      more = more || !fields[i].empty();
    }
    to += line + '\n';
  }
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

/// The table around its rows.
template <std::size_t N>
std::string summary_table(graph_view const& g, std::string_view name,
                          std::array<std::size_t, N> const& columns, std::string const& heading,
                          std::string const& rows) {
  std::string const thin(columns[N - 1], '_');
  std::string const thick(columns[N - 1], '=');
  std::int64_t trainable = 0;
  std::int64_t others = 0;
  for (weight_info const& w : g.weights) (w.trainable ? trainable : others) += w.shape.count();
  return data_detail::message("Model: \"", name, "\"\n", thin, '\n', heading, thick, '\n', rows,
                              thick, "\nTotal params: ", summary_count(trainable + others),
                              "\nTrainable params: ", summary_count(trainable),
                              "\nNon-trainable params: ", summary_count(others), '\n', thin, '\n');
}

template <int = 0>
std::string summary_parameters(graph_view const& g, layer_record const& layer) {
  std::int64_t parameters = 0;
  for (int i = layer.first_weight; i < layer.weights_end; ++i)
    parameters += g.weights[static_cast<std::size_t>(i)].shape.count();
  return std::to_string(parameters);
}

/// The summary of layers in a row.
template <int = 0>
std::string summarize(graph_view const& g, std::string_view name) {
  using data_detail::message;
  std::string rows;
  for (layer_record const& layer : g.layers) {
    if (layer.depth != 0) continue;
    if (!rows.empty()) rows += std::string(chain_columns.back(), ' ') + '\n';
    auto const title = message(layer.scope.path.view(), " (", layer.class_name.view(), ')');
    add_summary_row(rows, chain_columns,
                    {title, summary_shape(layer.output), summary_parameters(g, layer)});
  }
  std::string heading;
  add_summary_row(heading, chain_columns, {"Layer (type)", "Output Shape", "Param #"});
  return summary_table(g, name, chain_columns, heading, rows);
}

/// Whether each layer reads what the one before it gives, and nothing else.
template <int = 0>
bool is_chain(graph_view const& g, wiring<> const& w) {
  if (g.inputs.size() != 1 || w.outputs.size() != 1) return false;
  for (std::size_t i = 1; i < w.boxes.size(); ++i) {
    box const& b = w.boxes[i];
    if (b.layer < 0 || b.calls.size() != 1 || b.calls[0].size() != 1 || b.outputs.size() != 1 ||
        b.calls[0][0].box != static_cast<int>(i) - 1)
      return false;
  }
  return w.outputs[0].box == static_cast<int>(w.boxes.size()) - 1;
}

/// The summary of any model: with what each layer is connected to, unless it is a chain.
template <int = 0>
std::string summarize_connected(graph_view const& g, std::string_view name) {
  using data_detail::message;
  wiring<> w{g};
  w.run();
  if (is_chain(g, w)) return summarize(g, name);
  std::string rows;
  for (box const& b : w.boxes) {
    if (!rows.empty()) rows += std::string(graph_columns.back(), ' ') + '\n';
    std::string from, shape;
    for (auto const& call : b.calls)
      for (source const& s : call)
        from +=
            message(from.empty() ? "['" : "',\n '", w.boxes[static_cast<std::size_t>(s.box)].name,
                    '[', s.call, "][", s.output, ']');
    from += from.empty() ? "[]" : "']";
    for (extents const& e : b.outputs) shape += (shape.empty() ? "" : ",\n ") + summary_shape(e);
    if (b.is_input || b.outputs.size() > 1) shape = '[' + shape + ']';
    auto const title = message(b.name, " (", b.class_name, ')');
    add_summary_row(
        rows, graph_columns,
        {title, shape,
         b.layer < 0 ? "0" : summary_parameters(g, g.layers[static_cast<std::size_t>(b.layer)]),
         from});
  }
  std::string heading;
  add_summary_row(heading, graph_columns,
                  {"Layer (type)", "Output Shape", "Param #", "Connected to"});
  return summary_table(g, name, graph_columns, heading, rows);
}

}  // namespace io_detail

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
std::string predictor<Model, Where, Sentence>::summary_text() const {
  auto const name = detail::layer_name_of<Model>.view();
  if constexpr (io_detail::is_sequential<Model>)
    return io_detail::summarize(traced_graph(), name);
  else
    return io_detail::summarize_connected(snapshot<io_detail::wiring_recipe<Model>>::view(), name);
}

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
void predictor<Model, Where, Sentence>::summary() const {
  std::fputs(summary_text().c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace typegrad
