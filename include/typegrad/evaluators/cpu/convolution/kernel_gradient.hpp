// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <typegrad/evaluators/cpu/convolution/depthwise.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient_copies.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient_plan.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient_tile.hpp>
#include <typegrad/evaluators/cpu/convolution/winograd_gradient.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

namespace typegrad::on_cpu {
namespace detail {

// By register tiles; see kernel_gradient_plan.hpp for how they are cut.
template <convolution_shape Shape, class T, class Arch>
struct kernel_gradient {
  using plan = kernel_gradient_plan<Shape, T, Arch>;
  using copies = gradient_copies<Shape, T, Arch>;
  static constexpr auto const& axes = plan::axes;
  static constexpr int width = plan::width;
  static constexpr std::int64_t size = sizeof(T);
  static constexpr bool chunked = plan::chunk_limit > 1;

  static constexpr std::int64_t shared_elements =
      chunked ? plan::chunk_limit * plan::tiles * plan::tile_elements : 0;
  static constexpr std::int64_t sums_elements =
      chunked ? 0 : plan::tiles_at_once * plan::tile_elements;
  static constexpr std::int64_t member_elements =
      sums_elements + round_up(plan::copy_elements, 64 / size) + plan::panel_elements;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return static_cast<std::size_t>((shared_elements + team_size * member_elements) * size);
  }

  // Where a tile stands in the result.
  struct tile_at {
    std::int64_t group, column;  // the column within its group
    row_tile rows;
  };

  // Calls f(lanes<vectors>, lanes of the last one, tile_at).
  template <class F>
  [[gnu::always_inline]] static void with_tile(std::int64_t index, F const& f) {
    constexpr auto wide = plan::wide_rows;
    constexpr std::int64_t wide_tiles = plan::panels * wide.count();
    std::int64_t const group = index / plan::tiles_of_group, t = index % plan::tiles_of_group;
    if (plan::rest == 0 || t < wide_tiles) {
      std::int64_t const panel = t / wide.count();
      tile_at const at{group, panel * plan::vectors * width, wide.tile(t % wide.count())};
      if constexpr (plan::rest == 0 && plan::tail != width) {
        if constexpr (plan::panels > 1) {
          if (panel < plan::panels - 1) {
            f(lanes<plan::vectors>{}, lanes<width>{}, at);
            return;
          }
        }
        f(lanes<plan::vectors>{}, lanes<plan::tail>{}, at);
      } else {
        f(lanes<plan::vectors>{}, lanes<width>{}, at);
      }
    } else if constexpr (plan::rest != 0) {
      tile_at const at{group, plan::panels * plan::vectors * width,
                       plan::rest_rows.tile(t - wide_tiles)};
      f(lanes<plan::rest>{}, lanes<plan::tail>{}, at);
    }
  }

  // The block that starts at a unit, a piece of a sample, and how many units it has at most.
  static gradient_block block_at(std::int64_t unit, std::int64_t units) {
    gradient_block b{unit / plan::pieces_of_sample, 1, {}, {}};
    if constexpr (plan::pieces_of_sample == 1) b.samples = std::min(units, plan::block.samples);
    std::int64_t piece = unit % plan::pieces_of_sample;
    for (int i = 2; i >= 0; --i) {
      b.begin[i] = piece % plan::pieces[i] * plan::block.of[i];
      b.count[i] = std::min(plan::block.of[i], axes[i].out - b.begin[i]);
      piece /= plan::pieces[i];
    }
    return b;
  }

  // Leaves out the windows in which a tap is outside of x.
  static void clip(gradient_block& b, std::int64_t const (&tap)[3]) {
    for (int i = 0; i < 3; ++i) {
      std::int64_t const stride = axes[i].stride, shift = tap[i] * axes[i].dilation - axes[i].low;
      std::int64_t const first = shift < 0 ? divide_up(-shift, stride) : 0;
      std::int64_t const last = axes[i].in > shift ? (axes[i].in - 1 - shift) / stride : -1;
      std::int64_t const end = std::min(b.begin[i] + b.count[i], last + 1);
      b.begin[i] = std::max(b.begin[i], first);
      b.count[i] = std::max<std::int64_t>(0, end - b.begin[i]);
    }
  }

  // The lanes of a panel's last vector, as tiles read it.
  template <class Tail>
  static constexpr auto tail_of_panel(Tail tail) {
    if constexpr (plan::packed) {
      return lanes<width>{};
    } else {
      return tail;
    }
  }

  // Adds a block to the sums of the tiles [begin, end).
  static void add_block(gradient_block const& block, bool first, span_of_work tiles, T const* x,
                        T const* y, T* sums, T* buffer) {
    if constexpr (plan::copied) copies::copy_x(x, block, buffer);
    T* const panel = buffer + round_up(plan::copy_elements, 64 / size);
    std::int64_t in_panel = -1;  // the first column of what was packed last
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t, sums += plan::tile_elements) {
      with_tile(t, [&](auto vectors, auto tail, tile_at const& at) {
        constexpr int height =
            vectors() == plan::rest ? plan::rest_rows.height() : plan::wide_rows.height();
        T const* const columns = y + at.group * plan::filters + at.column;
        gradient_block part = block;
        auto const place = plan::place(at.rows.row);
        if constexpr (plan::clipped) clip(part, place.tap);
        if (part.samples * part.count[0] * part.count[1] * part.count[2] == 0) {
          part.samples = 0;
          add_to_tile<plan, vectors(), height, Arch>(x, y, part, first, tail_of_panel(tail), sums);
          return;
        }
        T const* from = buffer + at.group * plan::channels * plan::together + place.offset();
        if constexpr (!plan::copied) {
          from =
              x + at.group * plan::channels + place.offset() + part.sample * plan::sample_distance;
          for (int i = 0; i < 3; ++i) {
            from += (part.begin[i] * axes[i].stride - axes[i].low) * plan::distance[i];
          }
        }
        if constexpr (plan::packed) {
          if (in_panel != columns - y)
            copies::template copy_panel<vectors()>(columns, block, tail, panel);
          in_panel = columns - y;
          std::int64_t window = 0;
          for (int i = 0; i < 3; ++i) {
            window = window * plan::block.of[i] + part.begin[i] - block.begin[i];
          }
          add_to_tile<plan, vectors(), height, Arch>(from, panel + window * vectors() * width, part,
                                                     first, tail_of_panel(tail), sums);
        } else {
          add_to_tile<plan, vectors(), height, Arch>(
              from, columns + copies::window(part, 0, 0, 0) * Shape.filters, part, first, tail,
              sums);
        }
      });
    }
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    T* const shared = reinterpret_cast<T*>(scratch);
    T* const own = shared + shared_elements + members.index * member_elements;
    T* const buffer = own + sums_elements;
    std::int64_t const units = batch * plan::pieces_of_sample;
    std::int64_t const chunks =
        std::max<std::int64_t>(1, std::min<std::int64_t>(plan::chunk_limit, units));
    auto const mine = members.part(chunks * plan::tiles);
    for (std::int64_t at = mine.begin; at < mine.end;) {
      std::int64_t const chunk = at / plan::tiles, tile = at % plan::tiles;
      std::int64_t const count = std::min(
          {plan::tiles - tile, mine.end - at, chunked ? plan::tiles : plan::tiles_at_once});
      T* const sums = chunked ? shared + at * plan::tile_elements : own;
      std::int64_t unit = units * chunk / chunks;
      std::int64_t const end = units * (chunk + 1) / chunks;
      bool first = true;
      do {
        gradient_block block = block_at(unit, end - unit);
        if (unit == end) block.samples = 0;  // an empty batch
        add_block(block, first, {tile, tile + count}, x, y, sums, buffer);
        unit += block.samples;
        first = false;
      } while (unit < end);
      if constexpr (!chunked) finish(own, 0, 1, {tile, tile + count}, epilogue);
      at += count;
    }
    if constexpr (chunked) {
      members.barrier();
      auto const part = members.part(plan::tiles);
      finish(shared + part.begin * plan::tile_elements, plan::tiles * plan::tile_elements, chunks,
             part, epilogue);
    }
  }

  template <class Epilogue>
  static void finish(T const* sums, std::int64_t stride, std::int64_t chunks, span_of_work tiles,
                     Epilogue const& epilogue) {
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t, sums += plan::tile_elements) {
      with_tile(t, [&](auto vectors, auto tail, tile_at const& at) {
        finish_tile<vectors(), plan::paired, Arch>(
            sums, stride, chunks, at.rows, at.group * plan::filters + at.column, tail, epilogue);
      });
    }
  }
};

}  // namespace detail

// The gradient of a convolution with respect to its kernel: k[tap, c, f] is the sum over samples
// and windows of x[sample, window's tap, c] y[sample, window, f]. Rows of the epilogue are taps x
// channels of a group, columns filters.
//
// Every member of the team calls `run` with the same arguments. On return a member has done its
// part: others read the result, or use the scratch memory, after the team's next barrier. The
// result is bit-identical for any team size. With an empty batch the epilogue gets zeros.
template <convolution_shape Shape, class T, class Arch = xsimd::default_arch>
struct convolution_kernel {
  // Below this many multiply-adds the team's first member does all: see gemm.
  static constexpr std::int64_t parallel_from = 256 * 1024;
  using direct = detail::kernel_gradient<Shape, T, Arch>;
  using winograd = detail::winograd_gradient<Shape, T, Arch>;

  static constexpr std::size_t scratch_bytes(int team_size) {
    if constexpr (Shape.depthwise()) {
      return depthwise_kernel<Shape, T, Arch>::scratch_bytes(team_size);
    } else if constexpr (!winograd::suits) {
      return direct::scratch_bytes(team_size);
    } else if constexpr (winograd::tiles >= detail::winograd_from) {
      return winograd::scratch_bytes(team_size);
    } else {
      return std::max(winograd::scratch_bytes(team_size), direct::scratch_bytes(team_size));
    }
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* x, T const* y,
                  Epilogue const& epilogue, std::byte* scratch) {
    if constexpr (Shape.depthwise()) {
      depthwise_kernel<Shape, T, Arch>::run(members, batch, x, y, epilogue, scratch);
    } else {
      bool const alone = batch * Shape.products() < parallel_from;
      if (alone && members.index != 0) return;
      team const workers = alone ? team{} : members;
      if constexpr (!winograd::suits) {
        direct::run(workers, batch, x, y, epilogue, scratch);
      } else if constexpr (winograd::tiles >= detail::winograd_from) {
        winograd::run(workers, batch, x, y, epilogue, scratch);
      } else if (batch * winograd::tiles >= detail::winograd_from) {
        winograd::run(workers, batch, x, y, epilogue, scratch);
      } else {
        direct::run(workers, batch, x, y, epilogue, scratch);
      }
    }
  }
};

}  // namespace typegrad::on_cpu
