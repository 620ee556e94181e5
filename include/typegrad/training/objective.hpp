// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/name.hpp>
#include <typegrad/nn/losses/loss.hpp>
#include <typegrad/nn/metrics.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// Losses, their weights and metrics for each output of a model, as `compile` takes them.

namespace typegrad {

namespace training_detail {

/// A loss or a metric for the output of that name; without a name for the one in that place.
template <class Name, int Place, class Part>
struct for_output {
  static constexpr std::string_view output = Name::name;
  static constexpr int place = Place;
  using part = Part;
};

/// What an argument of `losses` or `metrics` is: `"main"_n = part`, or a part alone.
template <int Place, class T>
struct entry_of {
  using type = for_output<name_constant<"">, Place, T>;
};
template <int Place, class Name, class T>
struct entry_of<Place, named_value<Name, T>> {
  using type = for_output<Name, Place, std::remove_cvref_t<T>>;
};

template <class... Entries>
struct entry_list {};

template <class... Lists>
struct joined {
  using type = entry_list<>;
};
template <class... A>
struct joined<entry_list<A...>> {
  using type = entry_list<A...>;
};
template <class... A, class... B, class... Rest>
struct joined<entry_list<A...>, entry_list<B...>, Rest...>
    : joined<entry_list<A..., B...>, Rest...> {};

/// An entry, or one for each of several metrics in a tuple.
template <class Entry>
struct unpacked {
  using type = entry_list<Entry>;
};
template <class Name, int Place, class... Parts>
struct unpacked<for_output<Name, Place, std::tuple<Parts...>>> {
  using type = entry_list<for_output<Name, Place, Parts>...>;
};

/// The entries that the arguments are, in their order.
template <class Indices, class... Arguments>
struct entries_of;
template <std::size_t... I, class... Arguments>
struct entries_of<std::index_sequence<I...>, Arguments...>
    : joined<typename unpacked<typename entry_of<static_cast<int>(I), Arguments>::type>::type...> {
};

}  // namespace training_detail

/// The losses of a model's outputs: what `losses` returns.
template <class... Entries>
struct loss_table {};

/// Factors of the losses in their sum: what `loss_weights` returns.
template <class... Names>
struct loss_weight_table {
  std::array<float, sizeof...(Names)> values;
};

/// Metrics of a model's outputs: what `metrics` returns.
template <class... Entries>
struct metric_table {};

/// A loss for each output that has one, by name, `losses("main"_n = mean_squared_error{}, ...)`, or
/// in the order of the outputs.
template <class... Losses>
constexpr auto losses(Losses const&...) {
  return []<class... Entries>(training_detail::entry_list<Entries...>) {
    return loss_table<Entries...>{};
  }(typename training_detail::entries_of<std::index_sequence_for<Losses...>, Losses...>::type{});
}

/// How much the loss of each output counts in the sum that is trained on, by name,
/// `loss_weights("main"_n = 0.9f, "auxiliary"_n = 0.1f)`; those without count 1.
template <class... Names, std::convertible_to<float>... T>
constexpr loss_weight_table<Names...> loss_weights(named_value<Names, T>... weights) {
  return {{static_cast<float>(weights.value)...}};
}

/// Metrics by output, by name or in order, several of one output as a tuple:
/// `metrics("main"_n = accuracy{}, "auxiliary"_n = std::tuple{accuracy{}, mean_squared_error{}})`.
template <class... Metrics>
constexpr auto metrics(Metrics const&...) {
  return []<class... Entries>(training_detail::entry_list<Entries...>) {
    return metric_table<Entries...>{};
  }(typename training_detail::entries_of<std::index_sequence_for<Metrics...>, Metrics...>::type{});
}

namespace training_detail {

/// A loss table whose losses have weights that are given at run time.
template <class Losses>
struct weighted {};

template <class L>
struct losses_of {
  using entries = entry_list<for_output<name_constant<"">, 0, L>>;
  static constexpr bool for_all = true;
  static constexpr bool weighted = false;
};
template <class... Entries>
struct losses_of<loss_table<Entries...>> {
  using entries = entry_list<Entries...>;
  static constexpr bool for_all = false;
  static constexpr bool weighted = false;
};
template <class Losses>
struct losses_of<weighted<Losses>> : losses_of<Losses> {
  static constexpr bool weighted = true;
};

/// A metric among those given to `compile`, of every output unless it has an entry.
template <class M>
struct metric_entry {
  using part = M;
  static constexpr bool for_all = true;
  static constexpr std::string_view output = {};
  static constexpr int place = 0;
};
template <class Name, int Place, class M>
struct metric_entry<for_output<Name, Place, M>> {
  using part = M;
  static constexpr bool for_all = false;
  static constexpr std::string_view output = Name::name;
  static constexpr int place = Place;
};

/// What one of compile's arguments behind the loss adds to the metrics.
template <class T>
struct metrics_in {
  using type = entry_list<T>;
};
template <class... Entries>
struct metrics_in<metric_table<Entries...>> {
  using type = entry_list<Entries...>;
};
template <class... Names>
struct metrics_in<loss_weight_table<Names...>> {
  using type = entry_list<>;
};

template <class T>
inline constexpr bool is_loss_weights = false;
template <class... Names>
inline constexpr bool is_loss_weights<loss_weight_table<Names...>> = true;

}  // namespace training_detail
}  // namespace typegrad
