// SPDX-License-Identifier: BSL-1.0
#pragma once

// Kernels that slide a window over samples of (spatial axes..., channels), channel by channel:
// maximum and sum, their gradients, and the gradients' gradients.
//
//   template <pooling_shape Shape, class T, class Arch = xsimd::default_arch> struct ..._kernel {
//     static constexpr std::size_t scratch_bytes(int team_size);
//     static void run(team const&, std::int64_t batch, T const* operands..., Epilogue const&,
//                     std::byte* scratch);
//   };
//
// Every member of the team calls `run` with the same arguments; scratch memory is aligned to 64
// bytes. The epilogue (gemm/epilogue.hpp) is called once for every vector of the result. Others
// read the result and use the scratch memory after the team's next barrier. Results are
// bit-identical for any team size.

#include <typegrad/evaluators/cpu/window/gather.hpp>
#include <typegrad/evaluators/cpu/window/max.hpp>
#include <typegrad/evaluators/cpu/window/scatter.hpp>
#include <typegrad/evaluators/cpu/window/spread.hpp>
#include <typegrad/evaluators/cpu/window/sum.hpp>
