// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/training/batch_source.hpp>
#include <typegrad/training/fit_options.hpp>
#include <typegrad/training/history.hpp>
#include <typegrad/training/not_finite.hpp>
#include <typegrad/training/progress.hpp>

#include <cmath>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace typegrad::training_detail {

template <int = 0>
void check_batch_size(std::string_view who, int batch_size) {
  if (batch_size < 1)
    throw std::invalid_argument(
        data_detail::message(who, ": batch_size must be positive, got ", batch_size));
}

/// Begins to add up loss and metrics.
template <int = 0>
void begin(engine const& e, running_means& means) {
  means.begin(e.setup.names.size());
  if (e.state.trainer != nullptr) e.state.trainer->begin();
}

template <int = 0>
[[noreturn]] void refuse_loss(engine const& e, float loss, std::string_view who,
                              std::string const& origin) {
  throw std::runtime_error(data_detail::message(
      who, ": the loss is ", std::isnan(loss) ? "NaN" : "infinite", " in epoch ", e.state.epoch + 1,
      ", step ", e.state.step + 1, origin.empty() ? "" : "; ", origin,
      "; the weights are those before that step. Try a lower learning rate or clipnorm, and look"
      " for extreme values in the data (check_finite = false goes on regardless)"));
}

/// Where a remote trains, waits for it, and takes over what was added up in `means`. A step that
/// failed there is std::runtime_error; `batch_after(steps)` is the prepared_batch that was trained
/// on after so many steps of the model.
template <class BatchAfter>
void settle(engine const& e, running_means& means, std::string_view who,
            BatchAfter const& batch_after) {
  if (e.state.trainer == nullptr) return;
  auto const outcome = e.state.trainer->settle(e, means);
  if (outcome.failed_step == 0) return;
  e.state.step = outcome.failed_step - 1;
  std::string origin;
  try {
    prepared_batch const batch = batch_after(e.state.step);
    origin = origin_of_not_finite(e, batch.view);
  } catch (...) {  // the loss is what has to be told
  }
  refuse_loss(e, outcome.failed_loss, who, origin);
}

/// Where training is given up: waits for what a remote was given, and does not count the steps that
/// changed nothing.
template <int = 0>
void abandon(engine const& e, running_means& means) noexcept {
  if (e.state.trainer == nullptr) return;
  try {
    auto const outcome = e.state.trainer->settle(e, means);
    if (outcome.failed_step != 0) e.state.step = outcome.failed_step - 1;
  } catch (std::exception const&) {  // of the device, which was told of before
  }
}

/// Loss and metrics over all samples, into `means`.
template <int = 0>
void evaluate(engine const& e, bound_samples const& data, std::int64_t batch_size,
              running_means& means) {
  batch_reader const batches(e, data, batch_size);
  begin(e, means);
  for (std::int64_t i = 0; i < batches.count(); ++i) {
    batch_view const b = batches[i];
    if (e.state.trainer != nullptr) {
      e.state.trainer->evaluate(e, b);
    } else {
      e.evaluate_batch(b);
      means.add(e.state.results.data(), b.size);
    }
  }
  if (e.state.trainer != nullptr) e.state.trainer->settle(e, means);
}

/// Loss and gradients of one batch, and the optimizer's step; loss and metrics are added to
/// `means`. A loss that is not finite is std::runtime_error, and the weights are left as they were
/// before the batch. A remote is only given the work: see `settle`.
template <int = 0>
void train_batch(engine const& e, batch_view const& b, bool check_finite, std::string_view who,
                 running_means& means) {
  if (e.state.trainer != nullptr) {
    e.state.trainer->train(e, b, check_finite);
    ++e.state.step;
    return;
  }
  e.compute_gradients(b);
  float const loss = e.state.results[0];
  if (check_finite && !std::isfinite(loss)) refuse_loss(e, loss, who, origin_of_not_finite(e, b));
  e.update(b.size);
  means.add(e.state.results.data(), b.size);
}

/// std::invalid_argument for weights of classes that there are not, and for what is no weight.
template <int = 0>
void check_class_weight(std::vector<std::pair<int, float>> const& by_class,
                        bound_samples const& data, sample_layout const& layout) {
  using data_detail::message;
  if (by_class.empty()) return;
  if (data.targets != 1)
    throw std::invalid_argument(
        message("fit: class_weight needs a model of one target, this one"
                " has ",
                data.targets, "; give sample_weight by name"));
  std::int64_t const row_size = data.target(0).shape().row_size();
  std::int64_t const classes = layout.targets[0].classes > 0 ? layout.targets[0].classes
                               : row_size > 1                ? row_size
                                                             : 0;  // numbers: any may be a class
  for (auto const& [which, factor] : by_class) {
    if (classes > 0 && (which < 0 || which >= classes))
      throw std::invalid_argument(
          message("fit: class_weight has a class ", which, "; the classes are 0 to ", classes - 1));
    if (!std::isfinite(factor))
      throw std::invalid_argument(message("fit: class_weight of class ", which,
                                          " must be finite, got ", static_cast<double>(factor)));
    for (auto const& other : by_class)
      if (&other.first != &which && other.first == which)
        throw std::invalid_argument(message("fit: class_weight has class ", which, " twice"));
  }
}

struct fit_parts {
  bound_samples train, validation;  ///< the latter without arrays if there is none
};

/// The samples to train on and those to validate with, all of them checked.
template <int = 0>
fit_parts parts_of(samples const& data, fit_options const& o, sample_layout const& layout) {
  using data_detail::message;
  check_batch_size("fit", o.batch_size);
  if (o.epochs < 0 || o.initial_epoch < 0)
    throw std::invalid_argument(message("fit: epochs and initial_epoch must not be negative, got ",
                                        o.epochs, " and ", o.initial_epoch));
  if (o.initial_epoch > o.epochs)
    throw std::invalid_argument(
        message("fit: initial_epoch is ", o.initial_epoch, " and epochs is ", o.epochs,
                "; epochs is the number of the last epoch, not how many are trained"));
  if (o.validation_freq < 1)
    throw std::invalid_argument(
        message("fit: validation_freq must be positive, got ", o.validation_freq));
  if (!(o.validation_split >= 0 && o.validation_split < 1))
    throw std::invalid_argument(
        message("fit: validation_split must be at least 0 and below 1, got ", o.validation_split));
  fit_parts parts;
  bind("fit", data, layout, parts.train);
  check_values("fit", parts.train, layout);
  check_class_weight(o.class_weight, parts.train, layout);
  if (o.validation_data.x.size() > 0 || o.validation_data.y.size() > 0) {
    refuse_augmented("fit: validation_data", o.validation_data);
    bind("fit: validation_data", o.validation_data, layout, parts.validation);
    check_values("fit: validation_data", parts.validation, layout);
  } else if (o.validation_split > 0) {
    std::int64_t const rows = parts.train.size();
    auto const kept =
        static_cast<std::int64_t>(std::floor(static_cast<double>(rows) * (1 - o.validation_split)));
    if (kept == 0 || kept == rows)
      throw std::invalid_argument(message("fit: validation_split ", o.validation_split, " of ",
                                          rows, " samples leaves ", kept, " for training and ",
                                          rows - kept, " for validation"));
    parts.validation = parts.train.rows(kept, rows);
    parts.validation.augment = nullptr;
    parts.train = parts.train.rows(0, kept);
  }
  return parts;
}

/// Keras's fit: epochs of batches in a new order each time, then validation.
template <int = 0>
history fit(engine const& e, samples const& all, fit_options const& o) {
  auto const [train, validation] = parts_of(all, o, e.setup.layout);
  std::size_t const names = e.setup.names.size();
  std::vector<std::string> validation_names;
  for (auto const& name : e.setup.names)
    validation_names.push_back(data_detail::message("val_", name));
  batch_source batches(e, train, o);
  auto const batch_after = [&, first = e.state.step](std::int64_t steps) {
    return batches.again(steps - first);
  };
  running_means means, validation_means;
  std::vector<log_entry> logs;
  history out;
  progress_options shown;
  if (o.verbose.level != 1) {
    shown.terminal = false;
    shown.line_every = 1e300;
  }

  for (int epoch = o.initial_epoch; epoch < o.epochs; ++epoch) {
    std::optional<progress_bar> bar;
    if (o.verbose.level > 0)
      bar.emplace(epoch + 1, o.epochs, static_cast<std::size_t>(batches.count()), shown);
    begin(e, means);
    try {
      for (std::int64_t i = 0; i < batches.count(); ++i) {
        batch_view const b = batches.next();
        train_batch(e, b, o.check_finite, "fit", means);
        if (!bar) continue;
        if (bar->due()) settle(e, means, "fit", batch_after);
        logs.clear();
        for (std::size_t k = 0; k < names; ++k) logs.emplace_back(e.setup.names[k], means[k]);
        bar->update(static_cast<std::size_t>(i + 1), logs);
      }
      settle(e, means, "fit", batch_after);
    } catch (...) {
      abandon(e, means);
      throw;
    }
    ++e.state.epoch;
    logs.clear();
    for (std::size_t k = 0; k < names; ++k) logs.emplace_back(e.setup.names[k], means[k]);
    if (!validation.arrays.empty()) {
      bool const now = (epoch + 1) % o.validation_freq == 0;
      if (now) evaluate(e, validation, o.batch_size, validation_means);
      for (std::size_t k = 0; k < names; ++k) {
        double const value = now ? validation_means[k] : std::nan("");
        logs.emplace_back(validation_names[k], value);
      }
    }
    out.add_epoch(epoch + 1);
    for (auto const& [name, value] : logs) out.add(name, value);
    if (bar) bar->finish(logs);
  }
  return out;
}

}  // namespace typegrad::training_detail
