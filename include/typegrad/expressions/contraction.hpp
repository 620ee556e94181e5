// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/reduction.hpp>
#include <typegrad/ops/contraction.hpp>

// Products of matrices.

namespace typegrad {

namespace expressions {

struct matmul_function {
  static constexpr symbol call(symbol a, symbol b) {
    if (build::poisoned(a) || build::poisoned(b)) return {a.owner(), -1};
    int const first_a = a.per_sample() ? 1 : 0;
    int const first_b = b.per_sample() ? 1 : 0;
    // the dynamic axis may be rows of a, or a leading axis of both
    if (first_a == 1 && a.rank() == 0)
      return poison(a.owner(), sentence("matmul: cannot contract a dynamic axis; use sum(a * b)"));
    if (first_b == 1 && b.rank() < 2)
      return poison(a.owner(), sentence("matmul: cannot contract a dynamic axis of the second "
                                        "operand"));
    if (first_b == 1 && first_a == 0 && a.rank() > 2)
      return poison(a.owner(), sentence("matmul: the first operand has leading axes of fixed "
                                        "lengths, the second a dynamic one"));
    return typegrad::matmul(a, b);
  }
};

}  // namespace expressions

/// NumPy's matrix product: the last axis of a with the last but one of b; a vector counts as a row
/// on the left, as a column on the right. A dynamic first axis of a is one of rows.
template <expressions::valued A, expressions::valued B>
constexpr auto matmul(A&& a, B&& b) {
  return expressions::operate_on<expressions::matmul_function>(std::forward<A>(a),
                                                               std::forward<B>(b));
}

}  // namespace typegrad
