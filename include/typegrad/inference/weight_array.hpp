// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>
#include <typegrad/inference/weight_table.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace typegrad {
class weight_array;
}

// What xtensor asks of a container.
template <>
struct xt::xcontainer_inner_types<typegrad::weight_array> {
  using storage_type = xt::xbuffer_adaptor<float*, xt::no_ownership>;
  using reference = float&;
  using const_reference = float const&;
  using size_type = std::size_t;
  using temporary_type = xt::xarray<float, xt::layout_type::row_major>;
  using shape_type = typename temporary_type::shape_type;
  using strides_type = typename temporary_type::strides_type;
  using backstrides_type = typename temporary_type::backstrides_type;
  using inner_shape_type = shape_type;
  using inner_strides_type = strides_type;
  using inner_backstrides_type = backstrides_type;
  static constexpr xt::layout_type layout = xt::layout_type::row_major;
};
template <>
struct xt::xiterable_inner_types<typegrad::weight_array>
    : xt::xcontainer_iterable_types<typegrad::weight_array> {};

namespace typegrad {

/// A weight as an xtensor, which takes part in expressions as any other. It shows the model's own
/// memory: assigning an expression of its shape, or filling it, changes the weight; another shape
/// is std::invalid_argument. It is good as long as its model.
class weight_array : public xt::xstrided_container<weight_array>,
                     public xt::xcontainer_semantic<weight_array> {
  using base = xt::xstrided_container<weight_array>;
  using semantic = xt::xcontainer_semantic<weight_array>;

 public:
  using storage_type = typename base::storage_type;
  using temporary_type = typename semantic::temporary_type;
  using expression_tag = xt::xtensor_expression_tag;
  static constexpr std::size_t rank = SIZE_MAX;  // known at run time

  template <int = 0>
  weight_array(inference_detail::weight_place const& place, float* values)
      : storage_(values, static_cast<std::size_t>(place.count)), path_(place.path) {
    typename base::shape_type shape;
    shape.resize(static_cast<std::size_t>(place.shape.rank));
    for (int i = 0; i < place.shape.rank; ++i)
      shape[static_cast<std::size_t>(i)] = static_cast<std::size_t>(place.shape[i]);
    base::resize(shape);
  }
  weight_array(weight_array const&) = default;  // one more view of the same weight
  weight_array(weight_array&&) = default;
  ~weight_array() = default;

  weight_array& operator=(weight_array const& other) { return *this = temporary_type(other); }
  weight_array& operator=(temporary_type&& values) {
    auto const& wanted = this->shape();
    if (!std::equal(wanted.begin(), wanted.end(), values.shape().begin(), values.shape().end()))
      throw std::invalid_argument(data_detail::message(
          "weight ", path_, " has shape ", data_detail::dims_text(wanted),
          " and cannot become an array of shape ", data_detail::dims_text(values.shape())));
    std::copy(values.data(), values.data() + values.size(), storage_.data());
    return *this;
  }
  template <class E>
  weight_array& operator=(xt::xexpression<E> const& values) {
    return *this = temporary_type(values.derived_cast());
  }
  /// The same number everywhere.
  weight_array& operator=(float value) {
    this->fill(value);
    return *this;
  }

 private:
  friend class xt::xcontainer<weight_array>;
  storage_type& storage_impl() noexcept { return storage_; }
  storage_type const& storage_impl() const noexcept { return storage_; }

  storage_type storage_;
  std::string path_;
};

/// What `weights()` lists.
struct weight_entry {
  std::string path;
  weight_array values;
  bool trainable;
};

}  // namespace typegrad
