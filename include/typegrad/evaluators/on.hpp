// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/policy.hpp>

// Where a model runs, or expressions are computed: `compile<net, on<thrust>>(...)`,
// `predictor<net, on<thrust, tf32>>`, `evaluate<on<thrust>>(x)`.
namespace typegrad {

/// The processor, vector by vector: float32.
struct cpu {};

/// Thrust's device: CUDA with nvcc, else one of Thrust's host systems. In typegrad/cuda.hpp.
struct thrust {};

/// An evaluator, and the dtype policy that it computes under: `float32`, `tf32`, `mixed_bfloat16`,
/// `mixed_float16`.
template <class Evaluator, auto Policy = float32>
struct on {};

}  // namespace typegrad
