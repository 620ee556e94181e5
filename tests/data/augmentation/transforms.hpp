// SPDX-License-Identifier: BSL-1.0
// Applies a transform to a sample, as `augmented` does.
#pragma once

#include <cstdint>
#include <string>
#include <typegrad/data/augmentation/sample.hpp>
#include <vector>

#include "../support.hpp"

namespace test {

/// The values of a sample before it is changed: 1, 2, 3, ...
inline std::vector<float> counting(typegrad::extents const& shape) {
  std::vector<float> out(static_cast<std::size_t>(shape.count()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i + 1);
  return out;
}

/// `change(sample)` is called with `counting(shape)`; the values after that.
template <class Change>
std::vector<float> changed(typegrad::extents const& shape, Change const& change) {
  std::vector<float> values = counting(shape);
  std::vector<float> spare(values.size(), -1e30f);
  change(typegrad::augmented_sample{values, spare, shape});
  return values;
}

/// The transform with random numbers of this stream.
template <class Transform>
std::vector<float> transformed(Transform const& transform, typegrad::extents const& shape,
                               std::uint64_t stream) {
  return changed(shape, [&](typegrad::augmented_sample const& sample) {
    typegrad::sample_random random(17, stream);
    transform(sample, random);
  });
}

}  // namespace test
