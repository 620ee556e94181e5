// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/model_core.hpp>
#include <typegrad/inference/weight_array.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace typegrad {

/// A layer of a model, as `layers()` lists them.
struct layer_info {
  std::string path;                       ///< "block_1/dense"
  std::string class_name;                 ///< "dense"
  extents output;                         ///< of one sample, at the layer's first call
  std::int64_t parameters = 0;            ///< elements of its weights, those within it included
  std::int64_t trainable_parameters = 0;  ///< those of them that training changes
  bool trainable = true;                  ///< whether it has such, or has no weights at all
};

namespace inference_detail {

template <int = 0>
layer_info info_of(graph_view const& g, layer_record const& r) {
  layer_info out{std::string(r.scope.path.view()), std::string(r.class_name.view()), r.output};
  for (int i = r.first_weight; i < r.weights_end; ++i) {
    weight_info const& w = g.weights[static_cast<std::size_t>(i)];
    out.parameters += w.shape.count();
    if (w.trainable) out.trainable_parameters += w.shape.count();
  }
  out.trainable = r.first_weight == r.weights_end || out.trainable_parameters > 0;
  return out;
}

/// Weights [first, end) of a model, to look at and to change.
template <int = 0>
std::vector<weight_entry> list_weights(model_core& core, std::size_t first, std::size_t end) {
  std::vector<weight_entry> out;
  float* const values = core.weights();
  for (std::size_t i = first; i < end; ++i) {
    auto const& place = core.table[i];
    out.push_back({place.path, weight_array(place, values + place.offset), place.trainable});
  }
  return out;
}
template <int = 0>
weight_array find_weight(model_core& core, std::string_view path) {
  auto const& place = core.table[core.table.find("weight", path)];
  return weight_array(place, core.weights() + place.offset);
}

/// The layers of that depth whose paths begin with `within`.
template <int = 0>
std::vector<layer_info> list_layers(graph_view const& g, int depth, std::string_view within) {
  std::vector<layer_info> out;
  for (layer_record const& r : g.layers)
    if (r.depth == depth && r.scope.path.view().starts_with(within)) out.push_back(info_of(g, r));
  return out;
}

template <int = 0>
layer_record const& find_layer(graph_view const& g, std::string_view path) {
  for (layer_record const& r : g.layers)
    if (r.scope.path.view() == path) return r;
  throw std::invalid_argument(data_detail::message(
      "get_layer: there is no layer ", data_detail::in_quotes(path), "; the layers are ",
      data_detail::first_names(g.layers.size(),
                               [&](std::size_t i) { return g.layers[i].scope.path.view(); })));
}

}  // namespace inference_detail

/// A layer of a model that can be looked into: what `get_layer` gives. It is good as long as the
/// model.
class model_layer : public layer_info {
 public:
  template <int = 0>
  model_layer(inference_detail::model_core& core, graph_view const& g, layer_record const& r)
      : layer_info{inference_detail::info_of(g, r)},
        core_{&core},
        view_{g},
        depth_{r.depth},
        first_{static_cast<std::size_t>(r.first_weight)},
        end_{static_cast<std::size_t>(r.weights_end)} {}

  /// Its weights, those of layers within it included, under their paths in the model.
  template <int = 0>
  std::vector<weight_entry> weights() const {
    return inference_detail::list_weights(*core_, first_, end_);
  }
  /// One of them by its name within the layer, "kernel" or "dense_1/kernel", to read or to assign;
  /// std::invalid_argument with the model's weights if there is none.
  template <int = 0>
  weight_array weight(std::string_view name) const {
    return inference_detail::find_weight(*core_, data_detail::message(path, '/', name));
  }
  /// The layers within it, outermost ones only.
  template <int = 0>
  std::vector<layer_info> layers() const {
    return inference_detail::list_layers(view_, depth_ + 1, data_detail::message(path, '/'));
  }

 private:
  inference_detail::model_core* core_;
  graph_view view_;
  int depth_;
  std::size_t first_, end_;
};

}  // namespace typegrad
