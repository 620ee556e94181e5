// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/array_view.hpp>
#include <typegrad/inference/match.hpp>
#include <typegrad/training/augmentation.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace typegrad {

/// Samples with their targets, and the weight of each in the loss if it is not 1. Made from arrays
/// in braces, `{x, y}` or `{x, y, weights}`, or from anything that has members x and y (and, if it
/// likes, sample_weight). Arrays are shown, not copied, where that can be (see `array_view`).
struct samples {
  samples() = default;
  template <array_like X, array_like Y>
  samples(X&& inputs, Y&& targets) : x(std::forward<X>(inputs)), y(std::forward<Y>(targets)) {}
  template <array_like X, array_like Y, array_like W>
  samples(X&& inputs, Y&& targets, W&& weights)
      : x(std::forward<X>(inputs)),
        y(std::forward<Y>(targets)),
        sample_weight(std::forward<W>(weights)) {}
  template <class Dataset>
    requires(!std::same_as<std::remove_cvref_t<Dataset>, samples> && requires(Dataset d) {
      requires array_like<decltype((d.x))>;
      requires array_like<decltype((d.y))>;
    })
  samples(Dataset&& data)
      : x(std::forward<Dataset>(data).x), y(std::forward<Dataset>(data).y) {
    if constexpr (requires { requires array_like<decltype((data.sample_weight))>; })
      sample_weight = array_view(std::forward<Dataset>(data).sample_weight);
  }

  array_view x, y, sample_weight;
  std::shared_ptr<training_detail::augmentation const> augment;  ///< see `augmented`

  bool given() const { return x.given(); }
  std::int64_t size() const { return x.shape().rows(); }
  /// Samples [begin, end).
  samples rows(std::int64_t begin, std::int64_t end) const {
    samples part;
    part.x = x.rows(begin, end);
    part.y = y.rows(begin, end);
    if (sample_weight.given()) part.sample_weight = sample_weight.rows(begin, end);
    part.augment = augment;
    return part;
  }
};

namespace training_detail {

/// What a model and its loss read.
struct sample_layout {
  extents input, target;
  dtype input_type = dtype::float32;
  dtype target_type = dtype::float32;
  std::int64_t classes = 0;  ///< if positive, targets are classes from 0 to classes - 1
  diagnosis integer_labels;  ///< what to say of integers that are no targets; may be empty
};

/// std::invalid_argument unless the arrays have the extents that are read, and as many samples.
template <int = 0>
void check_extents(std::string_view who, samples const& s, sample_layout const& layout) {
  using data_detail::message;
  inference_detail::require_match(who, "x", s.x, layout.input);
  if (s.augment && layout.input_type != dtype::float32)
    throw std::invalid_argument(message(who, ": augmented samples are float32, but the model",
                                        " reads ", to_text(layout.input_type)));
  if (!layout.integer_labels.empty() && s.y.given() && !s.y.type().is_floating &&
      !inference_detail::matches(s.y.shape(), layout.target))
    throw std::invalid_argument(message(who, ": ", layout.integer_labels.view()));
  inference_detail::require_match(who, "y", s.y, layout.target);
  auto const rows = s.x.shape().rows();
  if (s.y.shape().rows() != rows)
    throw std::invalid_argument(message(who, ": x has ", rows, " samples and y has ",
                                        s.y.shape().rows(), "; they must be as many"));
  if (!s.sample_weight.given()) return;
  inference_detail::require_match(who, "sample_weight", s.sample_weight, extents{});
  if (s.sample_weight.shape().rows() != rows)
    throw std::invalid_argument(message(who, ": x has ", rows, " samples and sample_weight has ",
                                        s.sample_weight.shape().rows(),
                                        "; they must be as many"));
}

/// std::invalid_argument for samples that would change each time they are looked at.
template <int = 0>
void refuse_augmented(std::string_view who, samples const& s) {
  if (s.augment)
    throw std::invalid_argument(data_detail::message(
        who, ": the samples are augmented; give them as they are, without `augmented`"));
}

/// The position of the first NaN, -1 if there is none.
template <class T>
std::int64_t find_nan(T const* x, std::int64_t count) {
  constexpr std::int64_t chunk = 4096;
  for (std::int64_t begin = 0; begin < count; begin += chunk) {
    std::int64_t const end = begin + chunk < count ? begin + chunk : count;
    int found = 0;
#if defined(_OPENMP)
#pragma omp simd reduction(| : found)
#endif
    for (std::int64_t i = begin; i < end; ++i) found |= static_cast<int>(x[i] != x[i]);
    if (found == 0) continue;
    for (std::int64_t i = begin; i < end; ++i)
      if (x[i] != x[i]) return i;
  }
  return -1;
}

template <int = 0>
void check_nan(std::string_view who, std::string_view name, array_view const& a) {
  if (!a.given() || !a.type().is_floating) return;
  std::int64_t const row_size = a.shape().row_size();
  std::int64_t const count = a.shape().rows() * row_size;
  std::int64_t const at = a.type().is_float32
                              ? find_nan(static_cast<float const*>(a.data()), count)
                              : find_nan(static_cast<double const*>(a.data()), count);
  if (at >= 0)
    throw std::invalid_argument(
        data_detail::message(who, ": ", name, " has a NaN in row ", at / row_size,
                             "; remove such rows or fill in the missing values"));
}

/// std::invalid_argument that names the first row with a NaN, or whose class is none.
template <int = 0>
void check_values(std::string_view who, samples const& s, sample_layout const& layout) {
  check_nan(who, "x", s.x);
  check_nan(who, "y", s.y);
  check_nan(who, "sample_weight", s.sample_weight);
  if (layout.classes <= 0) return;
  auto const& type = s.y.type();
  std::int64_t const row_size = s.y.shape().row_size();
  for (std::int64_t i = 0; i < s.y.shape().rows() * row_size; ++i) {
    double const label = type.value(s.y.data(), i);
    if (label >= 0 && label < static_cast<double>(layout.classes) && label == std::floor(label))
      continue;
    throw std::invalid_argument(data_detail::message(who, ": y has ", label, " in row ",
                                                     i / row_size, ", which is not a class from 0",
                                                     " to ", layout.classes - 1));
  }
}

}  // namespace training_detail
}  // namespace typegrad
