// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/convolution.hpp>
#include <typegrad/evaluators/cpu/epilogue.hpp>
#include <typegrad/evaluators/cpu/window.hpp>

// Convolutions and windows, whose epilogue is the step's body.

namespace typegrad::on_cpu {

template <class Source, class Arch>
struct sliding_kernel : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::real;
  static constexpr auto const& p = body::info.product;
  static constexpr convolution_shape convolved{p.over, p.channels, p.filters};
  static constexpr pooling_shape pooled{p.over, p.channels};

  static constexpr auto choose() {
    if constexpr (p.code == op::convolution)
      return std::type_identity<convolution_forward<convolved, real, Arch>>{};
    else if constexpr (p.code == op::convolution_input)
      return std::type_identity<convolution_input<convolved, real, Arch>>{};
    else if constexpr (p.code == op::convolution_kernel)
      return std::type_identity<convolution_kernel<convolved, real, Arch>>{};
    else if constexpr (p.code == op::convolution_max)
      return std::type_identity<convolution_maximum<convolved, p.block, real, Arch>>{};
    else if constexpr (p.code == op::window_sum)
      return std::type_identity<window_sum_kernel<pooled, real, Arch>>{};
    else if constexpr (p.code == op::window_spread)
      return std::type_identity<window_spread_kernel<pooled, real, Arch>>{};
    else if constexpr (p.code == op::window_max)
      return std::type_identity<window_max_kernel<pooled, real, Arch>>{};
    else if constexpr (p.code == op::window_scatter)
      return std::type_identity<window_scatter_kernel<pooled, real, Arch>>{};
    else
      return std::type_identity<window_gather_kernel<pooled, real, Arch>>{};
  }
  using kernel = typename decltype(choose())::type;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return (kernel::scratch_bytes(team_size) + 63) / 64 * 64;
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    static_assert(of_one_type(), "a convolution or window and what is computed from its result at "
                                 "once must be of one floating dtype");
    std::int64_t const batch = p.rows.batch || p.inner.batch ? run.batch_size : 1;
    auto const* const a = static_cast<real const*>(slots[p.slot_a]);
    auto const* const b = static_cast<real const*>(slots[p.slot_b]);
    step_epilogue<Source, Arch> const epilogue{slots, {}, run};
    constexpr bool one_operand =
        p.code == op::window_sum || p.code == op::window_spread || p.code == op::window_max;
    if constexpr (one_operand)
      kernel::run(members, batch, a, epilogue, run.scratch);
    else
      kernel::run(members, batch, a, b, epilogue, run.scratch);
  }

 private:
  static constexpr bool of_one_type() {
    for (int i = 0; i < body::count; ++i)
      if (is_contraction(body::at(i).code))
        return (body::at(i).type == dtype::float64) == std::is_same_v<real, double>;
    return true;
  }
};

}  // namespace typegrad::on_cpu
