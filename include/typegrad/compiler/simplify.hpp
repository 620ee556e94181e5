// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/simplify/control.hpp>
#include <typegrad/compiler/users.hpp>
#include <typegrad/core/half.hpp>
#include <typegrad/ops/registry.hpp>

namespace typegrad {

namespace detail {

/// Rewrites one graph into another, node by node in order: only what the outputs need is walked,
/// constants are folded, algebra is applied to operands that are simplified already, and equal
/// nodes meet because the new graph interns them.
class simplifier {
 public:
  constexpr simplifier(graph const& from, graph& to) : from_{from}, to_{to} {}

  constexpr void run() {
    to_.begin_as(from_);
    if (from_.failed()) return;
    users_ = users_of(from_);
    renamed_.resize(from_.size(), -1);
    for (int id = 0; id < from_.size(); ++id) {
      to_.layer = from_[id].layer;
      if (users_[id] > 0) renamed_[id] = rewrite(id).id();
    }
    to_.layer = -1;
    for (int const id : from_.outputs) to_.outputs.push_back(renamed_[id]);
  }

 private:
  constexpr symbol at(int id) const { return {to_, id}; }
  constexpr op code_of(symbol x) const { return x.info().code; }
  constexpr symbol operand_of(symbol x, int i) const { return at(to_.operand(x.id(), i)); }

  /// The number that x is everywhere, if it is one.
  constexpr bool is_constant(symbol x, double& value) const {
    while (code_of(x) == op::broadcast || code_of(x) == op::reshape ||
           code_of(x) == op::transpose)
      x = operand_of(x, 0);
    if (code_of(x) != op::constant) return false;
    value = rounded_to_half(x.info().value, x.type());
    return true;
  }
  constexpr bool is_number(symbol x, double wanted) const {
    double value = 0;
    return is_constant(x, value) && value == wanted;
  }

  /// A number of the extents, dtype and samples that `like` has.
  constexpr symbol filled(node const& like, double value) const {
    symbol const c = build::constant(to_, value, like.type, like.shape);
    return like.per_sample ? build::spread(c) : c;
  }
  /// x at the samples that n has.
  constexpr symbol fitted(symbol x, node const& n) const {
    return n.per_sample ? build::spread(x) : x;
  }

  /// What is spread over the batch only to be combined with values that have samples anyway.
  constexpr symbol unspread(symbol x) const {
    return code_of(x) == op::broadcast && x.per_sample() && !operand_of(x, 0).per_sample()
               ? without_samples(x)
               : x;
  }
  constexpr symbol without_samples(symbol x) const {
    symbol const inner = operand_of(x, 0);
    return build::broadcast(inner, x.shape(), to_.attributes_of(x.id()).a);
  }

  constexpr symbol rewrite(int id) {
    node n = from_[id];
    if (is_control(n.code)) {
      result_index_.resize(from_.size(), -1);
      auto const simplify = [](graph const& region) {
        graph smaller;
        simplifier{region, smaller}.run();
        return smaller;
      };
      return at(simplified_control(from_, id, users_, renamed_, to_, result_index_, simplify));
    }
    if (n.code == op::concatenate) return concatenate(id);
    if (n.code == op::custom_gradient) return at(renamed_[from_.operand(id, 0)]);
    if (n.code == op::result) n.index = result_index_[id];
    symbol operands[4] = {};
    for (int i = 0; i < n.operand_count; ++i) operands[i] = at(renamed_[from_.operand(id, i)]);
    if (is_elementwise(n.code)) return squeezed_elementwise(n, operands);
    switch (n.code) {
      case op::broadcast: return broadcast(n, operands[0], from_.attributes_of(id));
      case op::reshape: return reshape(n, operands[0]);
      case op::transpose: return transpose(operands[0], from_.attributes_of(id).a);
      case op::reduce_sum:
      case op::reduce_max:
      case op::reduce_min:
      case op::argmax:
      case op::argmin: return reduce(n, operands[0], from_.attributes_of(id));
      case op::window_max:
        return greatest_of(from_.operand(id, 0), from_.attributes_of(id).over);
      default: return copy(n, operands, n.attribute < 0 ? nullptr : &from_.attributes_of(id));
    }
  }

  constexpr symbol copy(node const& n, symbol const* operands, attribute const* a) const {
    node m = n;
    m.attribute = -1;
    return build::append(to_, m, operands, n.operand_count, a);
  }

  // Movement --------------------------------------------------------------------------------------

  // Axes of length 1 are noise: everything is computed without them, and views put them back.

  static constexpr extents squeezed(extents const& shape) {
    extents out;
    for (std::int64_t const n : shape)
      if (n != 1) out.push_back(n);
    return out;
  }
  /// Axis i without the axes of length 1 before it.
  static constexpr int squeezed_axis(extents const& shape, int axis) {
    int out = 0;
    for (int i = 0; i < axis; ++i) out += shape[i] != 1;
    return out;
  }

  constexpr symbol broadcast(node const& n, symbol x, attribute const& a) const {
    double value = 0;
    if (is_constant(x, value)) return filled(n, value);
    axis_list axes;
    for (int i = 0; i < x.rank(); ++i)
      if (x.shape()[i] != 1) axes.push_back(squeezed_axis(n.shape, a.a[i]));
    node m = n;
    m.attribute = -1;
    m.shape = squeezed(n.shape);
    return view(one_broadcast(m, view(x, squeezed(x.shape())), axes), n.shape);
  }
  constexpr symbol one_broadcast(node const& n, symbol x, axis_list const& axes) const {
    if (code_of(x) == op::broadcast) {  // two become one
      axis_list const& inner = to_.attributes_of(x.id()).a;
      axis_list both;
      for (int i = 0; i < inner.size(); ++i) both.push_back(axes[inner[i]]);
      symbol const source = operand_of(x, 0);
      return fitted(build::broadcast(source, n.shape, both), n);
    }
    if (x.shape() == n.shape) return fitted(x, n);
    attribute a;
    a.a = axes;
    return build::append(to_, n, &x, 1, &a);
  }

  constexpr symbol reshape(node const& n, symbol x) const {
    double value = 0;
    if (is_constant(x, value)) return filled(n, value);
    return view(x, n.shape);
  }
  /// x under other extents, in one step at most.
  constexpr symbol view(symbol x, extents const& shape) const {
    if (code_of(x) == op::reshape) x = operand_of(x, 0);
    if (x.shape() == shape) return x;
    bool const narrower = squeezed(x.shape()) == shape;
    if (code_of(x) == op::constant) return build::constant(to_, x.info().value, x.type(), shape);
    if (code_of(x) == op::broadcast && narrower) {
      node n = x.info();
      n.attribute = -1;
      n.shape = shape;
      axis_list axes;
      axis_list const inner = to_.attributes_of(x.id()).a;
      symbol const source = operand_of(x, 0);
      for (int i = 0; i < inner.size(); ++i)
        if (source.shape()[i] != 1) axes.push_back(squeezed_axis(x.shape(), inner[i]));
      return one_broadcast(n, view(source, squeezed(source.shape())), axes);
    }
    return build::reshape(x, shape);
  }

  constexpr symbol transpose(symbol x, axis_list const& permutation) const {
    if (code_of(x) == op::transpose) {
      axis_list const& inner = to_.attributes_of(x.id()).a;
      axis_list both;
      for (int i = 0; i < permutation.size(); ++i) both.push_back(inner[permutation[i]]);
      return build::transpose(operand_of(x, 0), both);
    }
    if (code_of(x) == op::dot_general && swaps_operands(x, permutation)) {
      attribute const& a = to_.attributes_of(x.id());
      return build::dot_general(operand_of(x, 1), operand_of(x, 0),
                                {a.b, a.a, a.d, a.c, a.over_batch});
    }
    return build::transpose(x, permutation);
  }
  /// Whether a permutation of a product's axes is what the product of its operands the other way
  /// round gives: batch axes, then the right one's, then the left one's.
  constexpr bool swaps_operands(symbol product, axis_list const& permutation) const {
    attribute const& a = to_.attributes_of(product.id());
    int const batch = a.c.size();
    int const left = operand_of(product, 0).rank() - batch - a.a.size();
    int const right = operand_of(product, 1).rank() - batch - a.b.size();
    if (left == 0 || right == 0) return false;
    for (int i = 0; i < permutation.size(); ++i) {
      int const wanted = i < batch ? i : i < batch + right ? i + left : i - right;
      if (permutation[i] != wanted) return false;
    }
    return true;
  }

  /// What is joined only to be joined again along the same axis is joined at once.
  constexpr symbol concatenate(int id) const {
    list<symbol> parts;
    for (int i = 0; i < from_[id].operand_count; ++i) {
      int const o = from_.operand(id, i);
      symbol const x = at(renamed_[o]);
      bool const own = users_[o] == 1 && x.per_sample() == from_[id].per_sample;
      append_parts(parts, x, own ? from_[id].index : -1);
    }
    return build::concatenate(parts, from_[id].index);
  }
  constexpr void append_parts(list<symbol>& parts, symbol x, int axis) const {
    bool const joined = code_of(x) == op::concatenate && x.info().index == axis;
    for (int k = 0; joined && k < x.info().operand_count; ++k) parts.push_back(operand_of(x, k));
    if (!joined) parts.push_back(x);
  }
  /// The sum of two values that zeros surround, if their elements lie beside each other along an
  /// axis: the gradient of what is cut into parts. Not valid if they do not.
  constexpr symbol side_by_side(symbol a, symbol b) const {
    int const axis = padded_axis(a);
    if (axis < 0 || padded_axis(b) != axis || a.per_sample() != b.per_sample()) return {};
    auto const low = [&](symbol x) { return to_.attributes_of(x.id()).low[axis]; };
    auto const end = [&](symbol x) { return low(x) + operand_of(x, 0).shape()[axis]; };
    if (end(b) == low(a)) {
      symbol const first = b;
      b = a;
      a = first;
    } else if (end(a) != low(b)) {
      return {};
    }
    list<symbol> parts;
    for (symbol const x : {a, b}) append_parts(parts, operand_of(x, 0), axis);
    extents const before = to_.attributes_of(a.id()).low, after = to_.attributes_of(b.id()).high;
    return build::pad(build::concatenate(parts, axis), before, after);
  }
  /// The only axis along which zeros stand before or behind x; -1 if there is no such.
  constexpr int padded_axis(symbol x) const {
    if (code_of(x) != op::pad || x.info().value != 0) return -1;
    attribute const& a = to_.attributes_of(x.id());
    int axis = -1;
    for (int i = 0; i < x.rank(); ++i) {
      if (a.step[i] != 1) return -1;
      if (a.low[i] == 0 && a.high[i] == 0) continue;
      if (axis >= 0) return -1;
      axis = i;
    }
    return axis;
  }

  constexpr symbol reduce(node const& n, symbol x, attribute const& a) const {
    double value = 0;
    bool const arg = n.code == op::argmax || n.code == op::argmin;
    if (is_constant(x, value) && !a.over_batch && !arg) {
      auto const times = static_cast<double>(x.shape().count() / n.shape.count());
      return filled(n, n.code == op::reduce_sum ? value * times : value);
    }
    axis_list axes;
    for (int i = 0; i < a.a.size(); ++i) {
      bool const single = x.shape()[a.a[i]] == 1;
      if (single && arg) return filled(n, 0);
      if (!single) axes.push_back(squeezed_axis(x.shape(), a.a[i]));
    }
    symbol from = view(x, squeezed(x.shape()));
    bool over_batch = a.over_batch;
    bool leading = axes.size() > 0;  // the form in which steps add over the batch as well
    for (int i = 0; i < axes.size(); ++i) leading = leading && axes.contains(i);
    if (n.code == op::reduce_sum && code_of(from) == op::reduce_sum && leading) {
      attribute const& inner = to_.attributes_of(from.id());
      if (inner.over_batch && inner.a.size() == 0) {  // over the samples first: one sum of all
        over_batch = true;
        from = operand_of(from, 0);
      }
    }
    return view(build::reduce(n.code, from, axes, over_batch), n.shape);
  }

  // Windows ---------------------------------------------------------------------------------------

  /// The greatest of each window of node `id` of the graph that is read. The greatest of what never
  /// falls when x rises is computed from the greatest x, if nothing else needs it of every x.
  constexpr symbol greatest_of(int id, window const& over) {
    int const varying = users_[id] == 1 && !over.padded() ? rising_operand(from_[id]) : -1;
    if (varying < 0) return build::window_max(at(renamed_[id]), over);
    symbol const x = greatest_of(from_.operand(id, varying), over);
    node n = from_[id];
    n.shape = x.shape();
    symbol operands[3] = {};
    for (int i = 0; i < n.operand_count; ++i)
      operands[i] = i == varying ? x : of_channels(at(renamed_[from_.operand(id, i)]), n.shape);
    return squeezed_elementwise(n, operands);
  }

  /// The operand of an elementwise op that it rises with, or stays the same, while all others are
  /// the same at all positions of a sample; -1 if it has none.
  constexpr int rising_operand(node const& n) const {
    switch (n.code) {
      case op::exp:
      case op::expm1:
      case op::tanh:
      case op::sigmoid:
      case op::erf: return 0;
      case op::subtract: return is_of_channels(n, 1) ? 0 : -1;
      case op::add:
      case op::maximum:
      case op::minimum: return is_of_channels(n, 1) ? 0 : is_of_channels(n, 0) ? 1 : -1;
      default: return -1;
    }
  }
  constexpr bool is_of_channels(node const& n, int i) const {
    return of_channels(at(renamed_[from_.operand(n, i)]), n.shape).valid();
  }
  /// x at fewer positions, if it is the same at all: under extents that have its channels.
  constexpr symbol of_channels(symbol x, extents const& shape) const {
    symbol const bare = unspread(x);
    double value = 0;
    symbol out;
    if (is_constant(bare, value)) {
      out = build::constant(to_, value, x.type(), shape);
    } else if (code_of(bare) == op::broadcast) {
      axis_list const axes = to_.attributes_of(bare.id()).a;
      for (int i = 0; i < axes.size(); ++i)
        if (axes[i] != shape.rank - 1) return {};
      out = build::broadcast(operand_of(bare, 0), shape, axes);
    }
    return out.valid() && x.per_sample() ? build::spread(out) : out;
  }

  // Elementwise -----------------------------------------------------------------------------------

  constexpr symbol squeezed_elementwise(node n, symbol* x) {
    extents const shape = n.shape;
    n.shape = squeezed(shape);
    for (int i = 0; i < n.operand_count; ++i) x[i] = view(x[i], n.shape);
    return view(elementwise(n, x), shape);
  }

  constexpr symbol elementwise(node const& n, symbol* x) {
    bool sampled = false;  // whether some operand has samples of its own
    symbol bare[3] = {};
    for (int i = 0; i < n.operand_count; ++i) {
      bare[i] = unspread(x[i]);
      sampled = sampled || bare[i].per_sample();
    }
    if (n.per_sample && sampled)
      for (int i = 0; i < n.operand_count; ++i) x[i] = bare[i];

    double c[3] = {};
    bool known = true;
    for (int i = 0; i < n.operand_count; ++i) known = is_constant(x[i], c[i]) && known;
    double value = 0;
    if (known && fold(n, c, value)) return filled(n, value);

    switch (n.code) {
      case op::add:
        if (is_number(x[0], 0)) return fitted(x[1], n);
        if (is_number(x[1], 0)) return fitted(x[0], n);
        if (code_of(x[1]) == op::negate)
          return make(op::subtract, n, x[0], operand_of(x[1], 0));
        if (code_of(x[0]) == op::negate)
          return make(op::subtract, n, x[1], operand_of(x[0], 0));
        if (symbol const both = side_by_side(x[0], x[1]); both.valid()) return fitted(both, n);
        break;
      case op::subtract:
        if (is_number(x[1], 0)) return fitted(x[0], n);
        if (is_number(x[0], 0)) return make(op::negate, n, x[1]);
        if (code_of(x[1]) == op::negate) return make(op::add, n, x[0], operand_of(x[1], 0));
        break;
      case op::multiply:
        if (is_number(x[0], 1)) return fitted(x[1], n);
        if (is_number(x[1], 1)) return fitted(x[0], n);
        if (is_number(x[0], -1)) return make(op::negate, n, x[1]);
        if (is_number(x[1], -1)) return make(op::negate, n, x[0]);
        // (x c) d = x (c d): one number less
        for (int i = 0; i < 2; ++i) {
          double outer = 0;
          if (!is_constant(x[i], outer) || code_of(x[1 - i]) != op::multiply) continue;
          symbol const product = x[1 - i];
          for (int j = 0; j < 2; ++j) {
            double inner = 0;
            if (is_constant(operand_of(product, j), inner) && safe_in(n.type, outer * inner))
              return make(op::multiply, n, operand_of(product, 1 - j),
                          number_like(x[i], outer * inner));
          }
        }
        if (code_of(x[0]) == op::negate && code_of(x[1]) == op::negate)
          return make(op::multiply, n, operand_of(x[0], 0), operand_of(x[1], 0));
        break;
      case op::divide: {
        if (is_number(x[1], 1)) return fitted(x[0], n);
        double divisor = 0;
        // by a power of two the product is the same number
        if (is_constant(x[1], divisor) && is_power_of_two(divisor) && safe_in(n.type, 1 / divisor))
          return make(op::multiply, n, x[0], number_like(x[1], 1 / divisor));
        break;
      }
      case op::power:
        if (is_number(x[1], 1)) return fitted(x[0], n);
        if (is_number(x[1], 2)) return make(op::multiply, n, x[0], x[0]);
        if (is_number(x[1], 0.5)) return make(op::sqrt, n, x[0]);
        if (is_number(x[1], -1)) return make(op::divide, n, number_like(x[1], 1), x[0]);
        break;
      case op::negate:
        if (code_of(x[0]) == op::negate) return fitted(operand_of(x[0], 0), n);
        if (code_of(x[0]) == op::subtract)
          return make(op::subtract, n, operand_of(x[0], 1), operand_of(x[0], 0));
        break;
      case op::logical_not:
        if (code_of(x[0]) == op::logical_not) return fitted(operand_of(x[0], 0), n);
        break;
      case op::select:
        if (is_number(x[0], 1)) return fitted(x[1], n);
        if (is_number(x[0], 0)) return fitted(x[2], n);
        if (x[1].id() == x[2].id()) return fitted(x[1], n);
        break;
      case op::stop_gradient: return fitted(x[0], n);  // differentiation is over
      case op::cast:
        return cast(n, x[0]);
      default: break;
    }
    return make(n.code, n, x[0], x[1], x[2]);
  }

  /// Casts by way of a type that holds all values are one; and what is repeated is cast before.
  constexpr symbol cast(node const& n, symbol x) {
    if (code_of(x) == op::cast && holds_all_of(x.type(), operand_of(x, 0).type()))
      x = operand_of(x, 0);
    if (x.type() == n.type) return fitted(x, n);
    if (code_of(x) == op::broadcast && is_floating(x.type()) && is_floating(n.type)) {
      axis_list const axes = to_.attributes_of(x.id()).a;
      symbol source[3] = {operand_of(x, 0)};
      node m = n;
      m.shape = source[0].shape();
      m.per_sample = source[0].per_sample();
      return fitted(build::broadcast(elementwise(m, source), n.shape, axes), n);
    }
    return make(op::cast, n, x);
  }
  /// Whether every value of `narrow` is one of `wide`.
  static constexpr bool holds_all_of(dtype wide, dtype narrow) {
    if (wide == narrow || narrow == dtype::boolean) return true;
    if (wide == dtype::float64) return true;
    if (wide == dtype::float32) return is_half(narrow) || narrow == dtype::int8;
    return narrow == dtype::int8 && wide != dtype::boolean;
  }
  /// Whether a number can stand for two that values of `type` were multiplied by one after the
  /// other: float16 has few beyond these that it does not lose digits of, or all of them.
  static constexpr bool safe_in(dtype type, double value) {
    double const size = value < 0 ? -value : value;
    return type != dtype::float16 || (size > 1e-4 && size < 6e4);
  }

  constexpr symbol number_like(symbol x, double value) const {
    symbol const c = build::constant(to_, value, x.type(), x.shape());
    return x.per_sample() ? build::spread(c) : c;
  }

  constexpr symbol make(op code, node const& like, symbol a, symbol b = {}, symbol c = {}) const {
    node m;
    m.code = code;
    m.type = like.type;
    m.shape = like.shape;
    symbol const operands[] = {a, b, c};
    int const count = c.valid() ? 3 : b.valid() ? 2 : 1;
    for (int i = 0; i < count; ++i) m.per_sample = m.per_sample || operands[i].per_sample();
    return fitted(build::append(to_, m, operands, count), like);
  }

  static constexpr bool is_power_of_two(double x) {
    if (!(x > 0) || x > 1e300 || x < 1e-300) return false;
    while (x >= 2) x *= 0.5;
    while (x < 1) x *= 2;
    return x == 1;
  }

  static constexpr bool is_bounded(double x) { return x < 1e39 && x > -1e39; }

  /// The op on numbers, where the compiler can compute it. Rounds as the dtype would.
  static constexpr bool fold(node const& n, double const* x, double& out) {
    double const a = x[0];
    double const b = x[1];
    switch (n.code) {
      case op::add: out = a + b; break;
      case op::subtract: out = a - b; break;
      case op::multiply: out = a * b; break;
      case op::divide:
        if (b == 0 || !is_floating(n.type)) return false;
        out = a / b;
        break;
      case op::negate: out = -a; break;
      case op::absolute: out = a < 0 ? -a : a; break;
      case op::maximum: out = a > b ? a : b; break;
      case op::minimum: out = a < b ? a : b; break;
      case op::equal: out = a == b; break;
      case op::not_equal: out = a != b; break;
      case op::less: out = a < b; break;
      case op::less_equal: out = a <= b; break;
      case op::greater: out = a > b; break;
      case op::greater_equal: out = a >= b; break;
      case op::logical_and: out = a != 0 && b != 0; break;
      case op::logical_or: out = a != 0 || b != 0; break;
      case op::logical_not: out = a == 0; break;
      case op::select: out = a != 0 ? b : x[2]; break;
      case op::cast:
        out = n.type == dtype::boolean ? static_cast<double>(a != 0) : a;
        if (!is_floating(n.type)) {
          if (!(a > -2147483648.0 && a < 2147483648.0)) return false;
          out = static_cast<double>(static_cast<std::int64_t>(out));
        }
        break;
      default: return false;
    }
    if (n.type == dtype::float32 && out - out == 0) {
      if (out > 3.4e38 || out < -3.4e38) return false;
      out = static_cast<double>(static_cast<float>(out));
    }
    if (is_half(n.type)) {
      double const kept = rounded_to_half(out, n.type);
      if (!is_bounded(kept)) return !is_bounded(out);
      out = kept;
    }
    return true;
  }

  graph const& from_;
  graph& to_;
  list<int> renamed_;
  list<int> users_;  ///< per node of `from_`
  list<int> result_index_;  ///< per result of `from_`: which result it is now
};

}  // namespace detail

/// The graph that computes the same outputs with what is needless left out: constants folded,
/// algebra applied, equal values computed once, dead code dropped. Weights and inputs keep their
/// slots whether they are still read or not.
constexpr graph simplify(graph const& g) {
  graph out;
  detail::simplifier{g, out}.run();
  return out;
}

}  // namespace typegrad
