// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/source.hpp>
#include <typegrad/core/half.hpp>
#include <typegrad/core/random_stream.hpp>
#include <typegrad/evaluators/thrust/system.hpp>
#include <typegrad/ops/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

// A step's body as straight-line code for one thread, which has a few neighbouring elements at a
// time so that it can load and store 16 bytes at once.

TYPEGRAD_ON_THRUST_BEGIN

namespace detail {
constexpr std::int64_t aligned_to_256(std::int64_t bytes) { return (bytes + 255) / 256 * 256; }
}  // namespace detail

/// What kernels read of a run that changes from step to step. It lies in the device's memory, so
/// that recorded launches find new values there.
struct run_state {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  float loss_scale = 1;
};

/// What the kernels of one run share.
struct run_context {
  std::int64_t batch_size = 1;
  run_state const* state = nullptr;  ///< in the device's memory
  std::byte* scratch = nullptr;
  unsigned* counters = nullptr;  ///< of the step: `most_counters`, 0 between steps
  std::byte* arena = nullptr;
  // The samples that a kernel works on, to which its pointers point: all, but within a chain.
  std::int64_t samples = batch_size;
  std::int64_t first_sample = 0;
};

/// Counters that a step may have, by which the last block of several knows that it is the last.
inline constexpr std::int64_t most_counters = 512;

/// What a kernel of one step is called with.
template <class Source>
struct step_arguments {
  static constexpr int slot_count = Source::info.buffer_count > 0 ? Source::info.buffer_count : 1;
  static constexpr int stream_count = Source::info.stream_count > 0 ? Source::info.stream_count : 1;
  void* slots[slot_count];
  int streams[stream_count];
  run_context run;
};

/// What an element of a dtype is in memory.
template <dtype Type>
using memory_of = std::conditional_t<
    Type == dtype::float32, float,
    std::conditional_t<
        Type == dtype::float64, double,
        std::conditional_t<
            Type == dtype::float16, float16,
            std::conditional_t<Type == dtype::bfloat16, bfloat16,
                               std::conditional_t<Type == dtype::int32, std::int32_t,
                                                  std::conditional_t<Type == dtype::boolean, bool,
                                                                     std::int8_t>>>>>>;

/// What it is in a register: numbers of 16 bits are computed with as float32.
template <dtype Type>
using register_of = std::conditional_t<
    Type == dtype::float64, double,
    std::conditional_t<is_floating(Type), float,
                       std::conditional_t<Type == dtype::boolean, bool, std::int32_t>>>;

/// `Count` elements in memory, moved by as few instructions as there can be.
template <class T, int Count>
struct alignas(sizeof(T) * Count < 16 ? sizeof(T) * Count : 16) pack {
  T at[Count];
};

/// A value of one dtype rounded to another one's precision.
template <dtype To, class T>
TYPEGRAD_DEVICE constexpr register_of<To> converted(T const& x) {
  if constexpr (To == dtype::boolean)
    return x != T(0);
  else if constexpr (To == dtype::float16 || To == dtype::bfloat16)
    return static_cast<float>(memory_of<To>(static_cast<float>(x)));
  else
    return static_cast<register_of<To>>(x);
}

template <dtype Type>
TYPEGRAD_DEVICE register_of<Type> from_memory(memory_of<Type> const& x) {
  return static_cast<register_of<Type>>(x);
}
template <dtype Type>
TYPEGRAD_DEVICE memory_of<Type> to_memory(register_of<Type> const& x) {
  return static_cast<memory_of<Type>>(x);
}

template <class Source>
struct step_body {
  static constexpr auto const& info = Source::info;
  static constexpr int count = info.instruction_count;
  static constexpr int rank = info.rank;
  static constexpr int inner_axis = rank > 0 ? rank - 1 : 0;
  using arguments = step_arguments<Source>;

  static constexpr instruction const& at(int i) { return Source::instruction_at(i); }
  static constexpr store const& store_at(int i) { return Source::store_at(i); }

  template <int I>
  using value_type = register_of<at(I).type>;

  /// A position in the domain; of a thread's several elements the first one.
  struct position {
    std::int64_t along[rank > 0 ? rank : 1] = {};
  };

  /// The value of instruction I for `Width` neighbours along the innermost axis.
  template <int I, int Width>
  struct cell {
    value_type<I> at[Width];
  };
  template <int Width, class Sequence>
  struct cells_of;
  template <int Width, std::size_t... I>
  struct cells_of<Width, std::index_sequence<I...>> : cell<static_cast<int>(I), Width>... {};
  using indices = std::make_index_sequence<static_cast<std::size_t>(count)>;
  using store_indices = std::make_index_sequence<static_cast<std::size_t>(info.store_count)>;
  template <int Width>
  using cells = cells_of<Width, indices>;

  template <int I, int Width>
  TYPEGRAD_DEVICE static cell<I, Width>& get(cells<Width>& c) {
    return static_cast<cell<I, Width>&>(c);
  }

  // Positions
  // ---------------------------------------------------------------------------------------

  TYPEGRAD_DEVICE static constexpr std::int64_t offset(access const& a, position const& p) {
    std::int64_t e = a.offset;
    for (int i = 0; i < rank; ++i)
      if (a.strides[i] != 0) e += a.strides[i] * p.along[i];
    return e;
  }
  /// The number of positions along axes [From, To) in this run.
  template <int From, int To>
  TYPEGRAD_DEVICE static constexpr std::int64_t positions(std::int64_t batch_size) {
    constexpr domain_axis all = merged_axes(From, To);
    return all.extent * (all.batch ? batch_size : 1);
  }
  static constexpr std::int64_t extent_of(int axis) { return info.axes[axis].extent; }
  static constexpr domain_axis merged_axes(int first, int end) {
    domain_axis all;
    for (int i = first; i < end; ++i) {
      all.extent *= info.axes[i].extent;
      all.batch = all.batch || info.axes[i].batch;
    }
    return all;
  }
  /// Spreads a linear position over axes [From, To); only the first may be the batch.
  template <int From, int To>
  TYPEGRAD_DEVICE static void locate(std::int64_t linear, position& p) {
    if constexpr (To - From == 1) {
      p.along[From] = linear;
    } else if constexpr (To > From) {
      constexpr std::int64_t extent = extent_of(To - 1);
      p.along[To - 1] = linear % extent;
      locate<From, To - 1>(linear / extent, p);
    }
  }

  // Vectors
  // -----------------------------------------------------------------------------------------

  /// Whether elements at positions that are multiples of `width` along the innermost axis can be
  /// moved `width` at a time: they follow on each other, and so do the rows before them.
  static constexpr bool aligned(access const& a, int width) {
    if (a.strides[inner_axis] == 0) return true;
    if (a.strides[inner_axis] != 1 || a.offset % width != 0) return false;
    for (int i = 0; i + 1 < rank; ++i)
      if (a.strides[i] % width != 0) return false;
    return true;
  }
  /// How many neighbours a thread has: 16 bytes of the largest type, if everything that is written
  /// can be moved so.
  static constexpr int choose_width() {
    if (rank == 0) return 1;
    std::int64_t largest = 1;
    for (int i = 0; i < count; ++i)
      if (at(i).code == op::input && bytes_of(at(i).type) > largest) largest = bytes_of(at(i).type);
    for (int k = 0; k < info.store_count; ++k)
      if (bytes_of(store_at(k).type) > largest) largest = bytes_of(store_at(k).type);
    int const width = largest >= 8 ? 2 : largest == 4 ? 4 : 8;
    if (info.axes[inner_axis].extent % width != 0) return 1;
    for (int k = 0; k < info.store_count; ++k)
      if (store_at(k).unaligned || !aligned(store_at(k).where, width)) return 1;
    return width;
  }

  template <int I, int Width>
  TYPEGRAD_DEVICE static void load(cell<I, Width>& out, arguments const& a, position const& p) {
    constexpr instruction n = at(I);
    auto const* const base = static_cast<memory_of<n.type> const*>(a.slots[n.slot]);
    std::int64_t const first = offset(n.where, p);
    if constexpr (Width > 1 && !n.unaligned && n.where.strides[inner_axis] == 1 &&
                  aligned(n.where, Width)) {
      using packed = pack<memory_of<n.type>, Width>;
      packed const all = *reinterpret_cast<packed const*>(base + first);
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) out.at[w] = from_memory<n.type>(all.at[w]);
    } else if constexpr (n.where.strides[inner_axis] == 0) {
      auto const one = from_memory<n.type>(base[first]);
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) out.at[w] = one;
    } else {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w)
        out.at[w] = from_memory<n.type>(base[first + n.where.strides[inner_axis] * w]);
    }
  }

  template <int K, int Width>
  TYPEGRAD_DEVICE static void write(cell<store_at(K).value, Width> const& in, arguments const& a,
                                    position const& p) {
    constexpr store x = store_at(K);
    auto* const base = static_cast<memory_of<x.type>*>(a.slots[x.slot]);
    std::int64_t const first = offset(x.where, p);
    if constexpr (Width > 1 && !x.unaligned && x.where.strides[inner_axis] == 1 &&
                  aligned(x.where, Width)) {
      using packed = pack<memory_of<x.type>, Width>;
      packed all;
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) all.at[w] = to_memory<x.type>(in.at[w]);
      // as an element of an array of packs: of other forms nvcc 13 may make four stores
      reinterpret_cast<packed*>(base)[static_cast<std::uint64_t>(first) / Width] = all;
    } else if constexpr (rank == 0 || x.where.strides[inner_axis] == 0) {
      base[first] = to_memory<x.type>(in.at[0]);  // all have the same value, and one place
    } else {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w)
        base[first + x.where.strides[inner_axis] * w] = to_memory<x.type>(in.at[w]);
    }
  }

  // Instructions
  // ------------------------------------------------------------------------------------

  /// Computes instruction I, unless it is a reduction, a contraction or random: those find their
  /// values elsewhere. `inner` is the position of the elements along the innermost axis.
  template <int I, int Width>
  TYPEGRAD_DEVICE static void compute(cells<Width>& c, arguments const& a, position const& p) {
    constexpr instruction n = at(I);
    auto& out = get<I, Width>(c);
    if constexpr (n.code == op::input) {
      load<I, Width>(out, a, p);
    } else if constexpr (n.code == op::constant) {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) out.at[w] = converted<n.type>(n.value);
    } else if constexpr (n.code == op::scalar) {
      float const value = n.slot == static_cast<int>(run_scalar::loss_scale)
                              ? a.run.state->loss_scale
                              : static_cast<float>(a.run.batch_size);
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) out.at[w] = converted<n.type>(value);
    } else if constexpr (n.code == op::iota) {
      std::int64_t const first = offset(n.where, p);
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w)
        out.at[w] = converted<n.type>(first + (rank > 0 ? n.where.strides[inner_axis] : 0) * w);
    } else if constexpr (n.code == op::cast) {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w) out.at[w] = converted<n.type>(get<n.a, Width>(c).at[w]);
    } else if constexpr (is_unary(n.code)) {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w)
        out.at[w] = converted<n.type>(rule<n.code>::apply(get<n.a, Width>(c).at[w]));
    } else if constexpr (is_binary(n.code)) {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w)
        out.at[w] = converted<n.type>(
            rule<n.code>::apply(get<n.a, Width>(c).at[w], get<n.b, Width>(c).at[w]));
    } else if constexpr (n.code == op::select) {
      TYPEGRAD_UNROLLED
      for (int w = 0; w < Width; ++w)
        out.at[w] = get<n.a, Width>(c).at[w] ? get<n.b, Width>(c).at[w] : get<n.c, Width>(c).at[w];
    }
  }

  template <int Width>
  TYPEGRAD_DEVICE static void compute_all(cells<Width>& c, arguments const& a, position const& p) {
    compute_all(c, a, p, indices{});
  }
  template <int Width>
  TYPEGRAD_DEVICE static void store_all(cells<Width>& c, arguments const& a, position const& p) {
    store_all(c, a, p, store_indices{});
  }

  /// Whether a store writes along the innermost axis, be it one and the same value.
  static constexpr bool stores_along_inner(store const& x) {
    return rank > 0 && x.where.strides[inner_axis] != 0;
  }

 private:
  template <int Width, std::size_t... I>
  TYPEGRAD_DEVICE static void compute_all(cells<Width>& c, arguments const& a, position const& p,
                                          std::index_sequence<I...>) {
    (compute<static_cast<int>(I), Width>(c, a, p), ...);
  }
  template <int Width, std::size_t... K>
  TYPEGRAD_DEVICE static void store_all(cells<Width>& c, arguments const& a, position const& p,
                                        std::index_sequence<K...>) {
    (write<static_cast<int>(K), Width>(get<store_at(static_cast<int>(K)).value, Width>(c), a, p),
     ...);
  }
};

TYPEGRAD_ON_THRUST_END
