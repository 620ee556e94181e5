// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/snapshot.hpp>
#include <typegrad/inference/array_list.hpp>
#include <typegrad/inference/match.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// What goes into a model and what comes out of it, and finding it among the arrays that are given.
namespace typegrad::inference_detail {

/// A value of one sample that a model reads or gives.
struct port {
  std::string_view name;
  extents shape;
  dtype type = dtype::float32;
};

template <int = 0>
std::vector<port> inputs_of(graph_view const& g) {
  std::vector<port> out;
  for (input_info const& in : g.inputs) out.push_back({in.name.view(), in.shape, in.type});
  return out;
}
template <int = 0>
std::vector<port> outputs_of(graph_view const& g) {
  std::vector<port> out;
  for (std::size_t i = 0; i < g.outputs.size(); ++i)
    out.push_back({g.output_names[i].view(), g[g.outputs[i]].shape, g[g.outputs[i]].type});
  return out;
}

/// The names, in quotes, with commas between them.
template <class Ports>
std::string names_of(Ports const& ports) {
  std::string all;
  for (auto const& one : ports)
    all += data_detail::message(all.empty() ? "\"" : ", \"", one.name, '"');
  return all;
}

/// How messages call what arrays are for: "x", or `input "wide_in"` if a model has several.
struct port_words {
  std::string_view alone;  ///< "x"
  std::string_view one;    ///< "input"
  std::string_view many;   ///< "inputs"
};
inline constexpr port_words input_words{"x", "input", "inputs"};

template <int = 0>
std::string called(port_words const& words, std::size_t count, std::string_view name) {
  if (count == 1) return std::string(words.alone);
  return data_detail::message(words.one, " \"", name, '"');
}

/// The array for the port in place `place`: by its name or by its position. Null where there is
/// none.
template <class Ports>
array_view const* find_array(array_list const& arrays, Ports const& ports, std::size_t place) {
  if (!arrays.named())
    return place < arrays.size() && arrays[place].values.given() ? &arrays[place].values : nullptr;
  for (std::size_t i = 0; i < arrays.size(); ++i)
    if (arrays[i].name == ports[place].name) return &arrays[i].values;
  return nullptr;
}

/// std::invalid_argument for arrays with names that no port has, or that two of them have. `part`
/// is what a message says of them first.
template <class Ports>
void check_known(std::string_view who, std::string_view part, port_words const& words,
                 array_list const& arrays, Ports const& ports) {
  using data_detail::message;
  for (std::size_t i = 0; arrays.named() && i < arrays.size(); ++i) {
    bool known = false;
    for (auto const& p : ports) known = known || p.name == arrays[i].name;
    if (!known)
      throw std::invalid_argument(message(who, ": ", part, "there is no ", words.one, " \"",
                                          arrays[i].name, "\"; the ", words.many, " are ",
                                          names_of(ports)));
    for (std::size_t j = 0; j < i; ++j)
      if (arrays[j].name == arrays[i].name)
        throw std::invalid_argument(
            message(who, ": ", part, words.one, " \"", arrays[i].name, "\" is given twice"));
  }
}

/// std::invalid_argument unless there is one array for each port and no other.
template <class Ports>
void check_names(std::string_view who, port_words const& words, array_list const& arrays,
                 Ports const& ports) {
  using data_detail::message;
  std::size_t const count = ports.size();
  check_known(who, {}, words, arrays, ports);
  if (!arrays.named() && arrays.size() > count)
    throw std::invalid_argument(message(who, ": there are ", arrays.size(), " arrays for ", count,
                                        " ", count == 1 ? words.one : words.many, ", ",
                                        names_of(ports)));
  for (std::size_t i = 0; i < count; ++i)
    if (find_array(arrays, ports, i) == nullptr)
      throw std::invalid_argument(
          message(who, ": ", called(words, count, ports[i].name), " is missing"));
}

/// The arrays in the order of the ports. std::invalid_argument unless each is there, has the
/// port's extents, and as many samples as the others, of which there must be at least one; and
/// unless what is read as int32 is whole.
template <class Ports>
void find_arrays(std::string_view who, port_words const& words, array_list const& arrays,
                 Ports const& ports, std::vector<array_view>& found) {
  check_names(who, words, arrays, ports);
  std::size_t const first = found.size();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    found.push_back(*find_array(arrays, ports, i));
    array_view const& a = found.back();
    if (a.empty() || !matches(a.shape(), ports[i].shape))
      require_match(who, called(words, ports.size(), ports[i].name), a, ports[i].shape);
    if (ports[i].type == dtype::int32)
      if (std::int64_t const at = find_no_int32(a); at >= 0)
        refuse_no_int32(who, called(words, ports.size(), ports[i].name), a, at);
    if (a.shape().rows() != found[first].shape().rows())
      throw std::invalid_argument(data_detail::message(
          who, ": ", called(words, ports.size(), ports[0].name), " has ",
          found[first].shape().rows(), " samples and ", called(words, ports.size(), ports[i].name),
          " has ", a.shape().rows(), "; they must be as many"));
  }
}

}  // namespace typegrad::inference_detail
