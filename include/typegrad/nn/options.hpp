// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>
#include <typegrad/graph/weights.hpp>
#include <typegrad/graph/window.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

// Options of layers and losses are values among the template arguments, in any order:
// dense<10, relu, no_bias>. What an option is about is its tag; a value's tag follows from its
// type.

namespace typegrad {

/// The tags, and what a diagnosis calls them.
namespace options {

#define TYPEGRAD_OPTION(tag)                       \
  struct tag {                                     \
    static constexpr std::string_view name = #tag; \
  };

TYPEGRAD_OPTION(activation)
TYPEGRAD_OPTION(bias)
TYPEGRAD_OPTION(size)
TYPEGRAD_OPTION(strides)
TYPEGRAD_OPTION(dilation_rate)
TYPEGRAD_OPTION(padding)
TYPEGRAD_OPTION(output_padding)
TYPEGRAD_OPTION(groups)
TYPEGRAD_OPTION(depth_multiplier)
TYPEGRAD_OPTION(interpolation)
TYPEGRAD_OPTION(keepdims)
TYPEGRAD_OPTION(kernel_initializer)
TYPEGRAD_OPTION(bias_initializer)
TYPEGRAD_OPTION(depthwise_initializer)
TYPEGRAD_OPTION(pointwise_initializer)
TYPEGRAD_OPTION(kernel_regularizer)
TYPEGRAD_OPTION(bias_regularizer)
TYPEGRAD_OPTION(depthwise_regularizer)
TYPEGRAD_OPTION(pointwise_regularizer)
TYPEGRAD_OPTION(activity_regularizer)
TYPEGRAD_OPTION(from_logits)
TYPEGRAD_OPTION(label_smoothing)
TYPEGRAD_OPTION(delta)
TYPEGRAD_OPTION(per_position)
TYPEGRAD_OPTION(unknown)

#undef TYPEGRAD_OPTION

}  // namespace options

/// An option that is just a value of type T under a tag.
template <class Tag, class T>
struct option {
  using option_tag = Tag;
  T value;
  constexpr operator T() const { return value; }
};

/// A number for each spatial axis, outermost first; a single one stands for all of them.
struct axis_numbers {
  std::int64_t values[max_spatial] = {};
  int count = 0;

  constexpr axis_numbers(std::initializer_list<std::int64_t> numbers) {
    for (std::int64_t const n : numbers) {
      if (count < max_spatial) values[count] = n;
      ++count;
    }
  }
  constexpr std::int64_t operator[](int axis) const { return values[count == 1 ? 0 : axis]; }
};

/// A kernel's or a pool's size where one number does not say it: conv2d<32, size<3, 5>>.
template <std::int64_t... N>
inline constexpr option<options::size, axis_numbers> size{{N...}};
/// How far a window moves from one position to the next, along all spatial axes or along each.
template <std::int64_t... N>
inline constexpr option<options::strides, axis_numbers> strides{{N...}};
/// How far apart a window's taps are; 1 unless told.
template <std::int64_t... N>
inline constexpr option<options::dilation_rate, axis_numbers> dilation_rate{{N...}};
/// Elements that a transposed convolution gives at the end beyond the least there can be.
template <std::int64_t... N>
inline constexpr option<options::output_padding, axis_numbers> output_padding{{N...}};
/// Of channels and filters, each group a convolution of its own.
template <std::int64_t N>
inline constexpr option<options::groups, std::int64_t> groups{N};
/// Filters that a depthwise convolution has for each channel.
template <std::int64_t N>
inline constexpr option<options::depth_multiplier, std::int64_t> depth_multiplier{N};

/// Amounts at the two ends of an axis.
struct axis_ends {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

/// What is added or taken before and after one axis, where both are not the same:
/// zero_padding2d<sides<1, 0>, sides<0, 1>>.
template <std::int64_t Before, std::int64_t After>
inline constexpr axis_ends sides{Before, After};

/// How up-sampling fills in.
enum class interpolation_mode { nearest, bilinear };

/// Repeats elements.
inline constexpr option<options::interpolation, interpolation_mode> nearest{
    interpolation_mode::nearest};
/// Weights the elements around a place by how near they are.
inline constexpr option<options::interpolation, interpolation_mode> bilinear{
    interpolation_mode::bilinear};

/// Keeps reduced axes, with length 1.
inline constexpr option<options::keepdims, bool> keepdims{true};

/// What a convolution or a window does at the borders.
enum class padding_mode { valid, same, causal };

constexpr std::string_view name_of(padding_mode m) {
  return m == padding_mode::valid ? "valid" : m == padding_mode::same ? "same" : "causal";
}

/// Only where the window fits.
inline constexpr padding_mode valid = padding_mode::valid;
/// As many results as elements, divided by the stride; zeros around them.
inline constexpr padding_mode same = padding_mode::same;
/// Like `same`, with all zeros before the first element.
inline constexpr padding_mode causal = padding_mode::causal;

inline constexpr option<options::bias, bool> use_bias{true};
inline constexpr option<options::bias, bool> no_bias{false};

namespace detail {

template <class T>
constexpr auto tag_of() {
  if constexpr (requires { typename T::option_tag; })
    return typename T::option_tag{};
  else if constexpr (std::same_as<T, padding_mode>)
    return options::padding{};
  else if constexpr (std::same_as<T, regularizer>)
    return options::kernel_regularizer{};
  else if constexpr (std::convertible_to<T, initializer>)
    return options::kernel_initializer{};
  else if constexpr (requires(T const& f, symbol x) {
                       { f(x) } -> std::convertible_to<symbol>;
                     })
    return options::activation{};
  else
    return options::unknown{};
}

template <class T, class... Ts>
inline constexpr bool one_of = (std::same_as<T, Ts> || ...);

}  // namespace detail

/// What an option of type T is about: its member type `option_tag`, or what its type tells
/// (anything that can be called with a symbol is an activation).
template <class T>
using option_tag = decltype(detail::tag_of<std::remove_cvref_t<T>>());

/// The option with this tag among `given`, or else `value`. Requires that it converts to T.
template <class Tag, class T, class... Options>
constexpr T option_or(T value, Options const&... given) {
  [[maybe_unused]] auto const look = [&value](auto const& one) {
    if constexpr (std::same_as<option_tag<decltype(one)>, Tag>) value = static_cast<T>(one);
  };
  (look(given), ...);
  return value;
}

/// Whether `given` has an option with this tag.
template <class Tag, class... Options>
constexpr bool has_option(Options const&...) {
  return (std::same_as<option_tag<Options>, Tag> || ...);
}

/// What is wrong with the options given to `owner`, which takes those of the tags Allowed, each at
/// most once. Empty if nothing is.
template <class... Allowed, class... Options>
constexpr diagnosis options_problem(std::string_view owner, Options const&...) {
  constexpr int n = static_cast<int>(sizeof...(Options));
  std::string_view const names[] = {"", option_tag<Options>::name...};
  bool const known[] = {true, detail::one_of<option_tag<Options>, Allowed...>...};
  return [&] {
    for (int i = 1; i <= n; ++i) {
      if (!known[i])
        return sentence("option ", i, " (", names[i], ") is not one that ", owner, " takes");
      for (int j = 1; j < i; ++j)
        if (names[j] == names[i])
          return sentence("option ", i, " (", names[i], ") repeats option ", j);
    }
    return diagnosis{};
  }();
}

}  // namespace typegrad
