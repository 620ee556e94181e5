// SPDX-License-Identifier: BSL-1.0
// What a model takes, told by the compiler.
#pragma once

#include <typegrad/inference/model_report.hpp>

#include <cstddef>
#include <cstdint>

namespace typegrad {

namespace inference_detail {

/// "3,500": digits in groups.
template <std::size_t Capacity>
constexpr void append_grouped(basic_text<Capacity>& to, std::int64_t number) {
  if (number >= 1000) {
    append_grouped(to, number / 1000);
    to.append(',');
    for (std::int64_t unit = 100; unit > 1 && number % 1000 < unit; unit /= 10) to.append('0');
    number %= 1000;
  }
  to.append(number);
}

/// Room for a line of an explanation.
using explanation_line = basic_text<400>;

/// For one sample.
constexpr void append_figures(explanation_line& to, std::int64_t parameters,
                              step_figures const& takes) {
  append_grouped(to.append("parameters "), parameters);
  append_grouped(to.append(", multiply-adds "), takes.multiply_adds.at(1));
  append_grouped(to.append(", bytes moved "), takes.bytes().at(1));
}

/// A line for each layer of the model itself, and one for the whole.
constexpr list<explanation_line> explanation_of(model_report const& r) {
  list<explanation_line> lines;
  for (layer_report const& l : r.layers) {
    if (l.depth != 0) continue;
    explanation_line t;
    t.append(l.path).append(": gives ").append(to_text(l.output)).append(", ");
    append_figures(t, l.parameters, l.takes);
    t.append(", kernels ").append(l.kernels);
    lines.push_back(t);
  }
  explanation_line t;
  append_figures(t.append("the model: "), r.parameters, r.takes);
  t.append(", kernels ").append(r.kernels.size()).append(" (").append(r.different_kernels);
  append_grouped(t.append(" different), arena bytes "), r.arena_bytes.shared);
  append_grouped(t.append(" + batch * "), r.arena_bytes.per_sample);
  lines.push_back(t);
  return lines;
}

/// The whole explanation, or of a model that has more to tell the beginning.
template <class Model>
struct explainer {
  static constexpr auto sentence() {
    basic_text<16000> all;
    for (explanation_line const& line : explanation_of(report_on<Model>()))
      all.append(all.empty() ? "" : " | ").append(line);
    return all;
  }
};

/// As in core/diagnosis.hpp: g++ shows a text in the name of a type that lacks a member, clang in a
/// constraint that does not hold.
template <auto Text>
struct explanation {};
#ifdef __clang__
template <std::size_t N>
constexpr bool shown(said<N> const&) {
  return false;
}
#else
template <std::size_t N>
constexpr bool shown(said<N> const&) {
  return true;
}
#endif

}  // namespace inference_detail

/// Has the compiler tell what predictions of a model take, layer by layer, in an error:
/// `static_assert(tg::explain<net>);` asks; take it out again to go on. `tg::print<net>()`
/// (typegrad/io/report.hpp) prints more at run time.
template <class Model, auto Sentence = diagnosis_of<Model>,
          auto Text = say<inference_detail::explainer<Model>>()>
requires(correct(Sentence) && inference_detail::shown(Text))
inline constexpr bool explain = inference_detail::explanation<Text>::told;

}  // namespace typegrad
