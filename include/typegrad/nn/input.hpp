// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/list.hpp>
#include <typegrad/nn/outputs.hpp>
#include <typegrad/ops/build.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace typegrad {

/// Where a model's data comes in: the extents of one sample, and the dtype (float32 unless given),
/// as in `input<28, 28>` or `input<10, dtype::int32>`. float32, float64, int32 and bool are seen as
/// such in `call`; int8 as int32, and float16 and bfloat16 as float32, which hold their numbers.
template <auto... Dims>
struct input {
  static constexpr bool is_input = true;
  static constexpr int rank =
      (0 + ... + !std::is_same_v<std::remove_const_t<decltype(Dims)>, dtype>);
  static constexpr extents shape = [] {
    extents e;
    [[maybe_unused]] auto const take = [&](auto n) {
      if constexpr (!std::is_same_v<decltype(n), dtype>) e.push_back(std::int64_t{n});
    };
    (take(Dims), ...);
    return e;
  }();
  static constexpr dtype type = [] {
    dtype t = dtype::float32;
    [[maybe_unused]] auto const take = [&](auto n) {
      if constexpr (std::is_same_v<decltype(n), dtype>) t = n;
    };
    (take(Dims), ...);
    return t;
  }();
};

/// An input that has a name: `named<"image", 28, 28, 1>`.
template <fixed_string Name, auto... Dims>
struct named : input<Dims...> {
  static constexpr std::string_view name = Name.view();
};

/// What a model reads, in the order of its `call`'s arguments: `inputs<named<"left", 6>,
/// input<3>>`. Those without a name are called "input", or "input_1", "input_2", ... if there are
/// several.
template <class... Inputs>
struct inputs {
  static constexpr int size = static_cast<int>(sizeof...(Inputs));
};

namespace detail {

template <class T>
inline constexpr bool is_input = requires { T::is_input; };

template <class Input>
constexpr std::string_view given_name() {
  if constexpr (requires { Input::name; })
    return Input::name;
  else
    return {};
}

template <class Input>
constexpr bool wrong_name() {
  if constexpr (requires { Input::name; })
    return Input::name.empty() || Input::name.size() > 100;
  else
    return false;
}

template <class T>
inline constexpr bool is_inputs = false;
template <class... Inputs>
inline constexpr bool is_inputs<inputs<Inputs...>> = true;
/// A model says what it reads.
template <class Model>
concept has_inputs = requires { typename Model::inputs; } && is_inputs<typename Model::inputs>;

/// The position, from 1, of the first that is no input.
template <class... Inputs>
constexpr int first_other() {
  bool const good[] = {is_input<Inputs>..., false};
  int i = 0;
  while (good[i]) ++i;
  return i + 1;
}

/// Makes the inputs of a model; one without a name has that of the same
/// place in `names`, if there is one. `who` is how a diagnosis calls them.
template <class... Inputs>
constexpr list<symbol> make_inputs(graph& g, inputs<Inputs...>, list<name_text> const& names = {},
                                   std::string_view who = "input") {
  list<symbol> made;
  if constexpr (!(is_input<Inputs> && ...)) {
    g.fail(sentence("inputs: needs input<...> or named<\"name\", ...>, argument ",
                    first_other<Inputs...>(), " is neither"));
  } else {
    std::string_view const given[] = {given_name<Inputs>()..., {}};
    extents const shapes[] = {Inputs::shape..., {}};
    dtype const types[] = {Inputs::type..., dtype::float32};
    bool const misnamed[] = {wrong_name<Inputs>()..., false};
    int const ranks[] = {Inputs::rank..., 0};
    for (int i = 0; i < inputs<Inputs...>::size; ++i) {
      if (misnamed[i]) g.fail(sentence(who, ": named needs a name of 1 to 100 characters"));
      if (ranks[i] > max_rank)
        g.fail(sentence(who, ": needs at most ", max_rank, " axes, got ", ranks[i]));
      name_text name{given[i]};
      if (name.empty() && i < names.size()) name = names[i];
      if (name.empty())
        name = sizeof...(Inputs) == 1 ? name_text{"input"} : numbered_name("input", i);
      for (input_info const& other : g.inputs)
        if (other.name == name)
          g.fail(sentence("inputs: two are called \"", name, "\"; each needs a name of its own"));
      for (std::int64_t const n : shapes[i])
        if (n <= 0) g.fail(sentence(who, ": needs positive extents, got ", to_text(shapes[i])));
      // Programs read float32 and int32, which hold what the narrower dtypes do.
      dtype const read = is_floating(types[i]) ? dtype::float32 : dtype::int32;
      bool const wider = types[i] == dtype::boolean || types[i] == dtype::float64;
      symbol const data =
          g.failed() ? symbol{g, -1} : build::input(g, name.view(), shapes[i], read);
      made.push_back(wider ? build::cast(data, types[i]) : data);
    }
  }
  return made;
}

}  // namespace detail
}  // namespace typegrad
