// SPDX-License-Identifier: BSL-1.0
#pragma once

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

/// What is wrong with names given for `what` ("input"), of which there are those in `known`.
template <class Given, class Known>
constexpr diagnosis names_problem(std::string_view who, std::string_view what, Given const& given,
                                  Known const& known) {
  for (std::string_view const name : given) {
    bool found = false;
    for (auto const& one : known) found = found || one.name.view() == name;
    if (!found) {
      diagnosis t = sentence(who, ": there is no ", what, " \"", name, "\"; the ", what, "s are ");
      bool first = true;
      for (auto const& one : known) {
        t.append(first ? "\"" : ", \"").append(one.name).append('"');
        first = false;
      }
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

template <class Model, class Who, class... Named>
struct input_names {
  static constexpr diagnosis sentence() {
    return names_problem(Who::name, "input",
                         std::array<std::string_view, sizeof...(Named)>{Named::name...},
                         ports_of<Model>.inputs);
  }
};

}  // namespace inference_detail

/// What a model of several outputs predicts: an xtensor for each, (samples, extents...), by its
/// name, `both["main"_n]`, or in order, `auto const [main, auxiliary] = model.predict(x);`
template <class Model,
          class Indices = std::make_index_sequence<std::size_t(traced<Model>::facts.outputs)>>
class predictions;
template <class Model, std::size_t... I>
class predictions<Model, std::index_sequence<I...>> {
  template <class Name>
  struct known {
    static constexpr int find() {
      for (int i = 0; i < static_cast<int>(sizeof...(I)); ++i)
        if (ports_of<Model>.outputs[std::size_t(i)].name.view() == Name::name) return i;
      return -1;
    }
    static constexpr diagnosis sentence() {
      if (find() >= 0) return {};
      diagnosis t =
          typegrad::sentence("predict: there is no output \"", Name::name, "\"; the outputs are ");
      for (std::size_t i = 0; i < sizeof...(I); ++i)
        t.append(i == 0 ? "\"" : ", \"").append(ports_of<Model>.outputs[i].name).append('"');
      return t;
    }
  };

 public:
  template <std::size_t Index>
  using array = xt::xtensor<float, std::size_t(ports_of<Model>.outputs[Index].shape.rank + 1)>;

  explicit predictions(std::int64_t samples) : values_{blank<I>(samples)...} {}

  template <a_name Name, auto Sentence = say<known<Name>>()>
  requires(correct(Sentence))
  auto const& operator[](Name) const {
    using sound [[maybe_unused]] = typename wrong_model<Sentence>::nothing;
    constexpr int found = known<Name>::find();
    return std::get<std::size_t(found < 0 ? 0 : found)>(values_);
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
  template <std::size_t Index>
  static array<Index> blank(std::int64_t samples) {
    auto const& extents = ports_of<Model>.outputs[Index].shape;
    typename array<Index>::shape_type shape{};
    shape[0] = static_cast<std::size_t>(samples);
    for (int i = 0; i < extents.rank; ++i)
      shape[std::size_t(i + 1)] = static_cast<std::size_t>(extents[i]);
    return array<Index>::from_shape(shape);
  }

  std::tuple<array<I>...> values_;
};

}  // namespace typegrad

template <class Model, std::size_t... I>
struct std::tuple_size<typegrad::predictions<Model, std::index_sequence<I...>>>
    : std::integral_constant<std::size_t, sizeof...(I)> {};
template <std::size_t Index, class Model, std::size_t... I>
struct std::tuple_element<Index, typegrad::predictions<Model, std::index_sequence<I...>>> {
  using type =
      typename typegrad::predictions<Model, std::index_sequence<I...>>::template array<Index>;
};
