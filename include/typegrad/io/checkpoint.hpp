// SPDX-License-Identifier: BSL-1.0
// Models in safetensors files. A file of a compiled model has each weight under its path, the
// optimizer's slots as `optimizer/<slot>/<path>`, and in its metadata step, epoch, seed, the
// optimizer's name and the architecture. It is written as a whole or not at all.
#pragma once

#include <typegrad/io/safetensors.hpp>
#include <typegrad/ops/op_names.hpp>
#include <typegrad/training/compile.hpp>

#include <charconv>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace typegrad {

namespace io_detail {

using data_detail::in_quotes;
using data_detail::message;
using inference_detail::weight_table;

template <int = 0>
std::string number_text(double value) {
  char digits[32];
  auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return std::string(digits, end);
}

/// What a model computes, one line an operation: two models of one description are the same
/// function of input and weights.
template <int = 0>
std::vector<std::string> describe(graph_view const& g) {
  std::vector<std::string> lines;
  auto const axes = [](std::string& line, char name, axis_list const& a) {
    if (a.size() == 0) return;
    line += message(' ', name);
    for (int i = 0; i < a.size(); ++i) line += message(i == 0 ? '=' : ',', a[i]);
  };
  auto const lengths = [](std::string& line, std::string_view name, extents const& e) {
    if (e.rank > 0) line += message(' ', name, '=', to_text(e).view());
  };
  for (int id = 0; id < g.size(); ++id) {
    node const& n = g[id];
    std::string line = message(op_name(n.code), ' ', to_text(n.type), ' ', to_text(n.shape).view());
    if (n.code == op::weight)
      line += message(' ', g.weights[static_cast<std::size_t>(n.index)].path.view());
    if (n.code == op::input || n.code == op::iota || n.code == op::concatenate ||
        n.code == op::scalar || n.code == op::random_uniform || takes_whole(n.code) ||
        is_control(n.code) || n.code == op::result)
      line += message(" index=", n.index);
    if (n.code == op::constant || n.code == op::pad)
      line += message(" value=", number_text(n.value));
    for (int i = 0; i < n.operand_count; ++i)
      line += message(i == 0 ? " of " : " ", g.operand(id, i));
    if (n.attribute >= 0) {
      attribute const& a = g.attributes_of(id);
      axes(line, 'a', a.a);
      axes(line, 'b', a.b);
      axes(line, 'c', a.c);
      axes(line, 'd', a.d);
      lengths(line, "low", a.low);
      lengths(line, "high", a.high);
      lengths(line, "step", a.step);
      if (a.over_batch) line += " over_batch";
      if (a.backwards) line += " backwards";
      if (a.exclusive) line += " exclusive";
    }
    lines.push_back(std::move(line));
  }
  for (int const id : g.outputs) lines.push_back(message("output ", id));
  return lines;
}

template <int = 0>
std::string joined(std::vector<std::string> const& lines) {
  std::string all;
  for (auto const& line : lines) all += message(all.empty() ? "" : "\n", line);
  return all;
}

/// std::runtime_error that names the first line in which `saved` is not `wanted`.
template <int = 0>
void check_architecture(std::string const& file, std::string_view saved,
                        std::vector<std::string> const& wanted) {
  std::size_t number = 0;
  while (!saved.empty() || number < wanted.size()) {
    auto const end = std::min(saved.find('\n'), saved.size());
    std::string_view const theirs = saved.substr(0, end);
    saved.remove_prefix(std::min(end + 1, saved.size()));
    std::string_view const ours = number < wanted.size() ? wanted[number] : std::string_view{};
    if (theirs != ours)
      throw std::runtime_error(
          message(file, ": of another architecture: operation ", number, " is ",
                  theirs.empty() ? std::string("missing") : in_quotes(theirs), " there and ",
                  ours.empty() ? std::string("missing") : in_quotes(ours),
                  " here; load_weights takes the weights alone"));
    ++number;
  }
}

template <int = 0>
std::vector<std::uint64_t> dims(extents const& e) {
  std::vector<std::uint64_t> out;
  for (std::int64_t const n : e) out.push_back(static_cast<std::uint64_t>(n));
  return out;
}

/// Tensors to write, with the names and shapes that they refer to.
class tensor_list {
 public:
  template <int = 0>
  explicit tensor_list(std::size_t most) {
    names_.reserve(most);
    shapes_.reserve(most);
  }
  template <int = 0>
  void add(std::string name, extents const& shape, float const* values) {
    names_.push_back(std::move(name));
    shapes_.push_back(dims(shape));
    tensors_.push_back(safetensors::view_of<float>(
        names_.back(), shapes_.back(), std::span(values, static_cast<std::size_t>(shape.count()))));
  }
  std::span<safetensors::tensor_view const> all() const { return tensors_; }

 private:
  std::vector<std::string> names_;  // reserved: views into them stay good
  std::vector<std::vector<std::uint64_t>> shapes_;
  std::vector<safetensors::tensor_view> tensors_;
};

/// std::runtime_error unless `tensor` is a float32 array of these extents.
template <int = 0>
void check_tensor(std::string const& file, safetensors::tensor_view const& tensor,
                  extents const& wanted) {
  if (tensor.type != safetensors::dtype_of<float>)
    throw std::runtime_error(message(file, ": ", in_quotes(tensor.name), " is of dtype ",
                                     safetensors::name_of(tensor.type), ", F32 is needed"));
  auto const dims_wanted = dims(wanted);
  if (!std::ranges::equal(tensor.shape, dims_wanted))
    throw std::runtime_error(message(file, ": of another architecture: ", in_quotes(tensor.name),
                                     " has shape ", data_detail::dims_text(tensor.shape),
                                     " there and ", data_detail::dims_text(dims_wanted), " here"));
}

/// The weights of a file, in the table's order; std::runtime_error for the first that is missing,
/// of another shape, or not this model's.
template <int = 0>
std::vector<safetensors::tensor_view> find_weights(safetensors::file const& file,
                                                   weight_table const& table) {
  std::vector<safetensors::tensor_view> found;
  for (auto const& place : table) {
    if (!file.contains(place.path))
      throw std::runtime_error(message(file.name(), ": of another architecture: it has no weight ",
                                       in_quotes(place.path), ", which is ",
                                       to_text(place.shape).view(), " here"));
    found.push_back(file.at(place.path));
    check_tensor(file.name(), found.back(), place.shape);
  }
  for (std::size_t i = 0; i < file.size(); ++i) {
    auto const tensor = file[i];
    if (tensor.name.starts_with("optimizer/")) continue;
    bool known = false;
    for (auto const& place : table) known = known || place.path == tensor.name;
    if (!known)
      throw std::runtime_error(message(file.name(), ": of another architecture: it has ",
                                       in_quotes(tensor.name), ", which this model lacks"));
  }
  return found;
}

template <int = 0>
void copy_to(float* to, safetensors::tensor_view const& tensor) {
  tensor.copy_to(std::span(to, static_cast<std::size_t>(tensor.size())));
}

template <int = 0>
std::string const& metadata_of(safetensors::file const& file, std::string const& key) {
  auto const at = file.metadata().find(key);
  if (at == file.metadata().end())
    throw std::runtime_error(message(file.name(), ": not a checkpoint of a compiled model: its",
                                     " metadata lacks ", in_quotes(key),
                                     "; load_weights takes the weights alone"));
  return at->second;
}

template <int = 0>
std::uint64_t whole_number(safetensors::file const& file, std::string const& key,
                           std::uint64_t most) {
  std::string const& digits = metadata_of(file, key);
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > most)
    throw std::runtime_error(message(file.name(), ": ", key, " in its metadata must be a whole",
                                     " number up to ", most, ", it is ", in_quotes(digits)));
  return value;
}

template <int = 0>
void save_weights(std::string const& path, weight_table const& table, float const* weights) {
  tensor_list tensors(table.size());
  for (auto const& place : table) tensors.add(place.path, place.shape, weights + place.offset);
  safetensors::write(path, tensors.all(), {{"format", "typegrad weights 1"}});
}

template <int = 0>
void load_weights(std::string const& path, weight_table const& table, float* weights) {
  auto const file = safetensors::read(path);
  auto const found = find_weights(file, table);
  for (std::size_t i = 0; i < table.size(); ++i) copy_to(weights + table[i].offset, found[i]);
}

template <int = 0>
std::string slot_name(training_detail::any_optimizer const& o, int slot, std::string_view path) {
  return message("optimizer/", o.slot_names[slot], '/', path);
}

inline constexpr std::string_view checkpoint_format = "typegrad checkpoint 1";

template <int = 0>
void save_checkpoint(std::string const& path, graph_view const& model,
                     inference_detail::model_core const& core,
                     training_detail::training_setup const& setup,
                     training_detail::training_state const& state) {
  tensor_list tensors(core.table.size() * (1 + training_detail::max_slots));
  float const* const values = core.weights();
  for (auto const& place : core.table) tensors.add(place.path, place.shape, values + place.offset);
  for (int slot = 0; slot < setup.optimizer.slots; ++slot) {
    if (!setup.optimizer.uses[slot]) continue;
    for (auto const& place : core.table)
      if (place.trainable)
        tensors.add(slot_name(setup.optimizer, slot, place.path), place.shape,
                    state.slot(slot) + place.offset);
  }
  safetensors::write(path, tensors.all(),
                     {{"format", std::string(checkpoint_format)},
                      {"architecture", joined(describe(model))},
                      {"optimizer", std::string(setup.optimizer.name)},
                      {"step", std::to_string(state.step)},
                      {"epoch", std::to_string(state.epoch)},
                      {"seed", std::to_string(state.seed)}});
}

template <int = 0>
void load_checkpoint(std::string const& path, graph_view const& model,
                     inference_detail::model_core& core,
                     training_detail::training_setup const& setup,
                     training_detail::training_state& state) {
  auto const file = safetensors::read(path);
  if (std::string const& format = metadata_of(file, "format"); format != checkpoint_format)
    throw std::runtime_error(message(path, ": its format is ", in_quotes(format), ", ",
                                     in_quotes(checkpoint_format),
                                     " is needed; load_weights takes the weights alone"));
  auto const weights = find_weights(file, core.table);
  check_architecture(path, metadata_of(file, "architecture"), describe(model));
  auto const& optimizer = setup.optimizer;
  if (std::string const& name = metadata_of(file, "optimizer"); name != optimizer.name)
    throw std::runtime_error(message(path, ": saved with the optimizer ", in_quotes(name),
                                     ", this model has ", in_quotes(optimizer.name),
                                     "; load_weights takes the weights alone"));
  struct filled_slot {
    safetensors::tensor_view tensor;
    float* to;
  };
  std::vector<filled_slot> slots;
  for (int slot = 0; slot < optimizer.slots; ++slot) {
    if (!optimizer.uses[slot]) continue;
    for (auto const& place : core.table) {
      if (!place.trainable) continue;
      auto const name = slot_name(optimizer, slot, place.path);
      if (!file.contains(name))
        throw std::runtime_error(message(path, ": the optimizer's ", in_quotes(name),
                                         " is missing; other options of ", optimizer.name,
                                         " were set, or another weight was frozen"));
      slots.push_back({file.at(name), state.slot(slot) + place.offset});
      check_tensor(path, slots.back().tensor, place.shape);
    }
  }
  std::size_t const expected = core.table.size() + slots.size();
  if (file.size() != expected)
    throw std::runtime_error(message(path, ": it has ", file.size(), " tensors, this model has ",
                                     expected, "; other options of ", optimizer.name,
                                     " were set, or another weight was frozen"));
  std::uint64_t const most = std::uint64_t{1} << 62;
  auto const step = static_cast<std::int64_t>(whole_number(file, "step", most));
  auto const epoch = static_cast<std::int64_t>(whole_number(file, "epoch", most));
  std::uint64_t const seed = whole_number(file, "seed", ~std::uint64_t{0});

  // All is checked; from here on nothing can fail.
  float* const values = core.weights();
  for (std::size_t i = 0; i < weights.size(); ++i)
    copy_to(values + core.table[i].offset, weights[i]);
  for (auto const& slot : slots) copy_to(slot.to, slot.tensor);
  state.step = step;
  state.epoch = epoch;
  state.seed = seed;
}

}  // namespace io_detail

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
void predictor<Model, Where, Sentence>::save_weights(std::string const& path) const {
  io_detail::save_weights(path, core_.table, core_.weights());
}

/// Refuses, with std::runtime_error and a sentence that names the first difference, a file that
/// lacks a weight, has it in another shape or dtype, has others, or is damaged. Then nothing of the
/// model is changed.
template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
void predictor<Model, Where, Sentence>::load_weights(std::string const& path) {
  io_detail::load_weights(path, core_.table, core_.weights());
}

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
void compiled_model<Model, Where, Optimizer, Loss, Metrics...>::save(
    std::string const& path) const {
  io_detail::save_checkpoint(path, base::traced_graph(), base::core(), setup_, state_);
}

/// Refuses, with std::runtime_error and a sentence that names the first difference, a file of
/// another architecture, of another optimizer, or a damaged one. Then nothing is changed.
template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
void compiled_model<Model, Where, Optimizer, Loss, Metrics...>::load(std::string const& path) {
  io_detail::load_checkpoint(path, base::traced_graph(), base::core(), setup_, state_);
}

}  // namespace typegrad
