// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/diagnosis.hpp>
#include <typegrad/core/name.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace typegrad {

namespace training_detail {

/// The one member of a metric's field.
template <class Field>
constexpr double value_of(Field const& field) {
  auto const& [value] = field;
  return value;
}

}  // namespace training_detail

/// Loss and metrics, each by its name (`result.loss`, `result.accuracy`), or all in order:
/// `auto const [loss, accuracy] = model.evaluate(data);`
template <class... Metrics>
struct evaluation : Metrics::template field<double>... {
  double loss = 0;

  evaluation() = default;
  constexpr evaluation(double loss_, decltype((void)sizeof(Metrics), double{})... values)
      : Metrics::template field<double>{values}..., loss{loss_} {}

  template <std::size_t I>
  constexpr double get() const {
    if constexpr (I == 0)
      return loss;
    else
      return training_detail::value_of(
          static_cast<typename std::tuple_element_t<I - 1, std::tuple<Metrics...>>::template field<
              double> const&>(*this));
  }
};

/// What a model of several outputs measures: the loss, and all numbers by their names,
/// `result["main_loss"]`, in Keras's order: loss, the loss of each output, metrics.
template <class Names>
class measurements {
  /// What is wrong with a name that the compiler can look at.
  template <class Name>
  struct known {
    static constexpr diagnosis sentence() {
      if constexpr (requires { Name::name; })
        return find(Name::name) < 0 ? unknown(Name::name) : diagnosis{};
      else
        return {};
    }
  };

 public:
  static constexpr std::size_t size = static_cast<std::size_t>(Names::facts.measure_count);
  double loss = 0;

  measurements() = default;
  explicit measurements(std::array<double, size> const& values)
      : loss{values[0]}, values_{values} {}

  /// By a name: `"main_loss"_n`, which the compiler looks at, or text; std::invalid_argument with
  /// the names there are if that is none of them.
  template <class Name, auto Sentence = say<known<Name>>()>
  requires(correct(Sentence))
  double operator[](Name const& name) const {
    using sound [[maybe_unused]] = typename wrong_use<Sentence>::nothing;
    if constexpr (requires { Name::name; })
      return at(Name::name);
    else
      return at(name);
  }
  template <std::size_t I>
  constexpr double get() const {
    return values_[I];
  }
  static constexpr std::string_view name(std::size_t i) { return Names::facts.names[i].view(); }

 private:
  double at(std::string_view name) const {
    if (int const i = find(name); i >= 0) return values_[static_cast<std::size_t>(i)];
    throw std::invalid_argument(std::string(unknown(name).view()));
  }
  static constexpr int find(std::string_view name) {
    for (std::size_t i = 0; i < size; ++i)
      if (measurements::name(i) == name) return static_cast<int>(i);
    return -1;
  }
  static constexpr diagnosis unknown(std::string_view name) {
    diagnosis t = sentence("there is no measured \"", name, "\"; there are ");
    for (std::size_t i = 0; i < size; ++i)
      t.append(i == 0 ? "" : ", ").append(measurements::name(i));
    return t;
  }
  std::array<double, size> values_{};
};

}  // namespace typegrad

template <class Names>
struct std::tuple_size<typegrad::measurements<Names>>
    : std::integral_constant<std::size_t, typegrad::measurements<Names>::size> {};
template <std::size_t I, class Names>
struct std::tuple_element<I, typegrad::measurements<Names>> {
  using type = double;
};
template <class... Metrics>
struct std::tuple_size<typegrad::evaluation<Metrics...>>
    : std::integral_constant<std::size_t, 1 + sizeof...(Metrics)> {};
template <std::size_t I, class... Metrics>
struct std::tuple_element<I, typegrad::evaluation<Metrics...>> {
  using type = double;
};
