// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/registry.hpp>

#include <xsimd/xsimd.hpp>

namespace typegrad::cpu {

/// The mathematics of an elementwise op on vectors: the op's own rule, unless there is a faster way
/// on this evaluator.
template <op Code>
struct vector_rule : rule<Code> {};

}  // namespace typegrad::cpu
