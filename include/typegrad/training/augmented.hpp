// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/augmentation.hpp>
#include <typegrad/training/batch_worker.hpp>
#include <typegrad/training/samples.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace typegrad {

/// Samples that are changed by the transforms, one after another, each time they are trained on:
/// `model.fit(augmented(train, random_flip{flip::horizontal}, random_shift{.pixels = 4}), {...})`.
/// `data` is what `samples` takes and stays as it is; a copy of each sample, as float32, is changed
/// while its batch is put together, by a thread of its own while the batch before is trained on.
/// What a sample becomes depends only on the seed, the epoch and the sample's place in the data.
/// Throws std::invalid_argument for options that do not fit the samples. Validation and `evaluate`
/// measure samples as they are and refuse augmented ones; validation_split augments only the part
/// that is trained on.
template <class Data, sample_transform... Transforms>
requires std::constructible_from<samples, Data> && (sizeof...(Transforms) > 0)
samples augmented(Data&& data, Transforms const&... transforms) {
  samples out(std::forward<Data>(data));
  if (!out.x.given()) throw std::invalid_argument("augmented: x is missing");
  training_detail::augmentation all;
  if (out.augment) all = *out.augment;
  all.prepare_ahead = &training_detail::prepare_ahead<>;
  all.shape = {};
  for (int i = 1; i < out.x.shape().rank; ++i) all.shape.push_back(out.x.shape()[i]);
  auto const add = [&all](auto const& transform) {
    if constexpr (requires { transform.check(all.shape); }) transform.check(all.shape);
    all.transforms.emplace_back(transform);
  };
  (add(transforms), ...);
  out.augment = std::make_shared<training_detail::augmentation const>(std::move(all));
  return out;
}

}  // namespace typegrad
