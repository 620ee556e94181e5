// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/message.hpp>

#include <cmath>
#include <stdexcept>
#include <string_view>

namespace typegrad::training_detail {

[[noreturn]] inline void refuse_option(std::string_view optimizer, std::string_view option,
                                       std::string_view needs, double got) {
  throw std::invalid_argument(
      data_detail::message(optimizer, ": ", option, " must be ", needs, ", got ", got));
}

inline void require_not_negative(std::string_view optimizer, std::string_view option, double value) {
  if (!(value >= 0) || std::isinf(value))
    refuse_option(optimizer, option, "zero or a positive number", value);
}

/// For rates of decay and momentum.
inline void require_fraction(std::string_view optimizer, std::string_view option, double value) {
  if (!(value >= 0 && value < 1)) refuse_option(optimizer, option, "at least 0 and below 1", value);
}

/// What every optimizer has. std::invalid_argument with the option's name and value.
template <class Optimizer>
void check_common_options(Optimizer const& o) {
  require_not_negative(Optimizer::name, "learning_rate", static_cast<double>(o.learning_rate));
  require_not_negative(Optimizer::name, "weight_decay", static_cast<double>(o.weight_decay));
  require_not_negative(Optimizer::name, "clipnorm", static_cast<double>(o.clipnorm));
  require_not_negative(Optimizer::name, "global_clipnorm", static_cast<double>(o.global_clipnorm));
  require_not_negative(Optimizer::name, "clipvalue", static_cast<double>(o.clipvalue));
  if ((o.clipnorm > 0) + (o.global_clipnorm > 0) + (o.clipvalue > 0) > 1)
    throw std::invalid_argument(data_detail::message(
        Optimizer::name, ": set only one of clipnorm, global_clipnorm and clipvalue"));
}

}  // namespace typegrad::training_detail
