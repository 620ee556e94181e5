// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/dtype.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

// Keras's dtype policies: what a model computes in. Weights are float32 under all of them.

namespace typegrad {

/// A policy:
///   static constexpr std::string_view name;      Keras's
///   static constexpr dtype compute;              of products and what follows them, see `mixed`
///   static constexpr bool tensor_float32;        whether float32 products may round their operands
///                                                to 11 bits of precision, as tensor cores do
///   static constexpr bool scales_loss;           whether gradients need a scaled loss
template <class P>
concept dtype_policy = requires {
  { P::name } -> std::convertible_to<std::string_view>;
  requires std::same_as<std::remove_cv_t<decltype(P::compute)>, dtype>;
  requires std::same_as<std::remove_cv_t<decltype(P::tensor_float32)>, bool>;
  requires std::same_as<std::remove_cv_t<decltype(P::scales_loss)>, bool>;
};

struct float32_policy {
  static constexpr std::string_view name = "float32";
  static constexpr dtype compute = dtype::float32;
  static constexpr bool tensor_float32 = false;
  static constexpr bool scales_loss = false;
};

struct tf32_policy {
  static constexpr std::string_view name = "tf32";
  static constexpr dtype compute = dtype::float32;
  static constexpr bool tensor_float32 = true;
  static constexpr bool scales_loss = false;
};

struct mixed_bfloat16_policy {
  static constexpr std::string_view name = "mixed_bfloat16";
  static constexpr dtype compute = dtype::bfloat16;
  static constexpr bool tensor_float32 = false;
  static constexpr bool scales_loss = false;
};

/// float16 has no numbers below 6e-8: the loss is scaled up, so that gradients do not vanish.
struct mixed_float16_policy {
  static constexpr std::string_view name = "mixed_float16";
  static constexpr dtype compute = dtype::float16;
  static constexpr bool tensor_float32 = false;
  static constexpr bool scales_loss = true;
};

inline constexpr float32_policy float32{};  ///< all in float32
inline constexpr tf32_policy tf32{};        ///< the same, products with operands of 11 bits
inline constexpr mixed_bfloat16_policy mixed_bfloat16{};
inline constexpr mixed_float16_policy mixed_float16{};

}  // namespace typegrad
