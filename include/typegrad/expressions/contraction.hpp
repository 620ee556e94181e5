// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/reduction.hpp>
#include <typegrad/ops/einsum.hpp>

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

constexpr bool fixed(std::string_view name, symbol a, symbol b) {
  if (!a.per_sample() && !b.per_sample()) return true;
  poison(a.owner(), typegrad::sentence(name, ": does not apply to a dynamic first axis"));
  return false;
}

struct dot_function {
  static constexpr symbol call(symbol a, symbol b) {
    return fixed("dot", a, b) ? typegrad::dot(a, b) : symbol{a.owner(), -1};
  }
};
struct outer_function {
  static constexpr symbol call(symbol a, symbol b) {
    return fixed("outer", a, b) ? typegrad::outer(a, b) : symbol{a.owner(), -1};
  }
};
template <int Count>
struct tensordot_function {
  static constexpr symbol call(symbol a, symbol b) {
    return fixed("tensordot", a, b) ? typegrad::tensordot(a, b, Count) : symbol{a.owner(), -1};
  }
};

/// With a dynamic first axis an operand's first letter is that axis; it must be the result's first,
/// too, and is one letter for all of them.
template <fixed_string Text>
struct einsum_function {
  template <std::same_as<symbol>... X>
  static constexpr symbol call(symbol first, X... more) {
    symbol const all[] = {first, more...};
    bool any = false;
    for (symbol const& x : all) any = any || x.per_sample();
    if (!any) return einsum(Text.view(), first, more...);
    typegrad::basic_text<120> without;
    char rows = 0;
    std::size_t operand = 0;
    bool at_first = true, result = false, valid = true;
    for (char const c : Text.view()) {
      if (c == ' ') continue;
      if (c == ',' || c == '-' || c == '>') {
        without.append(c);
        at_first = true;
        if (c == ',') ++operand;
        if (c == '>') result = true;
        continue;
      }
      bool const dropped =
          at_first && (result || (operand < sizeof...(X) + 1 && all[operand].per_sample()));
      at_first = false;
      if (!dropped) {
        valid = valid && c != rows;
        without.append(c);
        continue;
      }
      if (rows == 0) rows = c;
      valid = valid && c == rows;
    }
    if (!valid || !result)
      return poison(
          first.owner(),
          typegrad::sentence("einsum: the dynamic first axis must have one letter, and be "
                             "the first of the result, in ",
                             Text.view()));
    return einsum(without.view(), first, more...);
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

/// NumPy's `dot`: the sum over the last axis of a and the last but one of b.
template <expressions::valued A, expressions::valued B>
constexpr auto dot(A&& a, B&& b) {
  return expressions::operate_on<expressions::dot_function>(std::forward<A>(a), std::forward<B>(b));
}
/// All products of an element of a and one of b, which count as vectors.
template <expressions::valued A, expressions::valued B>
constexpr auto outer(A&& a, B&& b) {
  return expressions::operate_on<expressions::outer_function>(std::forward<A>(a),
                                                              std::forward<B>(b));
}
/// The sum over the last Count axes of a and the first ones of b.
template <int Count = 2, expressions::valued A, expressions::valued B>
constexpr auto tensordot(A&& a, B&& b) {
  return expressions::operate_on<expressions::tensordot_function<Count>>(std::forward<A>(a),
                                                                         std::forward<B>(b));
}
/// Einstein's sum over named axes, as NumPy's: einsum<"bij,bjk->bik">(a, b). Letters that the
/// result does not have are summed over; without -> it has the letters that stand once, in
/// alphabetical order. A letter that one operand has twice takes its diagonal.
template <fixed_string Text, expressions::valued... X>
requires(sizeof...(X) > 0)
constexpr auto einsum(X&&... x) {
  return expressions::operate_on<expressions::einsum_function<Text>>(std::forward<X>(x)...);
}

}  // namespace typegrad
