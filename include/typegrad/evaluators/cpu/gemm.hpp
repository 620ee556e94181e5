// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/gemm/epilogue.hpp>
#include <typegrad/evaluators/cpu/gemm/operand.hpp>
#include <typegrad/evaluators/cpu/gemm/row.hpp>
#include <typegrad/evaluators/cpu/gemm/tiled.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

namespace typegrad::on_cpu {

namespace detail {

// Stands for any operand when scratch memory is reckoned: one that needs most.
struct any_operand {};

}  // namespace detail

// C (m x n) = A (m x k) B (k x n) for dense matrices, by kernels chosen for the static extents.
//
//   Shape     the static extents (0: known at run time) and which operands are stored transposed
//   a, b      `strided<T>` / `strided<T, stride>` memory, or a loader (gemm/operand.hpp)
//   epilogue  takes finished vectors of C from registers and stores them (gemm/epilogue.hpp)
//
// Every member of the team calls `run` with the same arguments. On return a member has done its
// part: others read C, or use the scratch memory, after the team's next barrier. The result is
// bit-identical for any team size. With k == 0 the epilogue gets zeros; with m == 0 or n == 0
// nothing is done.
template <gemm_shape Shape, class T, class Arch = xsimd::default_arch>
struct gemm {
  // Below this many multiply-adds, m n k, a product runs on the team's first member alone (about
  // 2 us; a barrier costs some 0.5 us).
  static constexpr std::int64_t parallel_from = 256 * 1024;

  // Bytes of scratch memory for the whole team, which `run` wants aligned to 64 bytes: a bound for
  // all extents that agree with Shape, and for any operands or for those of the types given.
  template <class A = detail::any_operand, class B = detail::any_operand>
  static constexpr std::size_t scratch_bytes(int team_size) {
    return detail::tiled<Shape, T, Arch, A, B>::scratch_bytes(team_size);
  }

  template <class A, class B, class Epilogue>
  static void run(team const& members, std::int64_t m, std::int64_t n, std::int64_t k, A const& a,
                  B const& b, Epilogue const& epilogue, std::byte* scratch) {
    static_assert(detail::is_strided<A, T> || gemm_loader<A, T, Arch>,
                  "gemm: the left operand needs to be a strided<T> or a loader of T");
    static_assert(detail::is_strided<B, T> || gemm_loader<B, T, Arch>,
                  "gemm: the right operand needs to be a strided<T> or a loader of T");
    if constexpr (Shape.m != 0) m = Shape.m;
    if constexpr (Shape.n != 0) n = Shape.n;
    if constexpr (Shape.k != 0) k = Shape.k;
    if (m <= 0 || n <= 0) return;
    bool const alone = m * n * k < parallel_from;
    if (alone && members.index != 0) return;
    team const workers = alone ? team{} : members;
    detail::as_loader<T, Arch, A> const left{a};
    detail::as_loader<T, Arch, B> const right{b};
    constexpr std::int64_t few = detail::tile_rows<Arch> / 2;
    if constexpr (Shape.m < few) {
      if (m < few) {
        for (std::int64_t row = 0; row < m; ++row) {
          detail::one_row<Shape, T, Arch, A, B>::run(workers, row, n, k, left, right, epilogue);
        }
        return;
      }
    }
    if constexpr (Shape.m == 0 || Shape.m >= few) {
      detail::tiled<Shape, T, Arch, A, B>::run(workers, m, n, k, left, right, epilogue, scratch);
    }
  }
};

}  // namespace typegrad::on_cpu
