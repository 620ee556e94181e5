// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/axis.hpp>
#include <typegrad/ops/contraction.hpp>
#include <typegrad/ops/elementwise.hpp>

#include <concepts>
#include <string_view>

// Products over named axes.

namespace typegrad {

namespace detail {

/// The letters that name a value's axes, in their order.
struct axis_labels {
  char at[2 * max_rank] = {};
  int count = 0;

  constexpr bool push_back(char letter) {
    if (count == 2 * max_rank) return false;
    at[count++] = letter;
    return true;
  }
  constexpr int find(char letter) const {
    for (int i = 0; i < count; ++i)
      if (at[i] == letter) return i;
    return -1;
  }
  constexpr bool has(char letter) const { return find(letter) >= 0; }
  constexpr std::string_view text() const { return {at, static_cast<std::size_t>(count)}; }
};

inline constexpr int most_einsum_operands = 16;

/// "ij,jk->ik", read.
struct einsum_form {
  axis_labels operands[most_einsum_operands];
  axis_labels result;
  int count = 0;
  diagnosis error;
};

constexpr einsum_form read_einsum(std::string_view text) {
  einsum_form f;
  auto const is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  bool is_explicit = false;
  axis_labels* to = &f.operands[f.count++];
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == ' ') continue;
    if (c == ',' && !is_explicit && f.count < most_einsum_operands) {
      to = &f.operands[f.count++];
    } else if (c == '-' && !is_explicit && i + 1 < text.size() && text[i + 1] == '>') {
      is_explicit = true;
      to = &f.result;
      ++i;
    } else if (!is_letter(c) || !to->push_back(c)) {
      f.error = sentence("einsum: \"", text, "\" is not read beyond character ",
                         static_cast<std::int64_t>(i) + 1,
                         "; it needs letters, commas and ->, as in \"ij,jk->ik\"");
      return f;
    }
  }
  auto const uses = [&](char c) {
    int n = 0;
    for (int o = 0; o < f.count; ++o)
      for (int i = 0; i < f.operands[o].count; ++i) n += f.operands[o].at[i] == c;
    return n;
  };
  if (!is_explicit)  // the letters that stand once, in alphabetical order
    for (int c = 'A'; c <= 'z'; ++c)
      if (is_letter(static_cast<char>(c)) && uses(static_cast<char>(c)) == 1)
        f.result.push_back(static_cast<char>(c));
  for (int i = 0; i < f.result.count; ++i) {
    char const c = f.result.at[i];
    std::string_view const letter{&f.result.at[i], 1};
    if (uses(c) == 0)
      f.error = sentence("einsum: \"", text, "\" has ", letter, " in its result only");
    if (f.result.find(c) != i)
      f.error = sentence("einsum: \"", text, "\" has ", letter, " in its result twice");
  }
  return f;
}

/// A value and the letters of its axes, no two the same.
struct named_value {
  symbol value;
  axis_labels labels;
};

/// Elements whose positions along axes of the same letter are the same.
constexpr named_value diagonal_of(named_value x) {
  for (int i = 0; i < x.labels.count; ++i)
    for (int j = i + 1; j < x.labels.count; ++j) {
      if (x.labels.at[i] != x.labels.at[j]) continue;
      axis_list permutation;
      axis_labels labels;
      extents shape;
      for (int k = 0; k < x.labels.count; ++k) {
        if (k == i || k == j) continue;
        permutation.push_back(k);
        labels.push_back(x.labels.at[k]);
        shape.push_back(x.value.shape()[k]);
      }
      permutation.push_back(i);
      permutation.push_back(j);
      labels.push_back(x.labels.at[i]);
      std::int64_t const n = x.value.shape()[i];
      shape.push_back(n * n);
      extents low, high = shape, step;
      for (int k = 0; k < shape.rank; ++k) {
        low.push_back(0);
        step.push_back(k + 1 == shape.rank ? n + 1 : 1);
      }
      symbol const flat = build::reshape(build::transpose(x.value, permutation), shape);
      return diagonal_of({build::slice(flat, low, high, step), labels});
    }
  return x;
}

/// Summed over the axes whose letters are not `kept`.
template <class Kept>
constexpr named_value summed_but(named_value const& x, Kept const& kept) {
  axis_list axes;
  named_value out;
  for (int i = 0; i < x.labels.count; ++i)
    if (kept(x.labels.at[i]))
      out.labels.push_back(x.labels.at[i]);
    else
      axes.push_back(i);
  out.value = axes.size() == 0 ? x.value : build::reduce(op::reduce_sum, x.value, axes);
  return out;
}

/// The axes in the order of `labels`, which has all of x's letters; of length 1 where x has none.
constexpr symbol arranged(named_value const& x, axis_labels const& labels) {
  axis_list permutation;
  extents shape;
  for (int i = 0; i < labels.count; ++i) {
    int const axis = x.labels.find(labels.at[i]);
    shape.push_back(axis < 0 ? 1 : x.value.shape()[axis]);
    if (axis >= 0) permutation.push_back(axis);
  }
  return build::reshape(build::transpose(x.value, permutation), shape);
}

/// The product of two, summed over the letters of both that are not `kept`.
template <class Kept>
constexpr named_value product_of(named_value const& a, named_value const& b, Kept const& kept) {
  build::dot_axes axes;
  named_value out;
  for (int i = 0; i < a.labels.count; ++i) {
    int const j = b.labels.find(a.labels.at[i]);
    if (j < 0) continue;
    if (kept(a.labels.at[i])) {
      axes.batch_a.push_back(i);
      axes.batch_b.push_back(j);
      out.labels.push_back(a.labels.at[i]);
    } else {
      axes.contract_a.push_back(i);
      axes.contract_b.push_back(j);
    }
  }
  for (int i = 0; i < a.labels.count; ++i)
    if (!b.labels.has(a.labels.at[i])) out.labels.push_back(a.labels.at[i]);
  for (int j = 0; j < b.labels.count; ++j)
    if (!a.labels.has(b.labels.at[j])) out.labels.push_back(b.labels.at[j]);
  if (axes.contract_a.size() > 0)
    out.value = build::dot_general(a.value, b.value, axes);
  else
    out.value = arranged(a, out.labels) * arranged(b, out.labels);
  return out;
}

}  // namespace detail

/// Einstein's sum over named axes, as NumPy's: einsum("bij,bjk->bik", a, b). Letters that the
/// result does not have are summed over; without -> the result has the letters that stand once, in
/// alphabetical order. A letter that one operand has twice takes its diagonal. Products are taken
/// from left to right, of any number of operands.
template <std::convertible_to<symbol>... More>
constexpr symbol einsum(std::string_view text, symbol first, More... more) {
  constexpr int given = 1 + sizeof...(More);
  symbol const operands[] = {first, more...};
  for (symbol const& x : operands)
    if (build::poisoned(x)) return build::poisoned_like(x);
  graph& g = first.owner();
  detail::einsum_form const f = detail::read_einsum(text);
  if (!f.error.empty()) return poison(g, f.error);
  if (f.count != given)
    return poison(g, sentence("einsum: \"", text, "\" is of ", f.count, " operands, got ", given));
  std::int64_t lengths[128] = {};
  for (int o = 0; o < given; ++o) {
    extents const shape = operands[o].shape();
    detail::axis_labels const& labels = f.operands[o];
    if (labels.count != shape.rank)
      return poison(g, sentence("einsum: operand ", o, " of \"", text, "\" has axes ",
                                labels.text(), ", but extents ", to_text(shape)));
    for (int i = 0; i < shape.rank; ++i) {
      std::int64_t& length = lengths[static_cast<int>(labels.at[i])];
      if (length != 0 && length != shape[i])
        return poison(g, sentence("einsum: axis ", std::string_view{&labels.at[i], 1}, " of \"",
                                  text, "\" has ", length, " and ", shape[i], " elements"));
      length = shape[i];
    }
  }
  detail::named_value all;
  for (int o = 0; o < given; ++o) {
    auto const later = [&](char c) {
      bool used = f.result.has(c);
      for (int k = o + 1; k < given; ++k) used = used || f.operands[k].has(c);
      return used;
    };
    detail::named_value x = detail::diagonal_of({operands[o], f.operands[o]});
    if (o == 0) {
      all = detail::summed_but(x, later);
      continue;
    }
    x = detail::summed_but(x, [&](char c) { return later(c) || all.labels.has(c); });
    all = detail::product_of(all, x, later);
    if (build::poisoned(all.value)) return build::poisoned_like(all.value);
  }
  return detail::arranged(all, f.result);
}

/// NumPy's `dot`: the sum over the last axis of a and the last but one of b, all others kept; the
/// product where one of them is a scalar.
constexpr symbol dot(symbol a, symbol b) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  if (build::poisoned(b)) return build::poisoned_like(b);
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  build::dot_axes axes;
  axes.contract_a = {a.rank() - 1};
  axes.contract_b = {b.rank() == 1 ? 0 : b.rank() - 2};
  return build::dot_general(a, b, axes);
}

/// The sum over pairs of axes, of a and of b; the axes that are kept follow on each other.
constexpr symbol tensordot(symbol a, symbol b, axis_list axes_a, axis_list axes_b) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  if (build::poisoned(b)) return build::poisoned_like(b);
  if (axes_a.size() != axes_b.size())
    return poison(a.owner(), sentence("tensordot: ", axes_a.size(), " axes of the left and ",
                                      axes_b.size(), " of the right operand are no pairs"));
  build::dot_axes axes;
  for (int i = 0; i < axes_a.size(); ++i) {
    int left = axes_a[i], right = axes_b[i];
    if (!detail::find_axis("tensordot", a, left) || !detail::find_axis("tensordot", b, right))
      return {a.owner(), -1};
    axes.contract_a.push_back(left);
    axes.contract_b.push_back(right);
  }
  return build::dot_general(a, b, axes);
}
/// The sum over the last `count` axes of a and the first ones of b.
constexpr symbol tensordot(symbol a, symbol b, int count = 2) {
  axis_list left, right;
  for (int i = 0; i < count; ++i) {
    left.push_back(a.rank() - count + i);
    right.push_back(i);
  }
  return tensordot(a, b, left, right);
}

/// All products of an element of a and one of b, of vectors or what is flattened to them.
constexpr symbol outer(symbol a, symbol b) {
  if (build::poisoned(a)) return build::poisoned_like(a);
  if (build::poisoned(b)) return build::poisoned_like(b);
  return build::reshape(a, {a.shape().count(), 1}) * build::reshape(b, {1, b.shape().count()});
}

}  // namespace typegrad
