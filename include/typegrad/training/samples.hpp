// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/array_list.hpp>
#include <typegrad/inference/port.hpp>
#include <typegrad/training/augmentation.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace typegrad {

/// Samples with their targets, and the weight of each in the loss if it is not 1. Made from arrays
/// in braces, `{x, y}` or `{x, y, weights}`, or from anything that has members x and y (and, if it
/// likes, sample_weight). Each may be several arrays, in the model's order or by name (see
/// `array_list`): `{{wide, deep}, {y, z}}`, `{by_name("wide"_n = wide, ...), by_name(...)}`;
/// weights by name are those of each output, otherwise they are the same for all. Arrays are shown,
/// not copied, where that can be (see `array_view`).
struct samples {
  samples() = default;
  samples(array_list inputs, array_list targets, array_list weights = {})
      : x(std::move(inputs)), y(std::move(targets)), sample_weight(std::move(weights)) {}
  template <class Dataset>
  requires(!std::derived_from<std::remove_cvref_t<Dataset>, samples> &&
           requires(Dataset d) {
             requires std::constructible_from<array_list, decltype((d.x))>;
             requires std::constructible_from<array_list, decltype((d.y))>;
           })
  samples(Dataset&& data) : x(std::forward<Dataset>(data).x), y(std::forward<Dataset>(data).y) {
    if constexpr (requires {
                    requires std::constructible_from<array_list, decltype((data.sample_weight))>;
                  })
      sample_weight = array_list(std::forward<Dataset>(data).sample_weight);
  }

  array_list x, y, sample_weight;
  std::shared_ptr<training_detail::augmentation const> augment;  ///< see `augmented`

  bool given() const { return x.given(); }
  std::int64_t size() const { return x.shape().rows(); }
  /// Samples [begin, end).
  template <int = 0>
  samples rows(std::int64_t begin, std::int64_t end) const {
    samples part;
    part.x = x.rows(begin, end);
    part.y = y.rows(begin, end);
    part.sample_weight = sample_weight.rows(begin, end);
    part.augment = augment;
    return part;
  }
};

namespace training_detail {

/// What a loss compares an output with.
struct target_port : inference_detail::port {
  std::int64_t classes = 0;  ///< if positive, targets are classes from 0 to classes - 1
  diagnosis integer_labels;  ///< what to say of integers that are no targets; may be empty
};

/// What a model and its losses read.
struct sample_layout {
  std::vector<inference_detail::port> inputs;
  std::vector<target_port> targets;  ///< of the outputs that have a loss
};

inline constexpr inference_detail::port_words target_words{"y", "target", "targets"};
inline constexpr inference_detail::port_words weight_words{"sample_weight", "sample_weight of",
                                                           "weighted targets"};

/// Samples as the programs read them: an array for each input, for each target, and for the weight
/// of each target (not given where there is none).
struct bound_samples {
  std::vector<array_view> arrays;
  std::size_t inputs = 0, targets = 0;
  augmentation const* augment = nullptr;

  std::int64_t size() const { return arrays[0].shape().rows(); }
  array_view const& target(std::size_t i) const { return arrays[inputs + i]; }
  array_view const& weight(std::size_t i) const { return arrays[inputs + targets + i]; }
  /// Samples [begin, end).
  template <int = 0>
  bound_samples rows(std::int64_t begin, std::int64_t end) const {
    bound_samples part = *this;
    for (array_view& a : part.arrays)
      if (a.given()) a = a.rows(begin, end);
    return part;
  }
};

/// std::invalid_argument unless an array has as many samples as the inputs.
template <int = 0>
void require_rows(std::string_view who, sample_layout const& layout, std::int64_t rows,
                  inference_detail::port_words const& words, std::string_view name,
                  array_view const& a) {
  using inference_detail::called;
  if (a.shape().rows() == rows) return;
  throw std::invalid_argument(data_detail::message(
      who, ": ", called(inference_detail::input_words, layout.inputs.size(), layout.inputs[0].name),
      " has ", rows, " samples and ", called(words, layout.targets.size(), name), " has ",
      a.shape().rows(), "; they must be as many"));
}

/// What to do about rows of as many numbers as there are classes, where classes are read.
template <int = 0>
std::string_view one_hot_advice(array_shape const& y, target_port const& wanted) {
  bool const one_hot =
      wanted.classes > 0 && y.rank == wanted.shape.rank + 2 && y[y.rank - 1] == wanted.classes;
  return one_hot ? "; for one-hot rows use a loss that reads them, as categorical_crossentropy does"
                 : "";
}

/// Finds them, into `out`. std::invalid_argument unless the arrays have the extents that are read,
/// and as many samples.
template <int = 0>
void bind(std::string_view who, samples const& s, sample_layout const& layout, bound_samples& out) {
  using data_detail::message;
  using inference_detail::called;
  out.arrays.clear();
  out.inputs = layout.inputs.size();
  out.targets = layout.targets.size();
  out.augment = s.augment.get();
  inference_detail::find_arrays(who, inference_detail::input_words, s.x, layout.inputs, out.arrays);
  std::int64_t const rows = out.size();
  if (s.augment && (out.inputs > 1 || layout.inputs[0].type != dtype::float32))
    throw std::invalid_argument(message(
        who, ": augmented samples are float32, but the model reads ",
        out.inputs > 1 ? std::string_view("several inputs") : to_text(layout.inputs[0].type)));
  inference_detail::check_names(who, target_words, s.y, layout.targets);
  for (std::size_t i = 0; i < out.targets; ++i) {
    target_port const& wanted = layout.targets[i];
    array_view const& y = *inference_detail::find_array(s.y, layout.targets, i);
    if (!inference_detail::matches(y.shape(), wanted.shape)) {
      if (!wanted.integer_labels.empty() && !y.type().is_floating)
        throw std::invalid_argument(message(who, ": ", wanted.integer_labels.view()));
      inference_detail::require_match(who, called(target_words, out.targets, wanted.name), y,
                                      wanted.shape, one_hot_advice(y.shape(), wanted));
    }
    require_rows(who, layout, rows, target_words, wanted.name, y);
    out.arrays.push_back(y);
  }
  bool const each = s.sample_weight.named();
  inference_detail::check_known(who, "sample_weight: ", target_words, s.sample_weight,
                                layout.targets);
  if (!each && s.sample_weight.size() > 1 && s.sample_weight.size() != out.targets)
    throw std::invalid_argument(message(who, ": sample_weight needs one array for all outputs, or ",
                                        out.targets, ", one for each; got ",
                                        s.sample_weight.size()));
  for (std::size_t i = 0; i < out.targets; ++i) {
    bool const same = !each && s.sample_weight.size() == 1;
    array_view const* const w =
        inference_detail::find_array(s.sample_weight, layout.targets, same ? 0 : i);
    if (w == nullptr) {
      out.arrays.emplace_back();
      continue;
    }
    auto const name = layout.targets[i].name;
    if (w->empty() || !inference_detail::matches(w->shape(), {}))
      inference_detail::require_match(who, called(weight_words, same ? 1 : out.targets, name), *w,
                                      {});
    require_rows(who, layout, rows, weight_words, name, *w);
    out.arrays.push_back(*w);
  }
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

/// std::invalid_argument that names the first row with a weight that is not finite. Negative ones
/// are as good as others: they make a sample unlikely.
template <int = 0>
void check_weights(std::string_view who, std::string_view name, array_view const& a) {
  check_nan(who, name, a);
  if (!a.given() || !a.type().is_floating) return;
  for (std::int64_t i = 0; i < a.shape().rows(); ++i)
    if (double const weight = a.type().value(a.data(), i); std::isinf(weight))
      throw std::invalid_argument(data_detail::message(who, ": ", name, " has ", weight, " in row ",
                                                       i, "; a sample's weight must be finite"));
}

/// The position of the first target that is no class, or no int32 where that is read; -1 if there
/// is none.
template <int = 0>
std::int64_t find_no_class(array_view const& y, target_port const& wanted) {
  if (wanted.type != dtype::int32) return -1;
  if (wanted.classes == 0) return inference_detail::find_no_int32(y);
  auto const most = static_cast<double>(wanted.classes - 1);
  for (std::int64_t i = 0; i < y.shape().rows() * y.shape().row_size(); ++i) {
    double const label = y.type().value(y.data(), i);
    if (!(label >= 0 && label <= most && label == std::floor(label))) return i;
  }
  return -1;
}

/// std::invalid_argument that names its row.
template <int = 0>
[[noreturn]] void refuse_class(std::string_view who, std::string_view name, array_view const& y,
                               target_port const& wanted, std::int64_t at) {
  if (wanted.classes == 0) inference_detail::refuse_no_int32(who, name, y, at);
  throw std::invalid_argument(data_detail::message(
      who, ": ", name, " has ", y.type().value(y.data(), at), " in row ", at / y.shape().row_size(),
      ", which is not a class from 0 to ", wanted.classes - 1));
}

template <int = 0>
void check_classes(std::string_view who, bound_samples const& s, sample_layout const& layout) {
  for (std::size_t i = 0; i < s.targets; ++i)
    if (std::int64_t const at = find_no_class(s.target(i), layout.targets[i]); at >= 0)
      refuse_class(who, inference_detail::called(target_words, s.targets, layout.targets[i].name),
                   s.target(i), layout.targets[i], at);
}

/// std::invalid_argument that names the first row with a NaN, a weight that is not finite, or a
/// class that there is not.
template <int = 0>
void check_values(std::string_view who, bound_samples const& s, sample_layout const& layout) {
  using inference_detail::called;
  for (std::size_t i = 0; i < s.inputs; ++i)
    check_nan(who, called(inference_detail::input_words, s.inputs, layout.inputs[i].name),
              s.arrays[i]);
  for (std::size_t i = 0; i < s.targets; ++i) {
    target_port const& wanted = layout.targets[i];
    std::string const name = called(target_words, s.targets, wanted.name);
    check_nan(who, name, s.target(i));
    check_weights(who, called(weight_words, s.targets, wanted.name), s.weight(i));
  }
  check_classes(who, s, layout);
}

}  // namespace training_detail
}  // namespace typegrad
