// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/name.hpp>
#include <typegrad/graph/symbol.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace typegrad {

/// A symbol that is an output of a model, under its name: `output<"main">(head(x))`.
template <class Name>
struct named_output {
  using output_name = Name;
  symbol value;
};
template <fixed_string Name>
constexpr named_output<name_constant<Name>> output(symbol value) {
  constexpr bool named = !Name.view().empty() && Name.view().size() <= 100;
  if (!named && value.valid())
    return {poison(value.owner(), diagnosis{"output: a name has 1 to 100 characters"})};
  return {value};
}

namespace detail {

/// The name of an output; that of one without a name is empty.
template <class T>
struct output_name_of {
  using type = name_constant<"">;
};
template <class Name>
struct output_name_of<named_output<Name>> {
  using type = Name;
};

constexpr symbol output_symbol(symbol x) { return x; }
template <class Name>
constexpr symbol output_symbol(named_output<Name> const& x) {
  return x.value;
}

template <class T>
inline constexpr bool is_output = std::convertible_to<T, symbol>;
template <class Name>
inline constexpr bool is_output<named_output<Name>> = true;

/// "output_2" for the second of several that have no name.
constexpr name_text numbered_name(std::string_view what, int position) {
  name_text t;
  return t.append(what).append('_').append(position + 1);
}

}  // namespace detail

/// Several values that a call returns, each under its name (empty for one without):
///
///     auto const both = tower(x);
///     both["main"_n]              by name
///     auto const [a, b] = both;   in order
template <class... Names>
struct output_pack {
  static constexpr int size = static_cast<int>(sizeof...(Names));
  std::array<symbol, sizeof...(Names)> values;

  /// The names; "output_1", "output_2", ... for those without.
  static constexpr name_text name(int i) {
    std::string_view const names[] = {Names::name...};
    return names[i].empty() ? detail::numbered_name("output", i) : name_text{names[i]};
  }
  /// The position of a name, -1 if it is none of them.
  static constexpr int find(std::string_view wanted) {
    for (int i = 0; i < size; ++i)
      if (name(i).view() == wanted) return i;
    return -1;
  }

  template <a_name Name>
  constexpr symbol operator[](Name) const {
    constexpr int i = find(Name::name);
    if constexpr (i >= 0) {
      return values[static_cast<std::size_t>(i)];
    } else {
      if (!values[0].valid()) return values[0];
      return poison(values[0].owner(), unknown(Name::name));
    }
  }
  template <std::size_t I>
  constexpr symbol get() const {
    return values[I];
  }

 private:
  static constexpr diagnosis unknown(std::string_view wanted) {
    diagnosis t = sentence("there is no output \"", wanted, "\"; the outputs are ");
    append_names(t, size, name);
    return t;
  }
};

/// What a call of several results returns: `outputs(output<"main">(a), output<"auxiliary">(b))`,
/// or without names, `outputs(a, b)`, which are then called output_1, output_2, ...
template <class... Outputs>
requires(sizeof...(Outputs) > 0 && (detail::is_output<Outputs> && ...))
constexpr auto outputs(Outputs const&... each) {
  return output_pack<typename detail::output_name_of<Outputs>::type...>{
      {detail::output_symbol(each)...}};
}

namespace detail {

template <class T>
inline constexpr bool is_output_pack = false;
template <class... Names>
inline constexpr bool is_output_pack<output_pack<Names...>> = true;

/// What a call may return: a symbol, or several.
template <class T>
concept call_result = is_output<std::remove_cvref_t<T>> || is_output_pack<std::remove_cvref_t<T>>;

constexpr symbol as_result(symbol x) { return x; }
template <class Name>
constexpr symbol as_result(named_output<Name> const& x) {
  return x.value;
}
template <class... Names>
constexpr output_pack<Names...> as_result(output_pack<Names...> const& x) {
  return x;
}

/// What `call` returns, as the layer's caller sees it: a symbol, or a pack.
template <class T>
using result_of_call =
    std::conditional_t<is_output_pack<std::remove_cvref_t<T>>, std::remove_cvref_t<T>, symbol>;

/// The result of a call that went wrong.
template <class Result>
constexpr Result poisoned_result(symbol of) {
  if constexpr (is_output_pack<Result>) {
    Result r;
    for (symbol& x : r.values) x = of;
    return r;
  } else {
    return of;
  }
}

template <class Result>
constexpr symbol first_output(Result const& r) {
  if constexpr (is_output_pack<Result>)
    return r.values[0];
  else
    return r;
}

/// Calls f with each symbol of a result.
template <class Result, class F>
constexpr void each_output(Result const& r, F const& f) {
  if constexpr (is_output_pack<Result>)
    for (symbol const& x : r.values) f(x);
  else
    f(r);
}

}  // namespace detail
}  // namespace typegrad

template <class... Names>
struct std::tuple_size<typegrad::output_pack<Names...>>
    : std::integral_constant<std::size_t, sizeof...(Names)> {};
template <std::size_t I, class... Names>
struct std::tuple_element<I, typegrad::output_pack<Names...>> {
  using type = typegrad::symbol;
};
