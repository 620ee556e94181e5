// SPDX-License-Identifier: BSL-1.0
// What a transform of samples sees: one sample on its way into a batch.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <typegrad/core/extents.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/random.hpp>

namespace typegrad {

/// A copy of one sample, which a transform changes in place.
struct augmented_sample {
  std::span<float> values;  ///< row-major
  std::span<float> spare;   ///< as many values of any content, for the transform's own use
  extents shape;            ///< of the sample, as in the data
};

/// The random numbers of one transform of one sample in one epoch. They depend on these, and on the
/// seed of the model, and on nothing else.
using sample_random = data_detail::data_random;

/// Anything to be called as `transform(augmented_sample const&, sample_random&)`. It may also have
/// `check(extents const& sample)`, which throws std::invalid_argument for samples that it cannot
/// serve. It is called on one thread at a time, which is not the one that called `fit`.
template <class T>
concept sample_transform =
    std::copy_constructible<T> && std::invocable<T const&, augmented_sample const&, sample_random&>;

namespace data_detail {

struct image_extents {
  std::int64_t height, width, channels;
};

/// A sample as an image: height x width, or height x width x channels; std::invalid_argument else.
template <int = 0>
image_extents as_image(std::string_view who, extents const& sample) {
  if (sample.rank == 2) return {sample[0], sample[1], 1};
  if (sample.rank == 3) return {sample[0], sample[1], sample[2]};
  throw std::invalid_argument(message(who, ": needs images, height x width or height x width x",
                                      " channels; a sample has extents ", to_text(sample).view()));
}

}  // namespace data_detail
}  // namespace typegrad
