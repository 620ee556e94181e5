// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/options.hpp>

// How weights start, with Keras's names and defaults. Each converts to `initializer`, and is a
// kernel's initializer as an option of a layer: dense<10, he_normal{}, bias_initializer(ones{})>.

namespace typegrad {

namespace initializers {

struct random_uniform {
  float minval = -0.05F;
  float maxval = 0.05F;
  constexpr operator initializer() const {
    return {initializer::kind::uniform, {}, minval, maxval};
  }
};

struct random_normal {
  float mean = 0;
  float stddev = 0.05F;
  constexpr operator initializer() const { return {initializer::kind::normal, {}, mean, stddev}; }
};

/// A normal distribution without what lies beyond two standard deviations.
struct truncated_normal {
  float mean = 0;
  float stddev = 0.05F;
  constexpr operator initializer() const {
    return {initializer::kind::truncated_normal, {}, mean, stddev};
  }
};

enum class fan_mode { fan_in, fan_out, fan_avg };
enum class distribution { truncated_normal, untruncated_normal, uniform };

/// Variance scale / fan. With extents (..., m, n) fan_in is the product of all but n, fan_out that
/// of all but m; a vector's are both its length.
struct variance_scaling {
  float scale = 1;
  fan_mode mode = fan_mode::fan_in;
  initializers::distribution distribution = initializers::distribution::truncated_normal;
  constexpr operator initializer() const {
    initializer i;
    i.distribution = distribution == initializers::distribution::uniform
                         ? initializer::kind::variance_uniform
                         : initializer::kind::variance_normal;
    i.mode = mode == fan_mode::fan_in    ? initializer::fan::in
             : mode == fan_mode::fan_out ? initializer::fan::out
                                         : initializer::fan::average;
    i.a = scale;
    i.b = distribution == initializers::distribution::untruncated_normal ? 1 : 0;
    return i;
  }
};

#define TYPEGRAD_VARIANCE(name, kind_of, scale, fan_of)                        \
  struct name {                                                                \
    constexpr operator initializer() const {                                   \
      return {initializer::kind::kind_of, initializer::fan::fan_of, scale, 0}; \
    }                                                                          \
  };

TYPEGRAD_VARIANCE(glorot_uniform, variance_uniform, 1, average)
TYPEGRAD_VARIANCE(glorot_normal, variance_normal, 1, average)
TYPEGRAD_VARIANCE(he_uniform, variance_uniform, 2, in)
TYPEGRAD_VARIANCE(he_normal, variance_normal, 2, in)
TYPEGRAD_VARIANCE(lecun_uniform, variance_uniform, 1, in)
TYPEGRAD_VARIANCE(lecun_normal, variance_normal, 1, in)

#undef TYPEGRAD_VARIANCE

/// gain times a matrix with orthonormal rows or columns; all axes but the last are taken together.
struct orthogonal {
  float gain = 1;
  constexpr operator initializer() const { return {initializer::kind::orthogonal, {}, gain, 0}; }
};

/// gain on the diagonal of a matrix, zero elsewhere. (`typegrad::identity` is the layer.)
struct identity {
  float gain = 1;
  constexpr operator initializer() const { return {initializer::kind::identity, {}, gain, 0}; }
};

}  // namespace initializers

using initializers::constant;
using initializers::glorot_normal;
using initializers::glorot_uniform;
using initializers::he_normal;
using initializers::he_uniform;
using initializers::lecun_normal;
using initializers::lecun_uniform;
using initializers::ones;
using initializers::orthogonal;
using initializers::random_normal;
using initializers::random_uniform;
using initializers::truncated_normal;
using initializers::variance_scaling;
using initializers::zeros;

constexpr option<options::kernel_initializer, initializer> kernel_initializer(initializer i) {
  return {i};
}
constexpr option<options::bias_initializer, initializer> bias_initializer(initializer i) {
  return {i};
}

}  // namespace typegrad
