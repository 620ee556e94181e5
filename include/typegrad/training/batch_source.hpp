// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/batches.hpp>
#include <typegrad/training/fit_options.hpp>
#include <typegrad/training/shuffle.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace typegrad::training_detail {

/// A batch, and where it was put together.
struct prepared_batch {
  batch_view view;
  batch_memory memory;
};

/// Who puts batches together ahead of time.
struct batch_worker {
  virtual ~batch_worker() = default;
  /// As `batch_source::next`.
  virtual batch_view next() = 0;
};

/// The batches of `fit`, epoch by epoch. Augmented ones are put together ahead of time by a thread
/// of their own; the others where they are taken, as copying rows is less work than handing them
/// over.
class batch_source {
 public:
  /// All must outlive this.
  template <int = 0>
  batch_source(engine const& e, bound_samples const& data, fit_options const& o)
      : order_(o.shuffle ? static_cast<std::size_t>(data.size()) : 0),
        reader_(e, data, o.batch_size, o.shuffle ? &order_ : nullptr, &o.class_weight),
        seed_{o.seed.value_or(e.state.seed)},
        epoch_{e.state.epoch} {
    if (data.augment != nullptr && o.epochs > o.initial_epoch)
      worker_ = data.augment->prepare_ahead(*this, (o.epochs - o.initial_epoch) * count());
  }
  batch_source(batch_source const&) = delete;
  batch_source& operator=(batch_source const&) = delete;

  /// In each epoch.
  std::int64_t count() const { return reader_.count(); }

  /// The next batch, valid until the next call. Throws what a transform of its samples threw.
  template <int = 0>
  batch_view next() {
    if (worker_) return worker_->next();
    std::int64_t const number = begin(taken_++);
    return reader_[number];
  }

  /// For the worker: room for a batch, and batch `number` of all, to be asked for in order.
  template <int = 0>
  prepared_batch blank() const {
    return {{}, reader_.memory()};
  }
  template <int = 0>
  void prepare(prepared_batch& batch, std::int64_t number) {
    std::int64_t const of_epoch = begin(number);
    batch.view = reader_.read(of_epoch, batch.memory, seed_, epoch_of(number));
  }

  /// Batch `number` of all once more. There is no next one then.
  template <int = 0>
  prepared_batch again(std::int64_t number) {
    worker_.reset();
    if (!order_.empty()) shuffle(order_, seed_, epoch_of(number));
    prepared_batch batch = blank();
    batch.view = reader_.read(number % count(), batch.memory, seed_, epoch_of(number));
    return batch;
  }

 private:
  std::uint64_t epoch_of(std::int64_t number) const {
    return static_cast<std::uint64_t>(epoch_ + number / count());
  }
  // The number within its epoch of batch `number` of all; the first ones bring a new order.
  std::int64_t begin(std::int64_t number) {
    std::int64_t const of_epoch = number % count();
    if (of_epoch == 0 && !order_.empty()) shuffle(order_, seed_, epoch_of(number));
    return of_epoch;
  }

  std::vector<std::int64_t> order_;
  batch_reader reader_;
  std::uint64_t seed_;
  std::int64_t epoch_;  ///< of the first batch
  std::int64_t taken_ = 0;
  std::unique_ptr<batch_worker> worker_;  ///< last: it uses the others
};

}  // namespace typegrad::training_detail
