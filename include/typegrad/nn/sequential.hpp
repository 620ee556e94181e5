// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/input.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/nn/model.hpp>
#include <typegrad/nn/model_call.hpp>

#include <boost/hana/tuple.hpp>

namespace typegrad {

namespace detail {

template <class Derived>
Derived* layer_base(layer<Derived> const*);
/// Whether T derives from the base of a class that it is not, and does not derive from.
template <class T>
inline constexpr bool has_base_of_another = [] {
  if constexpr (requires { layer_base(static_cast<T const*>(nullptr)); })
    return !std::is_base_of_v<
        std::remove_pointer_t<decltype(layer_base(static_cast<T const*>(nullptr)))>, T>;
  else
    return false;
}();

/// Sets the diagnosis if one of the layers, of which the first has this number, cannot be made.
template <class... Layers>
constexpr void check_layers(graph& g, int number) {
  [[maybe_unused]] auto const check = [&]<class Layer>(std::type_identity<Layer>) {
    if constexpr (!std::is_default_constructible_v<Layer>)
      g.fail(sentence("layer ", number, ": ", no_default_constructor<Layer>()));
    ++number;
  };
  (check(std::type_identity<Layers>{}), ...);
}

/// The layers one after the other. `number` is the first one's number in a diagnosis, or -1 within
/// another layer, where the path says it all.
template <class... Layers>
constexpr symbol call_in_order(boost::hana::tuple<Layers...>& layers, symbol x, int number) {
  auto const call = [&](auto& one) {
    if (number >= 0 && x.valid()) {
      x.owner().scope.description = {};
      x.owner().scope.description.append("layer ").append(number++);
    }
    using type = std::remove_cvref_t<decltype(one)>;
    if constexpr (is_input<type>)
      x = poison(x.owner(), diagnosis{"input must be the first layer, and the only one; a model of "
                                      "several inputs is a network"});
    else if constexpr (has_base_of_another<type>)
      x = poison(x.owner(), sentence(layer_name_of<type>, " has the base of another layer; write ",
                                     "`struct mine : layer<mine>`"));
    else if constexpr (requires {
                         { one(x) } -> std::convertible_to<symbol>;
                       })
      x = one(x);
    else if (x.valid())
      x = poison(x.owner(),
                 sentence(
                     layer_name_of<type>,
                     requires { one(x); } ? " gives several values; layers in a row give one each"
                                          : " is not a layer: it cannot be called with a symbol"));
  };
  boost::hana::unpack(layers, [&](auto&... each) {
    int const order[] = {0, (call(each), 0)...};
    static_cast<void>(order);
  });
  if (number >= 0 && x.valid()) x.owner().scope.description = {};
  return x;
}

}  // namespace detail

/// Layers in a row, each taking what the one before it gives. With `input<...>` as the first it is
/// a model; without, a layer to be used within others.
template <class... Layers>
class sequential : public layer<sequential<Layers...>> {
 public:
  constexpr symbol call(symbol x) { return detail::call_in_order(layers_, x, -1); }

  static constexpr void trace(graph& g) {
    g.fail(diagnosis{"sequential: needs input<...> as its first layer to be a model"});
  }

 private:
  boost::hana::tuple<Layers...> layers_;
};

template <auto... Dims, class... Layers>
class sequential<input<Dims...>, Layers...> : public layer<sequential<input<Dims...>, Layers...>> {
 public:
  /// As a layer within another model. Requires that model's value to have the input's extents.
  constexpr symbol call(symbol x) {
    if (!(x.shape() == in::shape))
      return poison(x.owner(), sentence("its input has extents ", to_text(in::shape), ", got ",
                                        to_text(x.shape())));
    return detail::call_in_order(layers_, x, -1);
  }

  static constexpr void trace(graph& g) { trace_as(g, inputs<in>{}); }

  /// The same with another input.
  template <class Input>
  static constexpr void trace_as(graph& g, inputs<Input> const& what,
                                 list<name_text> const& names = {}) {
    list<symbol> const in = detail::make_inputs(g, what, names, "layer 0, input");
    detail::check_layers<Layers...>(g, 1);
    if constexpr ((std::is_default_constructible_v<Layers> && ...)) {
      if (g.failed()) return;
      boost::hana::tuple<Layers...> layers;
      detail::give_outputs(g, detail::call_in_order(layers, in[0], 1));
    }
  }

 private:
  using in = input<Dims...>;
  boost::hana::tuple<Layers...> layers_;
};

namespace detail {

/// The first of the layers Next, Rest... behind Done... that makes the model no constant
/// expression.
template <class Input, class... Done, class Next, class... Rest>
constexpr name_text layer_without_constexpr(sequential<Input, Done...> const*,
                                            sequential<Next, Rest...> const*) {
  if constexpr (sizeof...(Rest) > 0 && constant_trace<sequential<Input, Done..., Next>>)
    return layer_without_constexpr(static_cast<sequential<Input, Done..., Next> const*>(nullptr),
                                   static_cast<sequential<Rest...> const*>(nullptr));
  return name_text{"layer "}
      .append(static_cast<int>(1 + sizeof...(Done)))
      .append(", ")
      .append(layer_name_of<Next>);
}

template <auto... Dims, class... Layers>
requires(sizeof...(Layers) > 0)
struct part_without_constexpr<sequential<input<Dims...>, Layers...>> {
  static constexpr name_text name() {
    return layer_without_constexpr(static_cast<sequential<input<Dims...>> const*>(nullptr),
                                   static_cast<sequential<Layers...> const*>(nullptr));
  }
};

}  // namespace detail
}  // namespace typegrad
