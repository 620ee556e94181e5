// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/engine.hpp>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace typegrad::training_detail {

/// Samples as batches. What lies as the programs read it is handed on where it lies; the rest
/// (other types, shuffled or augmented rows, weights by class) is gathered into memory, which is
/// the training state's own if no other is given. One thread at a time may read.
class batch_reader {
 public:
  using class_weights = std::vector<std::pair<int, float>>;

  /// `order` says which row comes i-th; null for the rows as they are. Everything must outlive
  /// this.
  template <int = 0>
  batch_reader(engine const& e, bound_samples const& data, std::int64_t batch_size,
               std::vector<std::int64_t> const* order = nullptr,
               class_weights const* by_class = nullptr)
      : engine_{e},
        data_{data},
        size_{batch_size < data.size() ? batch_size : data.size()},
        order_{order},
        by_class_{by_class != nullptr && !by_class->empty() ? by_class : nullptr} {
    grow_memory(e.state.staged);
    if (data.augment != nullptr)
      spare_.resize(static_cast<std::size_t>(e.setup.layout.inputs[0].shape.count()));
  }

  std::int64_t count() const { return (data_.size() + size_ - 1) / size_; }

  /// Memory for `read`, which then writes nothing of the training state.
  template <int = 0>
  batch_memory memory() const {
    batch_memory m;
    grow_memory(m);
    return m;
  }

  /// Batch `number` in the training state's memory. Augmentation is of this step.
  template <int = 0>
  batch_view operator[](std::int64_t number) const {
    training_state& s = engine_.state;
    return read(number, s.staged, s.seed, static_cast<std::uint64_t>(s.step));
  }

  /// Batch `number` in `m`, augmented as in the epoch.
  template <int = 0>
  batch_view read(std::int64_t number, batch_memory& m, std::uint64_t seed,
                  std::uint64_t round) const {
    std::int64_t const begin = number * size_;
    std::int64_t const left = data_.size() - begin;
    std::int64_t const count = left < size_ ? left : size_;
    m.inputs.clear();
    for (std::size_t i = 0; i < data_.arrays.size(); ++i) {
      array_view const& from = data_.arrays[i];
      std::byte* const to = m.rows[i].data();
      if (is_direct(i))
        m.inputs.push_back(from.given() ? from.row(begin) : m.ones.data());
      else if (is_weight(i))
        m.inputs.push_back(weigh(from, begin, count, reinterpret_cast<float*>(to)));
      else
        m.inputs.push_back(gather(from, begin, count, engine_.setup.reads[i].type, to));
    }
    if (data_.augment != nullptr) {
      std::int64_t const size = engine_.setup.reads[0].count;
      auto* values = reinterpret_cast<float*>(m.rows[0].data());
      for (std::int64_t i = 0; i < count; ++i, values += size)
        data_.augment->apply(values, spare_.data(), seed, round, row(begin + i));
    }
    if (!engine_.state.loss_weights.empty()) m.inputs.push_back(engine_.state.loss_weights.data());
    return {m.inputs.data(), count};
  }

 private:
  bool is_weight(std::size_t i) const { return i >= data_.inputs + data_.targets; }
  /// Whether a value's rows are handed on where they lie.
  bool is_direct(std::size_t i) const {
    array_view const& from = data_.arrays[i];
    if (is_weight(i) && by_class_ != nullptr) return false;
    if (!from.given()) return true;
    return order_ == nullptr && !(i == 0 && data_.augment != nullptr) &&
           inference_detail::is_type(from.type(), engine_.setup.reads[i].type);
  }
  template <int = 0>
  void grow_memory(batch_memory& m) const {
    if (m.rows.size() < data_.arrays.size()) m.rows.resize(data_.arrays.size());
    m.inputs.reserve(data_.arrays.size() + 1);
    if (m.ones.size() < size_) {
      m.ones = aligned_buffer<float>(size_);
      for (float& one : m.ones) one = 1;
    }
    for (std::size_t i = 0; i < data_.arrays.size(); ++i) {
      std::int64_t const bytes = size_ * engine_.setup.reads[i].count * 4;
      if (!is_direct(i) && m.rows[i].size() < bytes) m.rows[i] = aligned_buffer<std::byte>(bytes);
    }
  }
  std::int64_t row(std::int64_t i) const {
    return order_ == nullptr ? i : (*order_)[static_cast<std::size_t>(i)];
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
  float const* weigh(array_view const& from, std::int64_t begin, std::int64_t count,
                     float* to) const {
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t const at = row(begin + i);
      to[i] = from.given() ? static_cast<float>(from.type().value(from.data(), at)) : 1.0F;
      if (by_class_ != nullptr) to[i] *= class_weight(at);
    }
    return to;
  }
  template <int = 0>
  float class_weight(std::int64_t i) const {
    // Integers are classes; a row of numbers is one-hot, its class is where the largest is.
    array_view const& y = data_.target(0);
    auto const& type = y.type();
    std::int64_t const size = y.shape().row_size();
    std::int64_t label = 0;
    if (size == 1) {
      label = static_cast<std::int64_t>(type.value(y.data(), i));
    } else {
      for (std::int64_t k = 1; k < size; ++k)
        if (type.value(y.data(), i * size + k) > type.value(y.data(), i * size + label)) label = k;
    }
    float weight = 1;
    for (auto const& [which, factor] : *by_class_)
      if (which == label) weight *= factor;
    return weight;
  }

  engine const& engine_;
  bound_samples const& data_;
  std::int64_t size_;
  std::vector<std::int64_t> const* order_;
  class_weights const* by_class_;
  mutable std::vector<float> spare_;  ///< for transforms: one sample
};

}  // namespace typegrad::training_detail
