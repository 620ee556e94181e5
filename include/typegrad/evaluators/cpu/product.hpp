// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/epilogue.hpp>
#include <typegrad/evaluators/cpu/gemm.hpp>

// Matrix products, whose epilogue is the step's body.

TYPEGRAD_QUIET_BEGIN
namespace typegrad::on_cpu {

template <class Source, class Arch>
struct product_kernel : step_body<Source, Arch> {
  using body = step_body<Source, Arch>;
  using typename body::position;
  using typename body::real;
  static constexpr auto const& info = body::info;
  static constexpr auto const& p = info.product;

  static constexpr dtype type() {
    for (int i = 0; i < body::count; ++i)
      if (body::at(i).code == op::dot_general) return body::at(i).type;
    return dtype::float32;
  }
  static constexpr bool transposed(std::int64_t along_row, std::int64_t along_column,
                                   bool single_row, bool single_column) {
    // contiguous along the column, or along the row; a single row or column goes either way
    return along_column != 1 && !single_column && (along_row == 1 || single_row);
  }
  static constexpr bool single(domain_axis const& a) { return a.extent == 1 && !a.batch; }
  static constexpr bool transposed_a =
      transposed(p.a_row, p.a_inner, single(p.rows), single(p.inner));
  static constexpr bool transposed_b =
      transposed(p.b_inner, p.b_column, single(p.inner), single(p.columns));
  static constexpr gemm_shape shape{
      .m = p.rows.batch ? 0 : p.rows.extent,
      .n = p.columns.batch ? 0 : p.columns.extent,
      .k = p.inner.batch ? 0 : p.inner.extent,
      .transposed_a = transposed_a,
      .transposed_b = transposed_b,
  };
  /// Rows `Stride` apart in memory. Of a single row the distance does not matter; one that is
  /// repeated is 0 away from itself, which only a distance at run time can say.
  template <std::int64_t Stride, bool Single>
  using rows_of = strided<real, (Stride == 0 && Single ? 1 : Stride)>;
  template <class Rows>
  static constexpr Rows rows_at(real const* data) {
    if constexpr (Rows::stride_if_static == 0)
      return {data, 0};
    else
      return {data};
  }
  using operand_a = std::conditional_t<transposed_a, rows_of<p.a_inner, single(p.inner)>,
                                       rows_of<p.a_row, single(p.rows)>>;
  using operand_b = std::conditional_t<transposed_b, rows_of<p.b_column, single(p.columns)>,
                                       rows_of<p.b_inner, single(p.inner)>>;
  using kernel = gemm<shape, real, Arch>;

  static constexpr std::size_t scratch_bytes(int team_size) {
    return (kernel::template scratch_bytes<operand_a, operand_b>(team_size) + 63) / 64 * 64;
  }

  static void run(team const& members, void* const* slots, int const*, run_context const& run) {
    static_assert((type() == dtype::float64) == std::is_same_v<real, double>,
                  "a matrix product and what is computed from its result at once must be of one "
                  "floating dtype");
    auto const size = [&](domain_axis const& a) {
      return a.extent * (a.batch ? run.batch_size : 1);
    };
    std::int64_t const loops = body::positions(0, p.loops, run);
    for (std::int64_t i = 0; i < loops; ++i) {
      position at;
      body::template locate<0, p.loops>(i, at);
      auto const* const a = static_cast<real const*>(slots[p.slot_a]);
      auto const* const b = static_cast<real const*>(slots[p.slot_b]);
      kernel::run(members, size(p.rows), size(p.columns), size(p.inner),
                  rows_at<operand_a>(a + body::template offset<p.loops>(p.a, at)),
                  rows_at<operand_b>(b + body::template offset<p.loops>(p.b, at)),
                  step_epilogue<Source, Arch>{slots, at, run}, run.scratch);
      if (p.loops > 0 && i + 1 < loops) members.barrier();  // the scratch memory is used again
    }
  }
};

}  // namespace typegrad::on_cpu
TYPEGRAD_QUIET_END
