// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/regularizers.hpp>

#include <cstdint>
#include <limits>
#include <string_view>

// How a layer says what it is in Keras: for files that Keras reads (io/architecture.hpp).

namespace typegrad {

/// What a layer's `static void keras_config(config_writer&)` is given: it names Keras's class and
/// then its constructor's arguments. Initializers and regularizers of weights called kernel, bias,
/// gamma, ... are written without being told, as kernel_initializer and so on.
class config_writer {
 public:
  extents output;  ///< what the layer gives, where it is called first

  /// The class, to be told first: Keras's name ("RMSNormalization"), or that in snake_case.
  virtual void layer(std::string_view name) = 0;
  virtual void text(std::string_view key, std::string_view value) = 0;
  virtual void flag(std::string_view key, bool value) = 0;
  virtual void integer(std::string_view key, std::int64_t value) = 0;
  /// NaN is None.
  virtual void number(std::string_view key, double value) = 0;
  /// A list of `count` integers; a list of lists of `columns` of them each unless that is 0.
  virtual void integers(std::string_view key, std::int64_t const* values, int count,
                        int columns = 0) = 0;
  virtual void start(std::string_view key, initializer const& value) = 0;
  virtual void penalty(std::string_view key, regularizer const& value) = 0;
  /// The activation: one of Keras's functions, or one of its layers with these arguments.
  virtual void activation(std::string_view name) = 0;
  virtual void activation(std::string_view layer, std::string_view const* keys,
                          double const* values, int count) = 0;
  /// What Keras has not.
  virtual void missing(std::string_view what) = 0;

 protected:
  ~config_writer() = default;
};

namespace detail {

/// An axis of one sample as Keras counts them, with the batch axis.
constexpr int with_batch(int axis) { return axis < 0 ? axis : axis + 1; }

inline void write_activation(config_writer& w, activations::relu const& a) {
  bool const bounded = a.max_value < std::numeric_limits<float>::max();
  if (!bounded && a.negative_slope == 0 && a.threshold == 0) return w.activation("relu");
  std::string_view const keys[] = {"max_value", "negative_slope", "threshold"};
  double const values[] = {bounded ? double{a.max_value} : std::numeric_limits<double>::quiet_NaN(),
                           a.negative_slope, a.threshold};
  w.activation("ReLU", keys, values, 3);
}

/// An activation with one parameter, and Keras's layer that has it; empty if none has.
inline void write_activation(config_writer& w, std::string_view name, double usual, double value,
                             std::string_view layer, std::string_view key) {
  if (value == usual) return w.activation(name);
  if (!layer.empty()) return w.activation(layer, &key, &value, 1);
  w.missing(sentence("activation ", name, " with another ", key, " than usual").view());
}
inline void write_activation(config_writer& w, activations::leaky_relu const& a) {
  write_activation(w, "leaky_relu", 0.2F, a.negative_slope, "LeakyReLU", "negative_slope");
}
inline void write_activation(config_writer& w, activations::elu const& a) {
  write_activation(w, "elu", 1, a.alpha, "ELU", "alpha");
}
inline void write_activation(config_writer& w, activations::celu const& a) {
  write_activation(w, "celu", 1, a.alpha, "", "alpha");
}
inline void write_activation(config_writer& w, activations::softmax const& a) {
  write_activation(w, "softmax", -1, with_batch(a.axis), "Softmax", "axis");
}
inline void write_activation(config_writer& w, activations::log_softmax const& a) {
  write_activation(w, "log_softmax", -1, with_batch(a.axis), "", "axis");
}
inline void write_activation(config_writer& w, activations::glu const& a) {
  write_activation(w, "glu", -1, with_batch(a.axis), "", "axis");
}
inline void write_activation(config_writer& w, activations::gelu const& a) {
  write_activation(w, "gelu", 0, a.approximate ? 1 : 0, "", "approximation");
}
inline void write_activation(config_writer& w, activations::hard_shrink const& a) {
  write_activation(w, "hard_shrink", 0.5, a.threshold, "", "threshold");
}
inline void write_activation(config_writer& w, activations::soft_shrink const& a) {
  write_activation(w, "soft_shrink", 0.5, a.threshold, "", "threshold");
}
inline void write_activation(config_writer& w, activations::squareplus const& a) {
  write_activation(w, "squareplus", 4, a.b, "", "b");
}
inline void write_activation(config_writer& w, activations::threshold const&) {
  w.missing("the activation threshold, which Keras has as a function with parameters only");
}
template <class Activation>
void write_activation(config_writer& w, Activation const& a) {
  if constexpr (requires { name_of(a); })
    w.activation(name_of(a));
  else
    w.missing("an activation of one's own");
}

/// What layers with a kernel have among their options besides the weights'.
template <class Option>
void write_option(config_writer& w, Option const& one) {
  if constexpr (std::same_as<option_tag<Option>, options::activation>)
    write_activation(w, one);
  else if constexpr (std::same_as<option_tag<Option>, options::activity_regularizer>)
    w.penalty("activity_regularizer", one.value);
}

/// A number for each of so many axes.
inline void write_numbers(config_writer& w, std::string_view key, axis_numbers const& n, int axes) {
  if (axes == 1) return w.integer(key, n[0]);
  std::int64_t each[max_spatial] = {};
  for (int i = 0; i < axes; ++i) each[i] = n[i];
  w.integers(key, each, axes);
}

}  // namespace detail
}  // namespace typegrad
