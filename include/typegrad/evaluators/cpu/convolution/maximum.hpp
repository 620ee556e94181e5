// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <typegrad/evaluators/cpu/convolution/forward.hpp>
#include <typegrad/evaluators/cpu/window/max.hpp>

namespace typegrad::on_cpu {
namespace detail {

// The epilogue of some samples whose results begin at `first`.
template <class Epilogue>
struct later_rows {
  static constexpr bool heavy = is_heavy<Epilogue>;
  template <std::int64_t Columns>
  static constexpr bool takes_runs = on_cpu::takes_runs<Epilogue, Columns>;

  Epilogue epilogue;
  std::int64_t first;

  template <class Batch, class Lanes>
  [[gnu::always_inline]] void operator()(std::int64_t row, std::int64_t column, Batch sum,
                                         Lanes count) const {
    epilogue(first + row, column, sum, count);
  }
  template <std::int64_t Columns, class Batch, class Lanes>
  [[gnu::always_inline]] void run_of(std::int64_t row, std::int64_t column, Batch sum,
                                     Lanes count) const {
    epilogue.template run_of<Columns>(first + row, column, sum, count);
  }
};

}  // namespace detail

// The greatest elements of blocks of y = x * k: rows are the blocks of all samples, columns the
// filters. Kernels for few filters take it in registers; otherwise some samples at a time are
// convolved, as many as a second-level cache holds. Otherwise as `convolution_forward`.
template <convolution_shape Shape, position_block Block, class T, class Arch = xsimd::default_arch>
struct convolution_maximum {
  using convolution = convolution_forward<Shape, T, Arch>;
  using by_pixels = detail::pixel_lanes<Shape, T, Arch, Block>;
  static constexpr bool in_pixels = convolution::in_pixels && by_pixels::takes_block;

  static constexpr pooling_shape blocks{blocks_of(Shape.over, Block), Shape.filters};
  using maximum = window_max_kernel<blocks, T, Arch>;

  static constexpr std::int64_t cache_bytes = 1 << 18;
  static constexpr std::int64_t samples_at_once = std::max<std::int64_t>(
      1, cache_bytes / (Shape.y_size() * static_cast<std::int64_t>(sizeof(T))));

  static constexpr std::size_t scratch_bytes(int team_size) {
    if constexpr (in_pixels) {
      return by_pixels::scratch_bytes(team_size);
    } else {
      auto const each = static_cast<std::size_t>(team_size);
      return each * values_bytes +
             std::max(each * alone_bytes, convolution::scratch_bytes(team_size));
    }
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* kernel,
                  Epilogue const& epilogue, std::byte* scratch) {
    if constexpr (in_pixels) {
      by_pixels::run(members, batch, x, kernel, epilogue, scratch);
    } else {
      std::int64_t const parts = detail::divide_up(batch, samples_at_once);
      auto const run_part = [&](team const& workers, std::int64_t part, std::byte* values,
                                std::byte* rest) {
        std::int64_t const from = part * samples_at_once;
        std::int64_t const count = std::min(samples_at_once, batch - from);
        T* const y = reinterpret_cast<T*>(values);
        convolution::run(workers, count, x + from * Shape.x_size(), kernel,
                         store_epilogue<T>{y, Shape.filters}, rest);
        workers.barrier();
        maximum::run(workers, count, y,
                     detail::later_rows<Epilogue>{epilogue, from * blocks.over.positions_out()},
                     nullptr);
      };
      auto const team_size = static_cast<std::size_t>(members.size);
      if (parts >= 2 * members.size) {  // each member has parts of its own
        auto const index = static_cast<std::size_t>(members.index);
        auto const mine = members.part(parts);
        for (auto p = mine.begin; p < mine.end; ++p)
          run_part({}, p, scratch + index * values_bytes,
                   scratch + team_size * values_bytes + index * alone_bytes);
      } else {
        for (std::int64_t p = 0; p < parts; ++p) {
          run_part(members, p, scratch, scratch + team_size * values_bytes);
          members.barrier();
        }
      }
    }
  }

 private:
  static constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }
  static constexpr std::size_t values_bytes =
      aligned(static_cast<std::size_t>(samples_at_once * Shape.y_size()) * sizeof(T));
  static constexpr std::size_t alone_bytes = aligned(convolution::scratch_bytes(1));
};

}  // namespace typegrad::on_cpu
