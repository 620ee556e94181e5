// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/layout.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/graph/snapshot.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Throughout inference, training and io, `template <int = 0>` stands before functions that could do
// without: what they use is then only instantiated where they are called, and including them costs
// the compiler little.

namespace typegrad::inference_detail {

/// One weight of a model, and its place in the flat buffer.
struct weight_place {
  std::string path;
  extents shape;
  initializer initial;
  bool trainable = true;
  bool state = false;       ///< training gives it a new value after every step
  std::int64_t offset = 0;  ///< elements from the buffer's begin, a multiple of 16
  std::int64_t count = 0;
};

/// The weights of a model at run time, in the order of tracing, laid out as the compiler says.
class weight_table {
 public:
  weight_table() = default;
  template <int = 0>
  explicit weight_table(graph_view const& g) {
    for (weight_info const& w : g.weights) {
      weight_place place;
      place.path = std::string(w.path.view());
      place.shape = w.shape;
      place.initial = w.initial;
      place.trainable = w.trainable;
      place.state = w.state;
      place.offset = elements_;
      place.count = w.shape.count();
      elements_ += aligned_elements(place.count);
      places_.push_back(std::move(place));
    }
  }

  std::size_t size() const { return places_.size(); }
  weight_place const& operator[](std::size_t i) const { return places_[i]; }
  auto begin() const { return places_.begin(); }
  auto end() const { return places_.end(); }
  /// The flat buffer's size, padding included.
  std::int64_t elements() const { return elements_; }

  /// The position of a path; std::invalid_argument with the paths there are if it is none of them.
  template <int = 0>
  std::size_t find(std::string_view who, std::string_view path) const {
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i].path == path) return i;
    throw std::invalid_argument(data_detail::message(
        who, ": there is no weight ", data_detail::in_quotes(path), "; the weights are ", names()));
  }

  /// The paths, for messages.
  template <int = 0>
  std::string names() const {
    return data_detail::first_names(
        places_.size(), [this](std::size_t i) -> std::string_view { return places_[i].path; });
  }

 private:
  std::vector<weight_place> places_;
  std::int64_t elements_ = 0;
};

}  // namespace typegrad::inference_detail
