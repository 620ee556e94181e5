// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/chain_form.hpp>
#include <typegrad/evaluators/thrust/launch.hpp>
#include <typegrad/evaluators/thrust/loop.hpp>
#include <typegrad/evaluators/thrust/product.hpp>
#include <typegrad/evaluators/thrust/row.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>

// A chain of steps that keep to their samples (compiler/chains.hpp) as one kernel. A block takes a
// tile of samples through all of the steps. What one step writes and another one reads stays in the
// block's memory, and so do weights, from the first tile to the last, if there is room for them.
// Only what is read after the chain goes to the device's memory.

TYPEGRAD_ON_THRUST_BEGIN

/// `Form`: an encoded_form of a chain that fits. `Source`: the steps.
template <arithmetic Arithmetic, class Form, class... Source>
struct chain_kernel {
  static constexpr int steps = static_cast<int>(sizeof...(Source));
  static constexpr int slots = Form::first_slot(steps);
  static constexpr int streams = Form::first_stream(steps);
  static constexpr int rows = Form::form.rows;
  static_assert(rows > 0);
  static constexpr int threads = 256;
  static constexpr int blocks = Form::form.bytes <= chain_memory_of_two ? 2 : 1;

  struct arguments {
    void* slots[chain_kernel::slots];
    int streams[chain_kernel::streams > 0 ? chain_kernel::streams : 1];
    run_context run;
  };

  /// Blocks that are launched at most: what a device of today has room for.
  static constexpr std::int64_t most_groups = 144 * blocks;

  static std::int64_t tiles_of(std::int64_t batch_size) { return (batch_size + rows - 1) / rows; }
  /// Whether the device's blocks can have as much memory.
  static bool fits() {
#if TYPEGRAD_CUDA
    static bool const does = [] {
      int device = 0, most = 0;
      return cudaGetDevice(&device) == cudaSuccess &&
             cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) ==
                 cudaSuccess &&
             most >= Form::form.bytes;
    }();
    return does;
#else
    return true;
#endif
  }
  /// Whether one kernel takes less time than one a step.
  static bool worth(std::int64_t batch_size) { return saved(batch_size, indices{}) > 0; }

  struct plan {
    std::int64_t tiles, groups;
  };
  static plan plan_of(std::int64_t batch_size) {
    std::int64_t const all = tiles_of(batch_size);
    return {all, all < most_groups ? all : most_groups};
  }
  static std::int64_t tiles(std::int64_t batch_size) { return plan_of(batch_size).groups; }
  static constexpr std::size_t shared_bytes() {
    return TYPEGRAD_CUDA ? static_cast<std::size_t>(Form::form.bytes) : 0;
  }
  /// What the steps need for a tile, for each block.
  static std::int64_t scratch_bytes(std::int64_t batch_size) {
    return plan_of(batch_size).groups * scratch_of_tile(indices{});
  }

  template <int Size>
  TYPEGRAD_DEVICE static void tile(group<Size> const& given, std::int64_t t, arguments const& a,
                                   plan const& p) {
#if TYPEGRAD_CUDA
    group<Size> const& g = given;
#else
    alignas(64) std::byte memory[Form::form.bytes];
    group<Size> g = given;
    g.shared = memory;
#endif
    bring_weights(g, a, slot_indices{});
    run_context run = a.run;
    run.scratch += t * scratch_of_tile(indices{});
    for (std::int64_t number = t; number < p.tiles; number += p.groups) {
      run.first_sample = number * rows;
      std::int64_t const left = a.run.batch_size - run.first_sample;
      run.samples = left < rows ? left : rows;
      all_steps(g, a, run, indices{});
    }
  }

 private:
  using indices = std::make_index_sequence<static_cast<std::size_t>(steps)>;
  using slot_indices = std::make_index_sequence<static_cast<std::size_t>(slots)>;
  template <int I>
  using source_of = std::tuple_element_t<static_cast<std::size_t>(I), std::tuple<Source...>>;

  template <int I>
  static constexpr step_kind kind_of() {
    return source_of<I>::info.kind;
  }

  // A simple model of a device, in cycles, as that of `tile_for`.
  static constexpr double processors = 132, launch = 2000, step_latency = 600;

  template <std::size_t... I>
  static double saved(std::int64_t batch_size, std::index_sequence<I...>) {
    return ((launch + alone<static_cast<int>(I)>(batch_size)) + ...) -
           (launch + (together<static_cast<int>(I)>(batch_size) + ...));
  }
  /// A step as part of the chain: each processor has some tiles, and two of them at the same time
  /// hide each other's latency.
  template <int I>
  static double together(std::int64_t batch_size) {
    auto const rounds = [&](double places) {
      return std::ceil(static_cast<double>(tiles_of(batch_size)) / places);
    };
    double busy = work<I>() * rows / 16;
    if constexpr (kind_of<I>() == step_kind::contraction) {
      constexpr std::int64_t columns = kernel_of<I>::columns;
      constexpr tile_shape shape = kernel_of<I>::shape;
      constexpr std::int64_t computed = kernel_of<I>::column_tiles * shape.columns;
      busy = work<I>() * (rows > shape.rows ? rows : shape.rows) / 128 *
             (static_cast<double>(computed) / columns) /
             (kernel_of<I>::on_tensor_cores ? 1.0 : 0.5) / (Form::holds() ? 1 : 0.8);
    }
    return rounds(processors) * busy + rounds(processors * blocks) * step_latency;
  }
  /// By itself.
  template <int I>
  static double alone(std::int64_t batch_size) {
    if constexpr (kind_of<I>() == step_kind::contraction) {
      constexpr auto p = source_of<I>::info.product;
      return tile_for(p.rows.extent * batch_size, p.columns.extent, p.inner.extent,
                      kernel_of<I>::on_tensor_cores)
          .cycles;
    } else {
      return work<I>() * static_cast<double>(batch_size) / 250;  // 2000 bytes a cycle
    }
  }
  /// Multiply-adds of a product, or elements, for a sample.
  template <int I>
  static constexpr double work() {
    using source = source_of<I>;
    auto const elements = step_body<source>::template positions<0, source::info.rank>(1);
    if constexpr (kind_of<I>() == step_kind::contraction)
      return static_cast<double>(elements * source::info.product.inner.extent);
    else
      return static_cast<double>(elements);
  }

  /// The tile of products in a block: all threads have sums, as many as can be.
  static constexpr tile_shape shape_for(std::int64_t columns, bool on_tensor_cores) {
    if (columns > 64 && rows >= 64) return {64, 128, 16, 8, 4, 1, blocks};
    if (columns > 64 && rows >= 32 && !on_tensor_cores) return {32, 128, 16, 4, 4, 1, blocks};
    if (columns > 32 && rows >= 64) return {64, 64, 16, 4, 4, 1, blocks};
    return {32, 32, 32, 4, 4, 1, blocks};
  }
  /// What computes a step for a tile.
  template <class S>
  static constexpr auto choose() {
    if constexpr (S::info.kind == step_kind::loop) {
      return std::type_identity<loop_kernel<S>>{};
    } else if constexpr (S::info.kind == step_kind::row) {
      return std::type_identity<row_kernel<S>>{};
    } else {
      using usual = matrix_kernel<S, product_operands<S>, Arithmetic>;
      return std::type_identity<
          matrix_kernel<S, product_operands<S>, Arithmetic,
                        shape_for(S::info.product.columns.extent, usual::on_tensor_cores)>>{};
    }
  }
  template <int I>
  using kernel_of = typename decltype(choose<source_of<I>>())::type;

  template <std::size_t... I>
  static constexpr std::int64_t scratch_of_tile(std::index_sequence<I...>) {
    std::int64_t most = 0;
    auto const larger = [&most](std::int64_t bytes) {
      if (bytes > most) most = bytes;
    };
    (larger(scratch_of<static_cast<int>(I)>()), ...);
    return detail::aligned_to_256(most);
  }
  template <int I>
  static constexpr std::int64_t scratch_of() {
    if constexpr (kind_of<I>() == step_kind::row)
      return kernel_of<I>::scratch_bytes(rows);
    else
      return 0;
  }

  template <int Size, std::size_t... At>
  TYPEGRAD_DEVICE static void bring_weights(group<Size> const& g, arguments const& a,
                                            std::index_sequence<At...>) {
    (bring<static_cast<int>(At)>(g, a), ...);
    g.sync();
  }
  template <int At, int Size>
  TYPEGRAD_DEVICE static void bring(group<Size> const& g, arguments const& a) {
    constexpr chain_slot s = Form::slot(At);
    if constexpr (s.held) copy(g, g.shared + s.near, a.slots[At], s.bytes);
  }

  template <int Size, std::size_t... I>
  TYPEGRAD_DEVICE static void all_steps(group<Size> const& g, arguments const& a,
                                        run_context const& run, std::index_sequence<I...>) {
    (one_step<static_cast<int>(I)>(g, a, run), ...);
  }
  template <int I, int Size>
  TYPEGRAD_DEVICE static void one_step(group<Size> const& g, arguments const& a,
                                       run_context const& run) {
    using kernel = kernel_of<I>;
    constexpr step_kind kind = kind_of<I>();
    constexpr int first = Form::first_slot(I), first_stream = Form::first_stream(I);
    using own_slots =
        std::make_index_sequence<static_cast<std::size_t>(Form::first_slot(I + 1) - first)>;
    typename kernel::arguments mine{};
    point<first>(mine, g, a, run, own_slots{});
    for (int i = 0; i < Form::first_stream(I + 1) - first_stream; ++i)
      mine.streams[i] = a.streams[first_stream + i];
    mine.run = run;
    if constexpr (kind == step_kind::loop) {
      std::int64_t const units = kernel::units(run.samples);
      for (std::int64_t u = g.rank(); u < units; u += g.size) kernel::unit(u, mine);
    } else if constexpr (kind == step_kind::row) {
      static_assert(kernel::threads == group_size(threads));
      std::int64_t const tiles = kernel::tiles(run.samples);
      for (std::int64_t t = 0; t < tiles; ++t) kernel::tile(g, t, mine, {});
    } else {
      static_assert(kernel::shared_bytes() <= static_cast<std::size_t>(chain_workspace(rows)));
      kernel::all_tiles(g, mine);
    }
    g.sync();
    copy_out<first>(g, a, run, own_slots{});
  }

  /// Where the tile's part of a slot's value lies in the device's memory.
  template <int At>
  TYPEGRAD_DEVICE static std::byte* on_device(arguments const& a, run_context const& run) {
    constexpr chain_slot s = Form::slot(At);
    return static_cast<std::byte*>(a.slots[At]) + (s.per_sample ? run.first_sample * s.bytes : 0);
  }
  template <int First, class Arguments, int Size, std::size_t... I>
  TYPEGRAD_DEVICE static void point(Arguments& to, group<Size> const& g, arguments const& a,
                                    run_context const& run, std::index_sequence<I...>) {
    ((to.slots[I] = pointer<First + static_cast<int>(I)>(g, a, run)), ...);
  }
  template <int At, int Size>
  TYPEGRAD_DEVICE static void* pointer(group<Size> const& g, arguments const& a,
                                       run_context const& run) {
    constexpr chain_slot s = Form::slot(At);
    if constexpr (s.near >= 0)
      return g.shared + s.near;
    else
      return on_device<At>(a, run);
  }
  template <int First, int Size, std::size_t... I>
  TYPEGRAD_DEVICE static void copy_out(group<Size> const& g, arguments const& a,
                                       run_context const& run, std::index_sequence<I...>) {
    (copy_one_out<First + static_cast<int>(I)>(g, a, run), ...);
  }
  template <int At, int Size>
  TYPEGRAD_DEVICE static void copy_one_out(group<Size> const& g, arguments const& a,
                                           run_context const& run) {
    constexpr chain_slot s = Form::slot(At);
    if constexpr (s.copied)
      copy(g, on_device<At>(a, run), g.shared + s.near, run.samples * s.bytes);
  }

  /// Bytes, copied by all threads; from and to multiples of 16.
  template <int Size>
  TYPEGRAD_DEVICE static void copy(group<Size> const& g, void* to, void const* from,
                                   std::int64_t bytes) {
#if TYPEGRAD_CUDA
    using sixteen = pack<std::uint32_t, 4>;
    std::int64_t const whole = bytes / 16;
    for (std::int64_t i = g.rank(); i < whole; i += g.size)
      static_cast<sixteen*>(to)[i] = static_cast<sixteen const*>(from)[i];
    for (std::int64_t i = whole * 16 + g.rank(); i < bytes; i += g.size)
      static_cast<std::byte*>(to)[i] = static_cast<std::byte const*>(from)[i];
#else
    static_cast<void>(g);
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
#endif
  }
};

namespace detail {

template <arithmetic Arithmetic, class Form, class... Source>
constexpr auto kernel_with(std::type_identity<Form>, std::type_identity<Source>...) {
  return std::type_identity<chain_kernel<Arithmetic, Form, Source...>>{};
}
template <class Program, arithmetic Arithmetic, int First, std::size_t... I>
constexpr auto kernel_of_steps(std::index_sequence<I...>) {
  return kernel_with<Arithmetic>(
      form_of_chain<Program, First>(),
      encoded_step<Program,
                   Program::data.steps[static_cast<std::size_t>(First) + I].signature>()...);
}

}  // namespace detail

/// The kernel of the chain that begins with step First, as a std::type_identity.
template <class Program, arithmetic Arithmetic, int First>
constexpr auto kernel_of_chain() {
  return detail::kernel_of_steps<Program, Arithmetic, First>(
      std::make_index_sequence<static_cast<std::size_t>(
          Program::data.steps[static_cast<std::size_t>(First)].chain)>{});
}

TYPEGRAD_ON_THRUST_END
