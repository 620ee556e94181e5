// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/augmentation/sample.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace typegrad::training_detail {

class batch_source;
struct batch_worker;

/// Transforms whose types are forgotten, for samples of one shape.
struct augmentation {
  using transform = std::function<void(augmented_sample const&, sample_random&)>;

  extents shape;
  std::vector<transform> transforms;
  /// Has so many batches of the source put together ahead of time. A pointer, so that programs
  /// without augmentation do not compile what it does.
  std::unique_ptr<batch_worker> (*prepare_ahead)(batch_source&, std::int64_t batches) = nullptr;

  /// Changes a copy of sample `row`. `round` tells apart the times it is drawn (the epoch).
  template <int = 0>
  void apply(float* values, float* spare, std::uint64_t seed, std::uint64_t round,
             std::int64_t row) const {
    constexpr std::uint64_t augmenting = 0x4155474d;  // tells its numbers from those of others
    std::uint64_t stream = sample_random(seed ^ augmenting, round).next();
    auto const size = static_cast<std::size_t>(shape.count());
    augmented_sample const sample{{values, size}, {spare, size}, shape};
    for (auto const& change : transforms) {
      sample_random random(stream++, static_cast<std::uint64_t>(row));
      change(sample, random);
    }
  }
};

}  // namespace typegrad::training_detail
