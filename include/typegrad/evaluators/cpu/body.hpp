// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/source.hpp>
#include <typegrad/evaluators/cpu/lane.hpp>
#include <typegrad/evaluators/cpu/math.hpp>

#include <cstddef>
#include <utility>

// A step's body as straight-line code: every instruction becomes one expression on scalars (where
// it does not vary along the innermost axis) or on vectors.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

/// What the kernels of one run share.
struct run_context {
  std::int64_t batch_size = 1;
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::byte* scratch = nullptr;  ///< of the whole team
  std::byte* arena = nullptr;
};

namespace detail {

template <class Source>
constexpr bool uses_float64() {
  for (int i = 0; i < Source::info.instruction_count; ++i)
    if (Source::instruction_at(i).type == dtype::float64) return true;
  return false;
}

}  // namespace detail

template <class Source, class Arch>
struct step_body {
  static constexpr auto const& info = Source::info;
  static constexpr int count = info.instruction_count;
  static constexpr int rank = info.rank;
  static constexpr int inner_axis = rank > 0 ? rank - 1 : 0;

  static constexpr instruction const& at(int i) { return Source::instruction_at(i); }
  static constexpr store const& store_at(int i) { return Source::store_at(i); }
  /// What vectors have as many lanes as: float, or double as soon as some value is float64. float32
  /// values are computed in double then.
  using real = std::conditional_t<detail::uses_float64<Source>(), double, float>;
  static constexpr int width = lane_count<real, Arch>;

  template <int I>
  using scalar = scalar_of<real, at(I).type>;
  template <int I>
  using vector = vector_of<real, Arch, at(I).type>;

  template <int I>
  struct scalar_cell {
    scalar<I> value;
  };
  template <int I>
  struct vector_cell {
    vector<I> value;
  };
  template <class Sequence>
  struct all_cells;
  template <std::size_t... I>
  struct all_cells<std::index_sequence<I...>> {
    struct scalars : scalar_cell<static_cast<int>(I)>... {};
    struct vectors : vector_cell<static_cast<int>(I)>... {};
  };
  using indices = std::make_index_sequence<static_cast<std::size_t>(count)>;
  using scalars = typename all_cells<indices>::scalars;
  using vectors = typename all_cells<indices>::vectors;

  /// A position along all axes but the innermost.
  struct position {
    std::int64_t along[max_domain] = {};
  };

  /// The elements that `a` skips to reach a position, along axes [0, Axes).
  template <int Axes>
  TYPEGRAD_INLINE static constexpr std::int64_t offset(access const& a, position const& p) {
    std::int64_t e = a.offset;
    for (int i = 0; i < Axes; ++i) e += a.strides[i] * p.along[i];
    return e;
  }

  /// Axis `i`'s length in this run.
  TYPEGRAD_INLINE static constexpr std::int64_t length(int i, run_context const& run) {
    return info.axes[i].extent * (info.axes[i].batch ? run.batch_size : 1);
  }
  /// The number of positions along axes [from, to).
  TYPEGRAD_INLINE static constexpr std::int64_t positions(int from, int to,
                                                          run_context const& run) {
    std::int64_t n = 1;
    for (int i = from; i < to; ++i) n *= length(i, run);
    return n;
  }
  /// Spreads a linear position over axes [From, To); only the first may be the batch.
  template <int From, int To>
  TYPEGRAD_INLINE static constexpr void locate(std::int64_t linear, position& p) {
    for (int i = To - 1; i > From; --i) {
      p.along[i] = linear % info.axes[i].extent;
      linear /= info.axes[i].extent;
    }
    if constexpr (To > From) p.along[From] = linear;
  }

  // Scalars ---------------------------------------------------------------------------------------

  template <int I>
  TYPEGRAD_INLINE static auto& cell(scalars& c) {
    return static_cast<scalar_cell<I>&>(c).value;
  }
  template <int I>
  TYPEGRAD_INLINE static auto const& cell(scalars const& c) {
    return static_cast<scalar_cell<I> const&>(c).value;
  }

  /// Computes instruction I, which does not vary along the innermost axis. Axes: how many axes the
  /// position covers.
  template <int I, int Axes>
  TYPEGRAD_INLINE static void compute_scalar(scalars& c, void* const* slots, position const& p,
                                             run_context const& run) {
    constexpr instruction n = at(I);
    auto& out = cell<I>(c);
    if constexpr (n.code == op::constant) {
      if constexpr (n.type == dtype::boolean)
        out = n.value != 0;
      else
        out = static_cast<scalar<I>>(n.value);
    } else if constexpr (n.code == op::scalar) {
      out = n.slot == static_cast<int>(run_scalar::batch_size)
                ? static_cast<scalar<I>>(run.batch_size)
                : scalar<I>(1);  // losses are not scaled here
    } else if constexpr (n.code == op::input) {
      auto const* const base = static_cast<memory_of<n.type> const*>(slots[n.slot]);
      out = static_cast<scalar<I>>(base[offset<Axes>(n.where, p)]);
    } else if constexpr (n.code == op::iota) {
      out = static_cast<scalar<I>>(offset<Axes>(n.where, p));
    } else if constexpr (n.code == op::cast) {
      auto const& x = cell<n.a>(c);
      if constexpr (n.type == dtype::boolean)
        out = x != scalar<n.a>(0);
      else
        out = static_cast<scalar<I>>(x);
    } else if constexpr (is_elementwise(n.code)) {
      if constexpr (is_unary(n.code))
        out = rule<n.code>::apply(cell<n.a>(c));
      else if constexpr (is_binary(n.code))
        out = rule<n.code>::apply(cell<n.a>(c), cell<n.b>(c));
      else
        out = rule<n.code>::apply(cell<n.a>(c), cell<n.b>(c), cell<n.c>(c));
    }
  }

  /// All scalars of a phase that are no reductions.
  template <int Phase, int Axes>
  TYPEGRAD_INLINE static void compute_scalars(scalars& c, void* const* slots, position const& p,
                                              run_context const& run) {
    each_of<scalar_instructions<Phase>>(
        [&]<int I>() __attribute__((always_inline)) { compute_scalar<I, Axes>(c, slots, p, run); });
  }

  // Vectors ---------------------------------------------------------------------------------------

  template <int I>
  TYPEGRAD_INLINE static auto& cell(vectors& c) {
    return static_cast<vector_cell<I>&>(c).value;
  }
  /// Instruction I as a vector, whatever it is.
  template <int I>
  TYPEGRAD_INLINE static vector<I> value(vectors const& v, scalars const& s) {
    if constexpr (at(I).varies)
      return static_cast<vector_cell<I> const&>(v).value;
    else
      return vector<I>(cell<I>(s));
  }

  /// Applies an elementwise instruction to vectors.
  template <int I>
  TYPEGRAD_INLINE static vector<I> apply(vectors const& v, scalars const& s) {
    constexpr instruction n = at(I);
    auto const a = value<n.a>(v, s);
    if constexpr (n.code == op::cast) {
      return detail::cast_vector<real, Arch, at(n.a).type, n.type>(a);
    } else if constexpr (is_unary(n.code)) {
      return vector_rule<n.code>::apply(a);
    } else if constexpr (n.code == op::select) {
      auto const b = value<n.b>(v, s);
      auto const c = value<n.c>(v, s);
      if constexpr (is_floating(n.type))
        return xsimd::select(a, b, c);
      else if constexpr (n.type == dtype::boolean)
        return (a && b) || (!a && c);
      else
        return xsimd::select(detail::integer_mask<real, Arch>(a), b, c);
    } else {
      auto const b = value<n.b>(v, s);
      constexpr bool of_number = at(n.a).code == op::constant && at(n.a).value == at(n.a).value;
      if constexpr (n.code == op::maximum && of_number)
        return xsimd::max(a, b);  // gives b if that is NaN
      else if constexpr (n.code == op::minimum && of_number)
        return xsimd::min(a, b);
      else if constexpr (is_comparison(n.code) && at(n.a).type == dtype::boolean)
        return n.code == op::equal ? vector<I>(a == b) : vector<I>(a != b);
      else if constexpr (is_comparison(n.code) && !is_floating(at(n.a).type))
        return detail::real_mask<real, Arch>(rule<n.code>::apply(a, b));
      else
        return vector_rule<n.code>::apply(a, b);
    }
  }

  // (Through an array, since clang folds over at most 256 operands.)

  /// Calls f.template operator()<I>() for the instructions that Choice::has(I), in order: what is
  /// never called costs no compile time.
  template <class Choice, class F>
  TYPEGRAD_INLINE static void each_of(F&& f) {
    [&]<std::size_t... K>(std::index_sequence<K...>) __attribute__((always_inline)) {
      [[maybe_unused]] bool const done[] = {
        (f.template operator()<chosen<Choice>.at[K]>(), true)...,
        true
      };
    }(std::make_index_sequence<static_cast<std::size_t>(chosen<Choice>.size)>{});
  }
  struct all_instructions {
    static constexpr bool has(int) { return true; }
  };
  /// What varies along the innermost axis.
  struct vector_instructions {
    static constexpr bool has(int i) { return at(i).varies && !is_reduction(at(i).code); }
  };
  /// What does not, and is computed in a phase; reductions are none of them.
  template <int Phase>
  struct scalar_instructions {
    static constexpr bool has(int i) {
      instruction const& n = at(i);
      return !n.varies && n.phase == Phase && !is_reduction(n.code);
    }
  };
  struct reduction_instructions {
    static constexpr bool has(int i) { return is_reduction(at(i).code); }
  };
  struct choice_of {
    int at[count > 0 ? count : 1] = {};
    int size = 0;
  };
  template <class Choice>
  static constexpr choice_of chosen = [] {
    choice_of c;
    for (int i = 0; i < count; ++i)
      if (Choice::has(i)) c.at[c.size++] = i;
    return c;
  }();

  /// Calls f.template operator()<I>() for every instruction, in order.
  template <class F>
  TYPEGRAD_INLINE static void each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      [[maybe_unused]] bool const done[] = {
        (f.template operator()<static_cast<int>(I)>(), true)...,
        true
      };
    }(indices{});
  }
  template <class F>
  TYPEGRAD_INLINE static void each_store(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      [[maybe_unused]] bool const done[] = {
        (f.template operator()<static_cast<int>(I)>(), true)...,
        true
      };
    }(std::make_index_sequence<static_cast<std::size_t>(info.store_count)>{});
  }

  /// Stores the values that do not vary along the innermost axis.
  template <int Axes>
  TYPEGRAD_INLINE static void store_scalars(scalars const& c, void* const* slots,
                                            position const& p) {
    each_store([&]<int K>() {
      constexpr store x = store_at(K);
      if constexpr (!at(x.value).varies && !stores_along_inner(x)) {
        auto* const base = static_cast<memory_of<x.type>*>(slots[x.slot]);
        base[offset<Axes>(x.where, p)] = static_cast<memory_of<x.type>>(cell<x.value>(c));
      }
    });
  }
  /// Whether a store writes along the innermost axis, be it one and the same value.
  static constexpr bool stores_along_inner(store const& x) {
    return rank > 0 && x.where.strides[inner_axis] != 0;
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END
