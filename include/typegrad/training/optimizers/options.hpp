// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/message.hpp>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace typegrad::training_detail {

[[noreturn]] inline void refuse_option(std::string_view optimizer, std::string_view option,
                                       std::string_view needs, double got) {
  throw std::invalid_argument(
      data_detail::message(optimizer, ": ", option, " must be ", needs, ", got ", got));
}

inline void require_not_negative(std::string_view optimizer, std::string_view option,
                                 double value) {
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

/// For options that were changed since the slots were made: std::invalid_argument if they are none
/// that the optimizer can take, or ask for a slot that there is not.
template <class Optimizer>
void check_changed_options(Optimizer const& o, bool const* made) {
  o.check();
  for (int i = 0; i < Optimizer::slots; ++i)
    if (o.uses_slot(i) && !made[i])
      throw std::invalid_argument(data_detail::message(
          Optimizer::name, ": an option was changed to one that needs the slot ",
          data_detail::in_quotes(Optimizer::slot_names[static_cast<std::size_t>(i)]),
          ", which is made at the start only; set the option there"));
}

}  // namespace typegrad::training_detail
