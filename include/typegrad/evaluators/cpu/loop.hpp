// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/body.hpp>
#include <typegrad/evaluators/cpu/random.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// Elementwise loops: all positions of the domain by themselves.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Source, class Arch>
struct loop_kernel : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  using typename body::scalars;
  using typename body::vectors;
  static constexpr auto const& info = body::info;
  static constexpr int outer_axes = body::rank > 0 ? body::rank - 1 : 0;
  static constexpr int width = body::width;

  /// Fewer elements than this are not worth a second thread.
  static constexpr std::int64_t grain = 2048;

  static constexpr std::size_t scratch_bytes(int) { return 0; }

  static void run(team const& members, void* const* slots, int const* streams,
                  run_context const& run) {
    if constexpr (body::rank == 0) {
      if (members.index == 0) row(slots, streams, position{}, {0, 1}, run);
    } else {
      std::int64_t const inner = body::length(body::inner_axis, run);
      if constexpr (outer_axes == 0) {
        std::int64_t const block = info.random ? 64 : width;
        row(slots, streams, position{}, members.part(inner, block > grain ? block : grain), run);
      } else {
        std::int64_t const rows = body::positions(0, outer_axes, run);
        std::int64_t const some = inner >= grain ? 1 : grain / inner;
        auto const [first, last] = members.part(rows, some);
        for (std::int64_t r = first; r < last; ++r) {
          position p;
          body::template locate<0, outer_axes>(r, p);
          row(slots, streams, p, {0, inner}, run);
        }
      }
    }
  }

 private:
  /// Elements [first, last) along the innermost axis.
  TYPEGRAD_INLINE static void row(void* const* slots, int const* streams, position const& p,
                                  span_of_work part, run_context const& run) {
    scalars c;
    body::template compute_scalars<0, outer_axes>(c, slots, p, run);
    body::template store_scalars<outer_axes>(c, slots, p);
    if constexpr (writes_vectors()) {
      std::int64_t j = part.begin;
      if constexpr (info.random) {
        alignas(64) float numbers[info.stream_count][64];
        for (; j < part.end; j += 64) {
          for (int k = 0; k < info.stream_count; ++k)
            uniform_block(run.seed, run.step, static_cast<std::uint32_t>(streams[k]),
                          static_cast<std::uint64_t>(j) / random_block, numbers[k]);
          std::int64_t const end = part.end < j + 64 ? part.end : j + 64;
          std::int64_t i = j;
          for (; i + width <= end; i += width)
            one(slots, c, p, i, lanes<width>{}, numbers[0] + (i - j));
          if (i < end) one(slots, c, p, i, static_cast<int>(end - i), numbers[0] + (i - j));
        }
      } else {
        if constexpr (twice) {
          for (; j + 2 * width <= part.end; j += 2 * width) {
            one(slots, c, p, j, lanes<width>{}, nullptr);
            one(slots, c, p, j + width, lanes<width>{}, nullptr);
          }
        }
        for (; j + width <= part.end; j += width) one(slots, c, p, j, lanes<width>{}, nullptr);
        if constexpr (!whole_vectors)
          if (j < part.end) one(slots, c, p, j, static_cast<int>(part.end - j), nullptr);
      }
    }
  }

  /// Whether the innermost axis is of whole vectors, whatever the batch: parts of it begin at
  /// multiples of a vector.
  static constexpr bool whole_vectors =
      body::rank > 0 && info.axes[body::inner_axis].extent % width == 0;
  /// Two vectors a turn hide latencies; a long body has enough of its own to do.
  static constexpr bool twice =
      body::count <= 12 && body::rank > 0 &&
      (info.axes[body::inner_axis].batch || info.axes[body::inner_axis].extent >= 2 * width);

  static constexpr bool writes_vectors() {
    for (int k = 0; k < info.store_count; ++k)
      if (body::stores_along_inner(body::store_at(k))) return true;
    return false;
  }

  template <class N>
  TYPEGRAD_INLINE static void one(void* const* slots, scalars const& c, position const& p,
                                  std::int64_t j, N n, float const* random) {
    vectors v;
    body::template each_of<typename body::vector_instructions>(
        [&]<int I>() __attribute__((always_inline)) {
          compute<I>(v, c, slots, p, j, n, random);
        });
    body::each_store([&]<int K>() __attribute__((always_inline)) {
      constexpr store x = body::store_at(K);
      if constexpr (body::stores_along_inner(x)) {
        auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
        constexpr std::int64_t stride = x.where.strides[body::inner_axis];
        detail::store_lanes<real, Arch, x.type>(
            base + body::template offset<outer_axes>(x.where, p) + stride * j, stride,
            body::template value<x.value>(v, c), n);
      }
    });
  }

 protected:
  /// Vector instruction I at elements [j, j + n) of the innermost axis.
  template <int I, class N>
  TYPEGRAD_INLINE static void compute(vectors& v, scalars const& c, void* const* slots,
                                      position const& p, std::int64_t j, N n,
                                      float const* random) {
    constexpr instruction x = body::at(I);
    auto& out = body::template cell<I>(v);
    if constexpr (x.code == op::input) {
      auto const* const base = static_cast<memory_of<x.type> const*>(slots[x.slot]);
      constexpr std::int64_t stride = x.where.strides[body::inner_axis];
      out = detail::load_lanes<real, Arch, x.type>(
          base + body::template offset<outer_axes>(x.where, p) + stride * j, stride, n);
    } else if constexpr (x.code == op::iota) {
      using integer = integer_of<real>;
      constexpr std::int64_t stride = x.where.strides[body::inner_axis];
      auto const start = body::template offset<outer_axes>(x.where, p) + stride * j;
      auto const numbers = detail::integers<real, Arch>(static_cast<integer>(start)) +
                           detail::integers<real, Arch>(static_cast<integer>(stride)) *
                               detail::lane_numbers<real, Arch>();
      out = detail::cast_vector<real, Arch, dtype::int32, x.type>(numbers);
    } else if constexpr (x.code == op::random_uniform) {
      out = detail::load_lanes<real, Arch, dtype::float32>(random + 64 * x.slot, 1,
                                                           lanes<width>{});
    } else if constexpr (is_elementwise(x.code)) {
      out = body::template apply<I>(v, c);
    }
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END
