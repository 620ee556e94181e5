// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/engine.hpp>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace typegrad::training_detail {

/// Where a batch is put together, as far as the samples do not lie as the programs read them.
struct batch_memory {
  aligned_buffer<std::byte> x, y;
  aligned_buffer<float> weight;
};

/// Samples as batches. What lies as the programs read it is handed on where it lies; the rest
/// (other types, shuffled or augmented rows, weights by class) is gathered into memory, which is
/// the training state's own if no other is given. One thread at a time may read.
class batch_reader {
 public:
  using class_weights = std::vector<std::pair<int, float>>;

  /// `order` says which row comes i-th; null for the rows as they are. Everything must outlive
  /// this.
  template <int = 0>
  batch_reader(engine const& e, samples const& data, std::int64_t batch_size,
               std::vector<std::int64_t> const* order = nullptr,
               class_weights const* by_class = nullptr)
      : engine_{e},
        data_{data},
        size_{batch_size < data.size() ? batch_size : data.size()},
        order_{order},
        by_class_{by_class != nullptr && !by_class->empty() ? by_class : nullptr} {
    training_state& s = e.state;
    sample_layout const& layout = e.setup.layout;
    direct_x_ = order == nullptr && !data.augment &&
                inference_detail::is_type(data.x.type(), layout.input_type);
    direct_y_ = order == nullptr && inference_detail::is_type(data.y.type(), layout.target_type);
    weighted_ = data.sample_weight.given() || by_class_ != nullptr;
    direct_weight_ = order == nullptr && by_class_ == nullptr && data.sample_weight.given() &&
                     data.sample_weight.type().is_float32;
    if (!direct_x_) grow(s.staged_x, x_bytes());
    if (!direct_y_) grow(s.staged_y, y_bytes());
    if (weighted_ && !direct_weight_) grow(s.staged_weight, size_);
    if (!weighted_ && s.ones.size() < size_) {
      s.ones = aligned_buffer<float>(size_);
      for (float& one : s.ones) one = 1;
    }
    if (data.augment) spare_.resize(static_cast<std::size_t>(layout.input.count()));
  }

  std::int64_t count() const { return (data_.size() + size_ - 1) / size_; }

  /// Memory for `read`, which then touches nothing of the training state.
  template <int = 0>
  batch_memory memory() const {
    batch_memory m;
    if (!direct_x_) m.x = aligned_buffer<std::byte>(x_bytes());
    if (!direct_y_) m.y = aligned_buffer<std::byte>(y_bytes());
    if (!direct_weight_) m.weight = aligned_buffer<float>(size_);
    if (!weighted_)
      for (float& one : m.weight) one = 1;
    return m;
  }

  /// Batch `number` in the training state's memory. Augmentation is of this step.
  template <int = 0>
  batch_view operator[](std::int64_t number) const {
    training_state& s = engine_.state;
    float* const weight = weighted_ ? s.staged_weight.data() : s.ones.data();
    return read(number, s.staged_x.data(), s.staged_y.data(), weight, s.seed,
                static_cast<std::uint64_t>(s.step));
  }

  /// Batch `number` in `m`, augmented as in the epoch.
  template <int = 0>
  batch_view read(std::int64_t number, batch_memory& m, std::uint64_t seed,
                  std::uint64_t epoch) const {
    return read(number, m.x.data(), m.y.data(), m.weight.data(), seed, epoch);
  }

 private:
  template <class T>
  static void grow(aligned_buffer<T>& buffer, std::int64_t size) {
    if (buffer.size() < size) buffer = aligned_buffer<T>(size);
  }
  std::int64_t x_bytes() const { return size_ * engine_.setup.layout.input.count() * 4; }
  std::int64_t y_bytes() const { return size_ * engine_.setup.layout.target.count() * 4; }
  std::int64_t row(std::int64_t i) const {
    return order_ == nullptr ? i : (*order_)[static_cast<std::size_t>(i)];
  }

  // `weight` is ones already if nothing is weighted.
  template <int = 0>
  batch_view read(std::int64_t number, std::byte* x, std::byte* y, float* weight,
                  std::uint64_t seed, std::uint64_t round) const {
    std::int64_t const begin = number * size_;
    std::int64_t const left = data_.size() - begin;
    batch_view b;
    b.size = left < size_ ? left : size_;
    sample_layout const& layout = engine_.setup.layout;
    b.x = direct_x_ ? data_.x.row(begin) : gather(data_.x, begin, b.size, layout.input_type, x);
    b.y = direct_y_ ? data_.y.row(begin) : gather(data_.y, begin, b.size, layout.target_type, y);
    if (data_.augment) {
      auto* values = reinterpret_cast<float*>(x);
      for (std::int64_t i = 0; i < b.size; ++i, values += layout.input.count())
        data_.augment->apply(values, spare_.data(), seed, round, row(begin + i));
    }
    b.weight = weight;
    if (direct_weight_)
      b.weight = static_cast<float const*>(data_.sample_weight.row(begin));
    else if (weighted_)
      for (std::int64_t i = 0; i < b.size; ++i) weight[i] = weight_of(row(begin + i));
    return b;
  }

  template <int = 0>
  void const* gather(array_view const& from, std::int64_t begin, std::int64_t count, dtype type,
                     std::byte* to) const {
    std::int64_t const row_size = from.shape().row_size();
    if (order_ == nullptr) {
      inference_detail::convert(from.type(), from.row(begin), count * row_size, type, to);
      return to;
    }
    bool const same = inference_detail::is_type(from.type(), type);
    auto const row_bytes = static_cast<std::size_t>(row_size) * 4;
    // Rows lie anywhere in memory: those to come are asked for while this one is copied.
    std::size_t const source_bytes = static_cast<std::size_t>(row_size) * from.type().size;
    std::size_t const fetched = source_bytes < 8192 ? source_bytes : 8192;
    std::int64_t const ahead = fetched < 1024 ? 16 : static_cast<std::int64_t>(12288 / fetched) + 1;
    for (std::int64_t i = 0; i < count; ++i) {
      if (begin + i + ahead < data_.size()) {
        auto const* const next = static_cast<std::byte const*>(from.row(row(begin + i + ahead)));
        for (std::size_t line = 0; line < fetched; line += 64) __builtin_prefetch(next + line);
      }
      void const* const source = from.row(row(begin + i));
      std::byte* const target = to + static_cast<std::size_t>(i) * row_bytes;
      if (same)
        std::memcpy(target, source, row_bytes);
      else
        inference_detail::convert(from.type(), source, row_size, type, target);
    }
    return to;
  }

  template <int = 0>
  float weight_of(std::int64_t i) const {
    float weight = 1;
    if (data_.sample_weight.given())
      weight = static_cast<float>(data_.sample_weight.type().value(data_.sample_weight.data(), i));
    if (by_class_ == nullptr) return weight;
    // Integers are classes; a row of numbers is one-hot, its class is where the largest is.
    auto const& type = data_.y.type();
    std::int64_t const size = data_.y.shape().row_size();
    std::int64_t label = 0;
    if (size == 1) {
      label = static_cast<std::int64_t>(type.value(data_.y.data(), i));
    } else {
      for (std::int64_t k = 1; k < size; ++k)
        if (type.value(data_.y.data(), i * size + k) > type.value(data_.y.data(), i * size + label))
          label = k;
    }
    for (auto const& [which, factor] : *by_class_)
      if (which == label) weight *= factor;
    return weight;
  }

  engine const& engine_;
  samples const& data_;
  std::int64_t size_;
  std::vector<std::int64_t> const* order_;
  class_weights const* by_class_;
  bool direct_x_, direct_y_, weighted_, direct_weight_;
  mutable std::vector<float> spare_;  ///< for transforms: one sample
};

}  // namespace typegrad::training_detail
