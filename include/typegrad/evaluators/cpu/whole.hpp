// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/whole/cumulative.hpp>
#include <typegrad/evaluators/cpu/whole/gather.hpp>
#include <typegrad/evaluators/cpu/whole/sort.hpp>

// Ops that read whole operands, as they lie in memory, and write one dense value. Each family has a
// kernel:
//
//   template <whole_op Op, class Arch> struct ..._kernel {
//     static constexpr std::size_t scratch_bytes(int team_size);
//     static void run(team const&, std::int64_t batch, void const* const* operands, void* result,
//                     std::byte* scratch);
//   };
//
// Every member of the team calls `run` with the same arguments; scratch memory is aligned to 64
// bytes. Results are bit-identical for any team size.

namespace typegrad::on_cpu {

template <class Source, class Arch>
struct whole_kernel {
  static constexpr whole_op form = [] {
    whole_op w = Source::info.whole;
    w.slots[0] = w.slots[1] = 0;  // steps that differ in these alone share a kernel
    return w;
  }();

  static constexpr auto choose() {
    if constexpr (form.code == typegrad::op::gather)
      return std::type_identity<gather_kernel<form, Arch>>{};
    else if constexpr (form.code == typegrad::op::scatter_add)
      return std::type_identity<scatter_kernel<form, Arch>>{};
    else if constexpr (form.code == typegrad::op::cumulative_sum)
      return std::type_identity<cumulative_sum_kernel<form, Arch>>{};
    else
      return std::type_identity<argsort_kernel<form, Arch>>{};
  }
  using kernel = typename decltype(choose())::type;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return kernel::scratch_bytes(team_size);
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    void const* const operands[] = {slots[Source::info.whole.slots[0]],
                                    slots[Source::info.whole.slots[1]]};
    kernel::run(members, run.batch_size, operands, slots[Source::store_at(0).slot], run.scratch);
  }
};

}  // namespace typegrad::on_cpu
