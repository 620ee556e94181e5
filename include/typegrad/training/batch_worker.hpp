// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/batch_source.hpp>
#include <typegrad/training/prefetcher.hpp>

#include <cstdint>
#include <memory>

namespace typegrad::training_detail {

/// Puts the batches of a source together on a thread of its own.
template <int = 0>
class batch_thread final : public batch_worker {
 public:
  batch_thread(batch_source& source, std::int64_t batches)
      : batches_(batches, source.blank(), prepare{source}) {}
  batch_view next() override { return batches_.next().view; }

 private:
  struct prepare {
    batch_source& source;
    void operator()(prepared_batch& batch, std::int64_t number) const {
      source.prepare(batch, number);
    }
  };
  prefetcher<prepared_batch, prepare> batches_;
};

template <int = 0>
std::unique_ptr<batch_worker> prepare_ahead(batch_source& source, std::int64_t batches) {
  return std::make_unique<batch_thread<>>(source, batches);
}

}  // namespace typegrad::training_detail
