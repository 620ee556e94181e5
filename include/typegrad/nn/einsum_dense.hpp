// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/config.hpp>
#include <typegrad/nn/initialize.hpp>
#include <typegrad/nn/initializers.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/regularizers.hpp>
#include <typegrad/ops/einsum.hpp>

#include <concepts>
#include <string_view>

namespace typegrad {

namespace options {

struct output_extents {
  static constexpr std::string_view name = "output_extents";
};
struct bias_axes {
  static constexpr std::string_view name = "bias_axes";
};

}  // namespace options

/// The extents of a result, without the batch axis; -1 stands for a length that the input tells.
template <std::int64_t... N>
inline constexpr option<options::output_extents, extents> output_extents{{N...}};
/// The axes of a result, by their letters, along which a bias differs.
template <fixed_string Letters>
inline constexpr option<options::bias_axes, basic_text<2 * max_rank>> bias_axes{Letters.view()};

namespace detail {

/// "abc,cd->abd", read: the axes of the input, the kernel and the result.
struct dense_equation {
  axis_labels input, kernel, result;
  bool before = false;  ///< ... stands for axes before the named ones of input and result
  bool behind = false;  ///< ... for axes behind them
  bool read = false;
};

/// The axes that `text` names; it may begin or end with "...". False if there is anything else.
constexpr bool read_axes(std::string_view text, axis_labels& to, bool& before, bool& behind) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == ' ') continue;
    if (text.substr(i, 3) == "..." && !before && !behind) {
      (to.count == 0 ? before : behind) = true;
      i += 2;
    } else {
      bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter || behind || to.count > max_rank || !to.push_back(c)) return false;
    }
  }
  return to.count > 0;
}

constexpr dense_equation read_dense_equation(std::string_view text) {
  dense_equation e;
  std::size_t const comma = text.find(',');
  std::size_t const arrow = text.find("->");
  if (comma >= text.size() || arrow >= text.size() || arrow < comma) return e;
  bool before = false, behind = false, elsewhere = false;
  e.read = read_axes(text.substr(0, comma), e.input, e.before, e.behind) &&
           read_axes(text.substr(comma + 1, arrow - comma - 1), e.kernel, elsewhere, elsewhere) &&
           read_axes(text.substr(arrow + 2), e.result, before, behind) && !elsewhere &&
           before == e.before && behind == e.behind && e.kernel.count <= max_rank;
  return e;
}

/// What `einsum_dense` does to values of certain extents.
struct dense_product {
  diagnosis problem;
  basic_text<64> equation;  ///< of one sample, and nothing in it is left out
  extents kernel, bias;
  double fan_in = 1, fan_out = 1;  ///< the kernel's lengths along axes of the input, of the result
};

/// Requires lengths of the result in `wanted`, or -1, for the named axes without the batch axis;
/// `bias` has the letters of the bias, if there is one.
constexpr dense_product plan_dense_product(std::string_view text, extents const& wanted,
                                           std::string_view bias, extents const& input) {
  dense_product p;
  auto const wrong = [&p](auto const&... pieces) {
    p.problem = sentence(pieces...);
    return p;
  };
  dense_equation const e = read_dense_equation(text);
  if (!e.read)
    return wrong("the equation ", text,
                 " is not read; it needs the axes of input, kernel and result, as in abc,cd->abd, "
                 "or ...b,bc->...c, or ab...,bc->ac...");
  for (axis_labels const* side : {&e.input, &e.kernel, &e.result})
    for (int i = 0; i < side->count; ++i)
      if (side->find(side->at[i]) != i)
        return wrong("equation ", text, " has ", std::string_view{side->at + i, 1}, " twice in ",
                     side->text());

  // The batch axis is the first one: it has a letter, or is among what ... stands for.
  int elided = 1 + input.rank - e.input.count;
  if (elided < 0 || (elided > 0 && !e.before && !e.behind))
    return wrong("equation ", text, " is of an input with axes ", e.input.text(), ", ",
                 std::string_view{e.input.at, 1}, " the batch axis; got extents ", to_text(input),
                 " and the batch axis");
  bool const named = !e.before || elided == 0;
  int const first = named ? 1 : 0;
  if (!named) --elided;
  std::string_view const batch{e.input.at, static_cast<std::size_t>(first)};
  if (named && e.result.at[0] != e.input.at[0])
    return wrong("equation ", text, " has the batch axis, ", batch,
                 ", not as the first of its result");
  if (named && e.kernel.has(e.input.at[0]))
    return wrong("equation ", text, " has the batch axis, ", batch,
                 ", in its kernel, which all samples share");

  std::int64_t lengths[128] = {};
  int const leading = e.before ? elided : 0;
  for (int i = first; i < e.input.count; ++i)
    lengths[static_cast<int>(e.input.at[i])] = input[leading + i - first];
  if (wanted.rank != e.result.count - first)
    return wrong("the result of ", text, " has ", e.result.count - first,
                 " named axes besides the batch axis, but output_extents has ", wanted.rank,
                 "; -1 stands for one of the input");
  for (int i = first; i < e.result.count; ++i) {
    char const c = e.result.at[i];
    std::string_view const letter{e.result.at + i, 1};
    std::int64_t& length = lengths[static_cast<int>(c)];
    std::int64_t const told = wanted[i - first];
    if (!e.input.has(c) && !e.kernel.has(c))
      return wrong("equation ", text, " has ", letter, " in its result only");
    if (told == -1 && !e.input.has(c))
      return wrong("axis ", letter, " of ", text,
                   " is none of the input; output_extents must tell its length");
    if (told != -1 && told <= 0)
      return wrong("output_extents must be positive, or -1 for an axis of the input, got ",
                   to_text(wanted));
    if (told != -1 && e.input.has(c) && told != length)
      return wrong("axis ", letter, " of ", text, " has ", length, " elements in the input, but ",
                   told, " in output_extents");
    if (told != -1) length = told;
  }
  for (int i = 0; i < e.kernel.count; ++i) {
    char const c = e.kernel.at[i];
    std::int64_t const length = lengths[static_cast<int>(c)];
    if (!e.input.has(c) && !e.result.has(c))
      return wrong("equation ", text, " has ", std::string_view{e.kernel.at + i, 1},
                   " in its kernel only, so that nothing tells its length");
    p.kernel.push_back(length);
    (e.result.has(c) ? p.fan_out : p.fan_in) *= static_cast<double>(length);
  }

  // From the bias's first axis on, 1 where it does not differ.
  int from = e.result.count;
  for (char const& c : bias) {
    int const place = e.result.find(c);
    if (place < first)
      return wrong("bias_axes has ", std::string_view{&c, 1}, ", which is no axis of the result ",
                   e.result.text(), " of a sample");
    if (place < from) from = place;
  }
  for (int i = from; i < e.result.count; ++i) {
    char const c = e.result.at[i];
    p.bias.push_back(bias.find(c) < bias.size() ? lengths[static_cast<int>(c)] : 1);
  }
  for (int i = 0; e.behind && from < e.result.count && i < elided; ++i) p.bias.push_back(1);

  basic_text<2 * max_rank> others;  // letters for the axes that ... stands for
  for (char c = 'a'; c <= 'z' && others.length < static_cast<std::size_t>(elided); ++c)
    if (!e.input.has(c) && !e.kernel.has(c) && !e.result.has(c)) others.append(c);
  auto const side = [&](axis_labels const& labels) {
    if (!e.behind) p.equation.append(others);
    p.equation.append(labels.text().substr(static_cast<std::size_t>(first)));
    if (e.behind) p.equation.append(others);
  };
  side(e.input);
  p.equation.append(',').append(e.kernel.text()).append("->");
  side(e.result);
  return p;
}

/// An initializer of the same variance where a weight's fans are not those that its extents tell.
constexpr initializer with_fans(initializer i, extents const& shape, double in, double out) {
  using kind = initializer::kind;
  if (i.distribution != kind::variance_uniform && i.distribution != kind::variance_normal) return i;
  double const fan = i.mode == initializer::fan::in    ? in
                     : i.mode == initializer::fan::out ? out
                                                       : (in + out) / 2;
  i.a = static_cast<float>(static_cast<double>(i.a) * fan_of(shape, i.mode) / (fan < 1 ? 1 : fan));
  return i;
}

/// An option of `einsum_dense`: a number by itself is the result's only length.
template <class Option>
constexpr auto of_einsum_dense(Option const& given) {
  if constexpr (std::integral<Option> && !std::same_as<Option, bool>)
    return option<options::output_extents, extents>{{std::int64_t{given}}};
  else
    return given;
}

}  // namespace detail

/// activation(einsum(Equation, x, kernel) + bias), as Keras's EinsumDense. The equation names the
/// axes of the input, the kernel and the result, the batch axis first: "ab,bc->ac" is `dense` of a
/// vector. What input and result have alike before or behind their named axes may be left to "...",
/// as in "...b,bc->...c", where the batch axis is in it, and in "ab...,bc->ac...".
/// Required among the options: the lengths of the result's named axes but for the batch axis, which
/// is a number or output_extents<...>; -1 is a length that the input tells.
/// Options: bias_axes<"...">, the axes of the result along which a bias differs (there is none
/// without it), an activation, initializers and regularizers as `dense` takes them. The kernel's
/// fans are its lengths along axes that the result does not have, and that it has.
/// Weights: kernel, with its axes' lengths in input or result; bias, with those of its axes, and 1
/// for every other axis of the result from the first of them on.
template <fixed_string Equation, auto... Options>
struct einsum_dense : layer<einsum_dense<Equation, Options...>> {
  static constexpr std::string_view name = "einsum_dense";
  symbol kernel, bias;

  constexpr void build(weights& add, extents input) {
    constexpr diagnosis problem =
        options_problem<options::output_extents, options::bias_axes, options::activation,
                        options::kernel_initializer, options::bias_initializer,
                        options::kernel_regularizer, options::bias_regularizer,
                        options::activity_regularizer>(name, detail::of_einsum_dense(Options)...);
    if (!problem.empty()) return this->fail(problem);
    if (!has_option<options::output_extents>(detail::of_einsum_dense(Options)...))
      return this->fail(diagnosis{
          "needs the extents of its result behind the equation: a number, or output_extents<...>"});
    auto const letters = option_or<options::bias_axes>(basic_text<2 * max_rank>{}, Options...);
    auto const plan = detail::plan_dense_product(
        Equation.view(),
        option_or<options::output_extents>(extents{}, detail::of_einsum_dense(Options)...),
        letters.view(), input);
    if (!plan.problem.empty()) return this->fail(plan.problem);
    equation_ = plan.equation;
    auto const initial =
        option_or<options::kernel_initializer, initializer>(glorot_uniform{}, Options...);
    kernel = add("kernel", plan.kernel,
                 detail::with_fans(initial, plan.kernel, plan.fan_in, plan.fan_out),
                 option_or<options::kernel_regularizer>(regularizer{}, Options...));
    if (!letters.empty())
      bias = add("bias", plan.bias,
                 option_or<options::bias_initializer, initializer>(zeros{}, Options...),
                 option_or<options::bias_regularizer>(regularizer{}, Options...));
  }

  constexpr symbol call(symbol x) {
    symbol y = einsum(equation_.view(), x, kernel);
    if (bias.valid()) y = y + bias;
    y = detail::activated(y, Options...);
    constexpr auto activity = option_or<options::activity_regularizer>(regularizer{}, Options...);
    if (activity != regularizer{}) this->add_loss(penalty(activity, y));
    return y;
  }

  static void keras_config(config_writer& w) {
    constexpr extents result =
        option_or<options::output_extents>(extents{}, detail::of_einsum_dense(Options)...);
    constexpr auto letters = option_or<options::bias_axes>(basic_text<2 * max_rank>{}, Options...);
    bool const behind = Equation.view().ends_with("...");
    std::int64_t lengths[max_rank] = {};
    for (int i = 0; i < result.rank; ++i)
      lengths[i] =
          result[i] != -1 ? result[i] : w.output[behind ? i : w.output.rank - result.rank + i];
    w.layer(name);
    w.text("equation", Equation.view());
    w.integers("output_shape", lengths, result.rank);
    if (!letters.empty()) w.text("bias_axes", letters.view());
    w.start("kernel_initializer",
            option_or<options::kernel_initializer, initializer>(glorot_uniform{}, Options...));
    (detail::write_option(w, Options), ...);
  }

 private:
  basic_text<64> equation_;
};

}  // namespace typegrad
