// SPDX-License-Identifier: BSL-1.0
// Layers as JSON in Keras's form.
#pragma once

#include <typegrad/core/extents.hpp>
#include <typegrad/io/wiring.hpp>
#include <typegrad/nn/config.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace typegrad::io_detail {

template <int = 0>
std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

/// The shortest digits that are read as this number again; a float's, where it is one.
template <int = 0>
std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 40> digits{};
  auto const single = static_cast<float>(value);
  bool const is_float = static_cast<double>(single) == value;
  auto const end = is_float
                       ? std::to_chars(digits.data(), digits.data() + digits.size(), single).ptr
                       : std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

/// {"module": ..., "class_name": ..., "config": {...}, "registered_name": null}
template <int = 0>
std::string json_object(std::string_view module, std::string_view class_name,
                        std::string_view config) {
  std::string out = "{\"module\": \"keras.";
  out.append(module).append("\", \"class_name\": ").append(json_text(class_name));
  return out.append(", \"config\": {").append(config).append("}, \"registered_name\": null}");
}

template <int = 0>
std::string json_initializer(initializer const& i) {
  using kind = initializer::kind;
  auto const make = [](char const* name, std::string const& config) {
    return json_object("initializers", name, config);
  };
  auto const pair = [&](char const* name, char const* a, char const* b) {
    return make(name, '"' + std::string(a) + "\": " + json_number(i.a) + ", \"" + b +
                          "\": " + json_number(i.b) + ", \"seed\": null");
  };
  bool const uniform = i.distribution == kind::variance_uniform;
  switch (i.distribution) {
    case kind::constant:
      if (i.a == 0) return make("Zeros", "");
      if (i.a == 1) return make("Ones", "");
      return make("Constant", "\"value\": " + json_number(i.a));
    case kind::uniform:
      return pair("RandomUniform", "minval", "maxval");
    case kind::normal:
      return pair("RandomNormal", "mean", "stddev");
    case kind::truncated_normal:
      return pair("TruncatedNormal", "mean", "stddev");
    case kind::orthogonal:
      return make("Orthogonal", "\"gain\": " + json_number(i.a) + ", \"seed\": null");
    case kind::identity:
      return make("Identity", "\"gain\": " + json_number(i.a));
    case kind::variance_uniform:
    case kind::variance_normal:
      break;
  }
  using fan = initializer::fan;
  if (uniform || i.b == 0) {
    char const* const family = i.mode == fan::average && i.a == 1 ? "Glorot"
                               : i.mode == fan::in && i.a == 2    ? "He"
                               : i.mode == fan::in && i.a == 1    ? "Lecun"
                                                                  : nullptr;
    if (family != nullptr)
      return make((std::string(family) + (uniform ? "Uniform" : "Normal")).c_str(),
                  "\"seed\": null");
  }
  return make("VarianceScaling", "\"scale\": " + json_number(i.a) + ", \"mode\": \"" +
                                     (i.mode == fan::in    ? "fan_in"
                                      : i.mode == fan::out ? "fan_out"
                                                           : "fan_avg") +
                                     "\", \"distribution\": \"" +
                                     (uniform    ? "uniform"
                                      : i.b == 0 ? "truncated_normal"
                                                 : "untruncated_normal") +
                                     "\", \"seed\": null");
}

template <int = 0>
std::string json_regularizer(regularizer const& r) {
  if (r.l2 == 0) return json_object("regularizers", "L1", "\"l1\": " + json_number(r.l1));
  if (r.l1 == 0) return json_object("regularizers", "L2", "\"l2\": " + json_number(r.l2));
  return json_object("regularizers", "L1L2",
                     "\"l1\": " + json_number(r.l1) + ", \"l2\": " + json_number(r.l2));
}

/// What a layer says in `keras_config`.
template <int = 0>
class json_config final : public config_writer {
 public:
  std::string class_name, config, problem;

  void layer(std::string_view name) override { class_name = keras_class(name); }
  void text(std::string_view key, std::string_view value) override { add(key, json_text(value)); }
  void flag(std::string_view key, bool value) override { add(key, value ? "true" : "false"); }
  void integer(std::string_view key, std::int64_t value) override {
    add(key, std::to_string(value));
  }
  void number(std::string_view key, double value) override { add(key, json_number(value)); }
  void integers(std::string_view key, std::int64_t const* values, int count, int columns) override {
    std::string all = columns > 0 ? "[[" : "[";
    for (int i = 0; i < count; ++i) {
      if (i > 0) all += columns > 0 && i % columns == 0 ? "], [" : ", ";
      all += std::to_string(values[i]);
    }
    add(key, all + (columns > 0 ? "]]" : "]"));
  }
  void start(std::string_view key, initializer const& value) override {
    add(key, json_initializer(value));
  }
  void penalty(std::string_view key, regularizer const& value) override {
    if (value.l1 != 0 || value.l2 != 0) add(key, json_regularizer(value));
  }
  void activation(std::string_view name) override { text("activation", name); }
  void activation(std::string_view layer, std::string_view const* keys, double const* values,
                  int count) override {
    std::string inner;
    for (int i = 0; i < count; ++i)
      inner += (i > 0 ? ", " : "") + json_text(keys[i]) + ": " + json_number(values[i]);
    add("activation", json_object("layers", layer, inner));
  }
  void missing(std::string_view what) override { problem = what; }

  bool has(std::string_view key) const {
    return config.find(json_text(key) + ':') != std::string::npos;
  }

 private:
  void add(std::string_view key, std::string_view value) {
    config.append(", ").append(json_text(key)).append(": ").append(value);
  }
};

}  // namespace typegrad::io_detail
