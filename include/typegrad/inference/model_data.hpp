// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/type_name.hpp>
#include <typegrad/data/xtensor.hpp>
#include <typegrad/inference/array_list.hpp>
#include <typegrad/nn/model.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

// Data at a model's border whose names the compiler has looked at.
namespace typegrad {

namespace inference_detail {

/// An array for a value of these extents of each sample. Requires one axis more than they have.
template <std::size_t Rank>
xt::xtensor<float, Rank> blank(std::int64_t samples, extents const& each) {
  std::array<std::size_t, Rank> shape{static_cast<std::size_t>(samples)};
  for (std::size_t i = 1; i < Rank; ++i)
    shape[i] = static_cast<std::size_t>(each[static_cast<int>(i) - 1]);
  return xt::xtensor<float, Rank>::from_shape(shape);
}

/// What is wrong with names given for `what` ("input"), of which there are those in `known`.
template <class Given, class Known>
constexpr diagnosis names_problem(std::string_view who, std::string_view what, Given const& given,
                                  Known const& known) {
  for (std::string_view const name : given) {
    bool found = false;
    for (auto const& one : known) found = found || one.name.view() == name;
    if (!found) {
      diagnosis t = sentence(who, ": there is no ", what, " \"", name, "\"; the ", what, "s are ");
      append_names(t, static_cast<int>(known.end() - known.begin()),
                   [&known](int i) { return known.begin()[i].name; });
      return t;
    }
  }
  for (auto const& one : known) {
    int count = 0;
    for (std::string_view const name : given) count += one.name.view() == name;
    if (count == 0) return sentence(who, ": ", what, " \"", one.name, "\" is missing");
    if (count > 1) return sentence(who, ": ", what, " \"", one.name, "\" is given twice");
  }
  return {};
}

/// The sentence about an argument of a type that holds no numbers.
template <class X, class Who>
struct not_data {
  static constexpr diagnosis sentence() {
    return typegrad::sentence(Who::name,
                              ": data is an array of numbers, an xtensor or a "
                              "std::vector, or several of them in braces; got ",
                              type_name<X>());
  }
};

template <class Model, class Who, class... Named>
struct input_names {
  static constexpr diagnosis sentence() {
    return names_problem(Who::name, "input",
                         std::array<std::string_view, sizeof...(Named)>{Named::name...},
                         ports_of<Model>.inputs);
  }
};

template <class Model>
struct output_ports {
  static constexpr std::string_view what = "output";
  static constexpr auto const& all = ports_of<Model>.outputs;
};
template <class Model>
struct input_ports {
  static constexpr std::string_view what = "input";
  static constexpr auto const& all = ports_of<Model>.inputs;
};

}  // namespace inference_detail

/// An xtensor for each input or output of a model, (samples, extents...), by its name,
/// `both["main"_n]`, or in order, `auto const [main, auxiliary] = model.predict(x);`
template <class Ports, class Indices = std::make_index_sequence<Ports::all.size()>>
class port_arrays;
template <class Ports, std::size_t... I>
class port_arrays<Ports, std::index_sequence<I...>> {
  template <class Name>
  struct known {
    static constexpr int find() {
      for (int i = 0; i < static_cast<int>(sizeof...(I)); ++i)
        if (Ports::all[std::size_t(i)].name.view() == Name::name) return i;
      return -1;
    }
    /// Where it is, and for a name that there is not, any place.
    static constexpr std::size_t place() { return find() < 0 ? 0 : std::size_t(find()); }
    static constexpr diagnosis sentence() {
      if (find() >= 0) return {};
      diagnosis t = typegrad::sentence("there is no ", Ports::what, " \"", Name::name, "\"; the ",
                                       Ports::what, "s are ");
      append_names(t, static_cast<int>(sizeof...(I)),
                   [](int i) { return Ports::all[std::size_t(i)].name; });
      return t;
    }
  };

 public:
  template <std::size_t Index>
  using array = xt::xtensor<float, std::size_t(Ports::all[Index].shape.rank + 1)>;

  explicit port_arrays(std::int64_t samples)
      : values_{inference_detail::blank<std::size_t(Ports::all[I].shape.rank + 1)>(
            samples, Ports::all[I].shape)...} {}

  template <a_name Name, auto Sentence = say<known<Name>>()>
  auto const& operator[](Name) const& {
    using sound [[maybe_unused]] = nothing_wrong<Sentence>;
    return std::get<known<Name>::place()>(values_);
  }
  template <a_name Name, auto Sentence = say<known<Name>>()>
  auto operator[](Name) && {
    using sound [[maybe_unused]] = nothing_wrong<Sentence>;
    return std::move(std::get<known<Name>::place()>(values_));
  }
  template <std::size_t Index>
  auto const& get() const& {
    return std::get<Index>(values_);
  }
  template <std::size_t Index>
  auto get() && {
    return std::move(std::get<Index>(values_));
  }
  /// Where the values lie, in the order of the outputs.
  std::array<float*, sizeof...(I)> data() { return {std::get<I>(values_).data()...}; }

 private:
  std::tuple<array<I>...> values_;
};

/// What a model of several outputs predicts.
template <class Model>
using predictions = port_arrays<inference_detail::output_ports<Model>>;

}  // namespace typegrad

template <class Ports, std::size_t... I>
struct std::tuple_size<typegrad::port_arrays<Ports, std::index_sequence<I...>>>
    : std::integral_constant<std::size_t, sizeof...(I)> {};
template <std::size_t Index, class Ports, std::size_t... I>
struct std::tuple_element<Index, typegrad::port_arrays<Ports, std::index_sequence<I...>>> {
  using type =
      typename typegrad::port_arrays<Ports, std::index_sequence<I...>>::template array<Index>;
};
