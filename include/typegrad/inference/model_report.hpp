// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step_figures.hpp>
#include <typegrad/graph/snapshot.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/nn/model.hpp>

#include <cstdint>

// What a model's predictions take, layer by layer and kernel by kernel: for tables. The same
// functions work while compiling and at run time.

namespace typegrad {

/// A layer of a report; what it takes includes the layers within it.
struct layer_report {
  name_text path, class_name;
  extents output;
  int depth = 0;
  std::int64_t parameters = 0;
  int kernels = 0;
  step_figures takes;
};

/// A kernel of a report: one step of the program.
struct kernel_report {
  name_text name;  ///< what it computes: "matmul + add + maximum"
  int layer = -1;  ///< position in the report's layers: the innermost whose value it finishes
  step_kind kind = step_kind::loop;
  step_figures takes;
};

/// What a program takes.
struct model_report {
  list<layer_report> layers;    ///< in the order of their first calls
  list<kernel_report> kernels;  ///< in the order in which they run
  int different_kernels = 0;    ///< kernels that are compiled: steps that compute alike share one
  std::int64_t parameters = 0;
  batch_amount arena_bytes;  ///< of the values between the kernels
  step_figures takes;        ///< all kernels together
};

namespace detail {

constexpr model_report report_on(graph_view const& g, program_view const& p) {
  model_report r;
  for (weight_info const& w : g.weights) r.parameters += w.shape.count();
  for (layer_record const& layer : g.layers) {
    layer_report l;
    l.path = layer.scope.path;
    l.class_name = layer.class_name;
    l.output = layer.output;
    l.depth = layer.depth;
    for (int i = layer.first_weight; i < layer.weights_end; ++i)
      l.parameters += g.weights[static_cast<std::size_t>(i)].shape.count();
    r.layers.push_back(l);
  }
  for (int i = 0; i < p.regions[0].step_count; ++i) {
    step_info const& s = p.steps[static_cast<std::size_t>(i)];
    kernel_report k;
    k.name = name_of(p, s);
    k.layer = p.layer_of(s);
    k.kind = s.kind;
    k.takes = figures_of(p, s);
    for (layer_report& l : r.layers) {
      if (k.layer < 0 || !is_within(r.layers[k.layer].path.view(), l.path.view())) continue;
      ++l.kernels;
      l.takes += k.takes;
    }
    r.takes += k.takes;
    r.different_kernels += s.signature == i;
    r.kernels.push_back(k);
  }
  return r;
}

}  // namespace detail

/// The report on a model's predictions.
template <class Model>
constexpr model_report report_on() {
  using recipe = inference_detail::prediction_recipe<Model>;
  model_report r = detail::report_on(snapshot<recipe>::view(), view_of<program<recipe>>());
  r.arena_bytes = {program<recipe>::data.shared_bytes, program<recipe>::data.sample_bytes};
  return r;
}

}  // namespace typegrad
