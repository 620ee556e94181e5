// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
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

}  // namespace typegrad

template <class... Metrics>
struct std::tuple_size<typegrad::evaluation<Metrics...>>
    : std::integral_constant<std::size_t, 1 + sizeof...(Metrics)> {};
template <std::size_t I, class... Metrics>
struct std::tuple_element<I, typegrad::evaluation<Metrics...>> {
  using type = double;
};
