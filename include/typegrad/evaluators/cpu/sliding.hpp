// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/convolution/shape.hpp>
#include <typegrad/evaluators/cpu/epilogue.hpp>
#include <typegrad/evaluators/cpu/window/shape.hpp>
#include <typegrad/evaluators/reference/window.hpp>
#if __has_include(<typegrad/evaluators/cpu/convolution.hpp>)
#include <typegrad/evaluators/cpu/convolution.hpp>
#define TYPEGRAD_HAS_CONVOLUTION 1
#endif
#if __has_include(<typegrad/evaluators/cpu/window.hpp>)
#include <typegrad/evaluators/cpu/window.hpp>
#define TYPEGRAD_HAS_WINDOW 1
#endif

// Convolutions and windows, whose epilogue is the step's body.

namespace typegrad::cpu {

/// Element by element.
template <op Code, convolution_shape S, class T, class Arch>
struct plain_kernel {
  static constexpr std::size_t scratch_bytes(int) { return 0; }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* a, T const* b,
                  Epilogue const& epilogue, std::byte*) {
    constexpr bool to_x = Code == op::convolution_input || Code == op::window_spread ||
                          Code == op::window_scatter;
    constexpr bool to_k = Code == op::convolution_kernel;
    constexpr std::int64_t columns = to_x ? S.channels : S.filters;
    constexpr std::int64_t rows = to_k   ? S.over.taps() * S.channels / S.over.groups
                                  : to_x ? S.over.positions_in()
                                         : S.over.positions_out();
    constexpr bool a_is_y = Code == op::convolution_input || Code == op::window_spread;
    constexpr std::int64_t x_count = S.over.positions_in() * S.channels;
    constexpr std::int64_t y_count = S.over.positions_out() * S.filters;
    constexpr std::int64_t a_count = a_is_y ? y_count : x_count;
    constexpr std::int64_t b_count = Code == op::window_gather                       ? x_count
                                     : Code == op::window_scatter || to_k ? y_count
                                                                          : 0;
    reference::sliding const form{Code, S.over, S.channels, S.filters, 0, batch};
    auto const at_a = [a](std::int64_t s, std::int64_t i) {
      return static_cast<double>(a[s * a_count + i]);
    };
    auto const at_b = [b](std::int64_t s, std::int64_t i) {
      return static_cast<double>(b[s * b_count + i]);
    };
    constexpr int width = static_cast<int>(xsimd::batch<T, Arch>::size);
    auto const [first, last] = members.part(to_k ? rows : batch * rows);
    for (std::int64_t row = first; row < last; ++row)
      for (std::int64_t column = 0; column < columns; column += width) {
        int const n = static_cast<int>(columns - column < width ? columns - column : width);
        alignas(64) T values[width] = {};
        for (int i = 0; i < n; ++i)
          values[i] = static_cast<T>(form.template element<T>(
              row / rows, row % rows * columns + column + i, at_a, at_b));
        epilogue(row, column, xsimd::batch<T, Arch>::load_aligned(values), n);
      }
  }
  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* a, Epilogue const& epilogue,
                  std::byte* scratch) {
    run(members, batch, a, a, epilogue, scratch);
  }
};

template <class Source, class Arch>
struct sliding_kernel : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::real;
  static constexpr contraction const& p = body::info.product;
  static constexpr convolution_shape convolved{p.over, p.channels, p.filters};
  static constexpr pooling_shape pooled{p.over, p.channels};

  static constexpr auto choose() {
#if !TYPEGRAD_HAS_CONVOLUTION
    if constexpr (p.code <= op::convolution_kernel)
      return std::type_identity<plain_kernel<p.code, convolved, real, Arch>>{};
#else
    if constexpr (p.code == op::convolution)
      return std::type_identity<convolution_forward<convolved, real, Arch>>{};
    else if constexpr (p.code == op::convolution_input)
      return std::type_identity<convolution_input<convolved, real, Arch>>{};
    else if constexpr (p.code == op::convolution_kernel)
      return std::type_identity<convolution_kernel<convolved, real, Arch>>{};
#endif
#if !TYPEGRAD_HAS_WINDOW
    else
      return std::type_identity<
          plain_kernel<p.code, convolution_shape{p.over, p.channels, p.channels}, real, Arch>>{};
#else
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
#endif
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

}  // namespace typegrad::cpu
