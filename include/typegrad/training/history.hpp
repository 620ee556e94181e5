// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/message.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace typegrad {

/// What `fit` measured: one number an epoch under each name, in the order loss, metrics, val_loss,
/// val_ and metrics. A number that was not measured in an epoch is NaN.
class history {
 public:
  using series = std::pair<std::string, std::vector<double>>;

  /// std::invalid_argument with the names there are if it is none of them.
  template <int = 0>
  std::vector<double> const& operator[](std::string_view name) const {
    for (auto const& [key, values] : all_)
      if (key == name) return values;
    throw std::invalid_argument(data_detail::message(
        "history: there is no ", data_detail::in_quotes(name), "; there are ", names()));
  }
  template <int = 0>
  bool contains(std::string_view name) const {
    for (auto const& [key, values] : all_)
      if (key == name) return true;
    return false;
  }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }
  /// How many names there are.
  std::size_t size() const { return all_.size(); }
  /// The epochs' numbers, from 1.
  std::vector<int> const& epochs() const { return epochs_; }

  /// A chart of all series over the epochs, as SVG: a panel for the loss and one for each metric,
  /// training and validation together. In typegrad/io/history_plot.hpp.
  template <int = 0>
  void plot(std::string const& path) const;

  /// The epochs of `later` come after these. std::invalid_argument unless they have the same names,
  /// or there are none here; then nothing is changed.
  template <int = 0>
  void append(history const& later) {
    auto const same_name = [](series const& a, series const& b) { return a.first == b.first; };
    if (later.epochs().empty()) return;
    if (!all_.empty() &&
        !std::equal(all_.begin(), all_.end(), later.begin(), later.end(), same_name))
      throw std::invalid_argument(data_detail::message("history: epochs with ", later.names(),
                                                       " cannot follow epochs with ", names(),
                                                       "; they must have measured the same"));
    for (int const number : later.epochs_) add_epoch(number);
    for (auto const& [name, values] : later)
      for (double const value : values) add(name, value);
  }
  template <int = 0>
  void add_epoch(int number) {
    epochs_.push_back(number);
  }
  template <int = 0>
  void add(std::string_view name, double value) {
    for (auto& [key, values] : all_)
      if (key == name) return values.push_back(value);
    all_.emplace_back(std::string(name), std::vector<double>{value});
  }

 private:
  template <int = 0>
  std::string names() const {
    std::string all;
    for (auto const& [key, values] : all_)
      all += data_detail::message(all.empty() ? "" : ", ", key);
    return all.empty() ? "none" : all;
  }

  std::vector<series> all_;
  std::vector<int> epochs_;
};

}  // namespace typegrad
