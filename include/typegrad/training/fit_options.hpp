// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/samples.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace typegrad {

/// How much `fit` prints, as in Keras: 0 or false nothing, 1 or true a progress bar on a terminal
/// and plain lines elsewhere, 2 one line an epoch.
struct verbosity {
  int level = 1;
  constexpr verbosity() = default;
  constexpr verbosity(bool shown) : level{shown ? 1 : 0} {}
  constexpr verbosity(int level_) : level{level_} {}
};

struct fit_options {
  int epochs = 1;       ///< the number of the last epoch
  int batch_size = 32;  ///< the last batch of an epoch may be shorter
  samples validation_data = {};
  double validation_split = 0;  ///< this fraction at the end is held back if there is no
                                ///< validation_data
  bool shuffle = true;          ///< a new order in every epoch
  std::optional<std::uint64_t> seed = {};  ///< of the order and of augmentation; else the one the
                                           ///< model started from
  /// Samples of these classes count that much in the loss, others 1; times sample_weight.
  std::vector<std::pair<int, float>> class_weight = {};
  verbosity verbose = true;
  int initial_epoch = 0;     ///< epochs done before
  int validation_freq = 1;   ///< validation after every so many epochs
  bool check_finite = true;  ///< a loss that is not finite is std::runtime_error
};

struct evaluate_options {
  int batch_size = 256;  ///< does not change the result but for rounding
};

}  // namespace typegrad
