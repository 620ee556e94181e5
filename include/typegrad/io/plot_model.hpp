// SPDX-License-Identifier: BSL-1.0
// Drawings of a model's layers, as Keras's plot_model makes them.
#pragma once

#include <typegrad/inference/predictor.hpp>
#include <typegrad/io/draw.hpp>
#include <typegrad/io/summary.hpp>
#include <typegrad/io/wiring.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace typegrad {

namespace io_detail {

/// The boxes of layers within layers too, except for those of library layers.
template <int = 0>
class nested_wiring : public wiring<> {
 public:
  using wiring<>::wiring;

 protected:
  bool is_box(int call) const override {
    return this->graph_.calls[this->at(call)].end == call + 1;
  }
};

/// Text within a label of Graphviz.
template <int = 0>
std::string label_text(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

template <int = 0>
class model_drawing {
 public:
  model_drawing(graph_view const& g, wiring<> const& w, plot_model_options const& options)
      : graph_{g}, wiring_{w}, options_{options} {}

  std::string dot() {
    to_ = "digraph model {\n  rankdir=" + options_.rankdir +
          ";\n  graph [ranksep=0.35, nodesep=0.3, fontname=\"Helvetica\", fontsize=11];\n"
          "  node [shape=plaintext, margin=0, fontname=\"Helvetica\", fontsize=11];\n"
          "  edge [color=\"#555555\", arrowsize=0.7];\n";
    draw_scope(-1, 0, static_cast<int>(graph_.calls.size()), "  ");
    for (std::size_t i = 0; i < wiring_.boxes.size(); ++i)
      for (auto const& call : wiring_.boxes[i].calls)
        for (source const& s : call)
          to_ += "  n" + std::to_string(s.box) + " -> n" + std::to_string(i) + ";\n";
    return to_ + "}\n";
  }

 private:
  /// The boxes of one scope, and frames with those of the scopes within it.
  void draw_scope(int scope, int begin, int end, std::string const& indent) {
    for (std::size_t i = 0; i < wiring_.boxes.size(); ++i)
      if (wiring_.boxes[i].scope == scope) draw_box(i, indent);
    for (int i = begin; i < end; i = graph_.calls[static_cast<std::size_t>(i)].end) {
      auto const& call = graph_.calls[static_cast<std::size_t>(i)];
      if (!any_within(i, call.end)) continue;
      auto const& layer = graph_.layers[static_cast<std::size_t>(call.layer)];
      to_ += indent + "subgraph cluster_" + std::to_string(i) + " {\n" + indent + "  label=\"" +
             label_text(layer.scope.path.view()) +
             "\"; style=\"rounded,filled\"; color=\"#9aa5b1\"; fillcolor=\"#f6f8fa\";\n";
      draw_scope(i, i + 1, call.end, indent + "  ");
      to_ += indent + "}\n";
    }
  }
  bool any_within(int begin, int end) const {
    for (box const& b : wiring_.boxes)
      if (b.scope >= begin && b.scope < end) return true;
    return false;
  }

  void draw_box(std::size_t i, std::string const& indent) {
    box const& b = wiring_.boxes[i];
    char const* const colour = b.is_input ? "#e3e8ee" : b.layer < 0 ? "#e4f1e1" : "#d6e6f7";
    std::string title = label_text(b.class_name);
    if (options_.show_layer_names) title = "<b>" + label_text(b.name) + "</b>: " + title;
    to_ += indent + "n" + std::to_string(i) +
           " [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"5\" "
           "bgcolor=\"white\" color=\"#555555\"><tr><td colspan=\"2\" bgcolor=\"" +
           colour + "\">" + title + "</td></tr>";
    if (options_.show_shapes) {
      if (!b.is_input) to_ += row("input", b.inputs);
      to_ += row("output", b.outputs);
    }
    to_ += "</table>>];\n";
  }
  static std::string row(char const* name, std::vector<extents> const& shapes) {
    std::string out = std::string("<tr><td>") + name + "</td><td>";
    for (std::size_t i = 0; i < shapes.size(); ++i)
      out += (i == 0 ? "" : ", ") + summary_shape(shapes[i]);
    return out + "</td></tr>";
  }

  graph_view const& graph_;
  wiring<> const& wiring_;
  plot_model_options const& options_;
  std::string to_;
};

template <int = 0>
void plot_model(graph_view const& g, std::filesystem::path const& path,
                plot_model_options const& options) {
  std::string const& r = options.rankdir;
  if (r != "TB" && r != "LR" && r != "BT" && r != "RL")
    throw std::invalid_argument("plot_model: rankdir is TB, LR, BT or RL, got " +
                                data_detail::in_quotes(r));
  wiring<> flat{g};
  nested_wiring<> nested{g};
  wiring<>& w = options.expand_nested ? nested : flat;
  w.run();
  draw(model_drawing<>(g, w, options).dot(), path);
}

}  // namespace io_detail

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
void predictor<Model, Where, Sentence>::plot_model(std::string const& path,
                                                   plot_model_options const& options) const {
  io_detail::plot_model(snapshot<io_detail::wiring_recipe<Model>>::view(), path, options);
}

/// The same as a function, as in Keras.
template <class Model, class Where>
void plot_model(predictor<Model, Where> const& model, std::string const& path,
                plot_model_options const& options = {}) {
  model.plot_model(path, options);
}

}  // namespace typegrad
