// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step_figures.hpp>
#include <typegrad/core/half.hpp>
#include <typegrad/training/engine.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// Where a loss that is not finite comes from: the step is run once more, kernel by kernel, and the
// first value that is not finite is looked for.

namespace typegrad::training_detail {

template <class T>
double number_of(T value) {
  if constexpr (std::is_same_v<T, double>)
    return value;
  else
    return static_cast<double>(static_cast<float>(value));
}

/// The first element of an array that is not finite, -1 if there is none.
template <class T>
std::int64_t first_not_finite(T const* values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    if (!std::isfinite(number_of(values[i]))) return i;
  return -1;
}

/// "NaN", "infinity", "-infinity".
template <int = 0>
std::string_view name_of_not_finite(double value) {
  return std::isnan(value) ? "NaN" : value > 0 ? "infinity" : "-infinity";
}

/// Looks at what each step writes.
template <int = 0>
struct step_watch {
  program_view program;
  std::int64_t batch_size = 0;
  int step = -1;             ///< the first one that wrote such a value
  int layer = -1;            ///< whose value it is
  std::int64_t sample = -1;  ///< of the batch; -1: it belongs to all of them
  double value = 0;

  static void after(void* context, int step, void* const* slots) {
    if (step >= 0) static_cast<step_watch*>(context)->look(step, slots);
  }

 private:
  void look(int number, void* const* slots) {
    if (step >= 0) return;
    step_info const& s = program.steps[static_cast<std::size_t>(number)];
    for (int i = 0; i < s.store_count; ++i) {
      store const& x = program.stores_of(s)[static_cast<std::size_t>(i)];
      bool const memory = s.kind == step_kind::control && x.slot >= s.control.partner_slot(0);
      if (memory) continue;  // that a control step works in, and need not have written to
      buffer const& b = program.buffers[static_cast<std::size_t>(program.buffer_at(s, x.slot))];
      void const* const values = slots[s.first_buffer + x.slot];
      std::int64_t const count = b.elements * (b.per_sample ? batch_size : 1);
      std::int64_t at = -1;
      auto const look_at = [&](auto const* numbers) {
        at = first_not_finite(numbers, count);
        if (at >= 0) value = number_of(numbers[at]);
      };
      switch (b.type) {
        case dtype::float32:
          look_at(static_cast<float const*>(values));
          break;
        case dtype::float64:
          look_at(static_cast<double const*>(values));
          break;
        case dtype::float16:
          look_at(static_cast<float16 const*>(values));
          break;
        case dtype::bfloat16:
          look_at(static_cast<bfloat16 const*>(values));
          break;
        default:
          break;
      }
      if (at < 0) continue;
      step = number;
      layer = program.layers[static_cast<std::size_t>(s.first_store + i)];
      sample = b.per_sample ? at / b.elements : -1;
      return;
    }
  }
};

/// What a step read that is not finite, or where in the model such a value came up first, as the
/// end of a sentence; empty if there is none, or it cannot be found.
template <int = 0>
std::string origin_of_not_finite(engine const& e, batch_view const& b) {
  using data_detail::message;
  auto const& setup = e.setup;
  auto const sample = [](std::int64_t number) {
    return message(" of sample ", number, " (from 0) of the batch");
  };
  for (std::size_t i = 0; i < setup.reads.size(); ++i) {
    read_value const& r = setup.reads[i];
    if (r.type != dtype::float32) continue;
    auto const* const values = static_cast<float const*>(b.inputs[i]);
    std::int64_t const at = first_not_finite(values, r.count * (r.shared ? 1 : b.size));
    if (at < 0) continue;
    std::size_t const inputs = setup.layout.inputs.size(), targets = setup.layout.targets.size();
    std::string const what =
        i < inputs ? message("input ", data_detail::in_quotes(setup.layout.inputs[i].name))
        : i < inputs + targets ? std::string("the target")
                               : std::string("a weight");
    return message(what, r.shared ? std::string() : sample(at / r.count), " is ",
                   name_of_not_finite(static_cast<double>(values[at])));
  }
  float const* const weights = std::as_const(e.core).weights();
  for (auto const& place : e.core.table)
    if (std::int64_t const at = first_not_finite(weights + place.offset, place.count); at >= 0)
      return message("the weight ", place.path, " has ",
                     name_of_not_finite(static_cast<double>(weights[place.offset + at])), " in it");
  step_watch<> watch{setup.train_view(), b.size};
  e.train_stepwise(b, &step_watch<>::after, &watch);
  if (watch.step < 0) return {};
  auto const number = static_cast<std::size_t>(watch.step);
  bool const named =
      watch.layer >= 0 && static_cast<std::size_t>(watch.layer) < setup.layers.size();
  return message(
      "the first ", name_of_not_finite(watch.value), " comes up in ",
      named ? message("layer ", setup.layers[static_cast<std::size_t>(watch.layer)].view())
            : std::string("the loss"),
      " (", name_of(watch.program, watch.program.steps[number]).view(), ')',
      watch.sample < 0 ? std::string()
                       : message(", with sample ", watch.sample, " (from 0) of the batch"));
}

}  // namespace typegrad::training_detail
