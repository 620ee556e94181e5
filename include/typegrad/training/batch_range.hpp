// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/training/samples.hpp>
#include <typegrad/training/shuffle.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace typegrad {

struct batch_options {
  int batch_size = 32;
  bool shuffle = true;     ///< else in the order of the samples
  std::uint64_t seed = 0;  ///< decides the order, with the epoch
  std::int64_t epoch = 0;
  bool drop_remainder = false;  ///< a last batch that is shorter is left out
};

/// Samples, batch by batch, for a training loop of one's own: what `batches` returns.
class batch_range {
 public:
  template <int = 0>
  batch_range(samples data, batch_options const& o) : data_(std::move(data)), size_{o.batch_size} {
    using data_detail::message;
    if (o.batch_size < 1)
      throw std::invalid_argument(
          message("batches: batch_size must be positive, got ", o.batch_size));
    training_detail::refuse_augmented("batches", data_);
    std::int64_t const rows = data_.size();
    check_rows(data_.x, "another x");
    check_rows(data_.y, "y");
    check_rows(data_.sample_weight, "sample_weight");
    if (rows == 0) throw std::invalid_argument("batches: there are no samples");
    count_ = o.drop_remainder ? rows / size_ : (rows + size_ - 1) / size_;
    if (count_ == 0)
      throw std::invalid_argument(message("batches: drop_remainder leaves none of ", rows,
                                          " samples, as batch_size is ", o.batch_size));
    if (!o.shuffle) return;
    order_.resize(static_cast<std::size_t>(rows));
    training_detail::shuffle(order_, o.seed, static_cast<std::uint64_t>(o.epoch));
    for (array_list const* const part : {&data_.x, &data_.y, &data_.sample_weight})
      for (std::size_t i = 0; i < part->size(); ++i)
        memory_.emplace_back(bytes((*part)[i].values), uninitialized_tag{});
  }
  batch_range(batch_range const&) = delete;
  batch_range& operator=(batch_range const&) = delete;

  /// How many batches there are.
  std::int64_t size() const { return count_; }

  class iterator {
   public:
    using value_type = samples;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = samples const*;
    using reference = samples const&;

    iterator() = default;
    iterator(batch_range& of, std::int64_t number) : of_{&of}, number_{number} {}
    /// Good until the next batch is looked at.
    samples const& operator*() const { return of_->batch(number_); }
    iterator& operator++() {
      ++number_;
      return *this;
    }
    void operator++(int) { ++number_; }
    bool operator==(iterator const& o) const { return number_ == o.number_; }

   private:
    batch_range* of_ = nullptr;
    std::int64_t number_ = 0;
  };
  iterator begin() { return {*this, 0}; }
  iterator end() { return {*this, count_}; }

 private:
  void check_rows(array_list const& part, std::string_view name) const {
    for (std::size_t i = 0; i < part.size(); ++i)
      if (part[i].values.shape().rows() != data_.size())
        throw std::invalid_argument(
            data_detail::message("batches: x has ", data_.size(), " samples and ", name, " has ",
                                 part[i].values.shape().rows(), "; they must be as many"));
  }
  std::int64_t bytes(array_view const& a) const {
    std::int64_t const rows = size_ < data_.size() ? size_ : data_.size();
    return a.given() ? rows * row_bytes(a) : 0;
  }
  static std::int64_t row_bytes(array_view const& a) {
    return a.shape().row_size() * static_cast<std::int64_t>(a.type().size);
  }
  samples const& batch(std::int64_t number) {
    std::int64_t const begin = number * size_;
    std::int64_t const end = begin + size_ < data_.size() ? begin + size_ : data_.size();
    if (order_.empty()) {
      current_ = data_.rows(begin, end);
    } else {
      auto next = memory_.begin();
      current_.x = gathered(data_.x, begin, end, next);
      current_.y = gathered(data_.y, begin, end, next);
      current_.sample_weight = gathered(data_.sample_weight, begin, end, next);
    }
    return current_;
  }
  array_list gathered(array_list const& from, std::int64_t begin, std::int64_t end,
                      std::vector<aligned_buffer<std::byte>>::iterator& to) const {
    array_list out;
    for (std::size_t k = 0; k < from.size(); ++k, ++to) {
      array_view const& a = from[k].values;
      auto const row = static_cast<std::size_t>(row_bytes(a));
      for (std::int64_t i = begin; i < end; ++i)
        std::memcpy(to->data() + static_cast<std::size_t>(i - begin) * row,
                    a.row(order_[static_cast<std::size_t>(i)]), row);
      out.add(from[k].name, a.at(to->data(), end - begin));
    }
    return out;
  }

  samples data_, current_;
  std::int64_t size_, count_ = 0;
  std::vector<std::int64_t> order_;
  std::vector<aligned_buffer<std::byte>> memory_;  ///< for each array
};

/// Samples, batch by batch, in an order that the seed and the epoch decide:
///
///     for (auto const& batch : batches(mnist.train, {.batch_size = 32, .epoch = epoch}))
///       loss(batch.x, batch.y);
///
/// The samples must outlive it. std::invalid_argument if there are none.
template <int = 0>
batch_range batches(samples data, batch_options const& options = {}) {
  return batch_range(std::move(data), options);
}

}  // namespace typegrad
