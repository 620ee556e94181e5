// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>
#include <typegrad/graph/weights.hpp>

#include <random>
#include <vector>

// Random graphs, made while compiling or at run time, and data for them. A seed gives the same
// graph everywhere.

namespace random_graphs {

using namespace typegrad;

/// What ops there are among the others.
struct kinds {
  bool windows = false;     ///< convolutions and pooling
  bool along_axes = false;  ///< what gathers, orders and accumulates
  bool control = false;     ///< loops and cases
};

class generator {
 public:
  constexpr explicit generator(unsigned seed, kinds more = {})
      : random_{seed * 0x9E3779B97F4A7C15U + 1}, more_{more} {}

  /// Values of many kinds as outputs, often with gradients among them.
  constexpr graph build() {
    start();
    list<int> outputs;
    int const wanted = between(1, 4);
    for (int i = 0; i < wanted; ++i) outputs.push_back(any().id());
    outputs.push_back(floats_.back().id());
    if (chance(20)) outputs.push_back(outputs[0]);
    if (chance(50)) differentiated(outputs);
    g_.outputs = outputs;
    return g_;
  }
  /// A convolution, what may be computed from it, and the maximum of windows of that, which is not
  /// differentiated; sometimes with what stands between as a second output.
  constexpr graph build_pooled() {
    extents e;
    int const spatial = between(1, 3);
    for (int i = 0; i < spatial; ++i) e.push_back(between(2, spatial == 3 ? 4 : 6));
    e.push_back(between(1, 3));
    bool const per_sample = chance(85);
    symbol const x = build::input(g_, "x", e, dtype::float32, per_sample);
    window w = window_over(e, false, false);
    symbol const k = kernel(w, spatial, e.back(), false);
    symbol y = build::convolution(x, k, w);
    typegrad::weights make{g_};
    symbol const b = make("b", {y.shape().back()}, initializer{});
    list<int> outputs;
    int const between_them = between(0, 4);
    for (int i = 0; i < between_them; ++i) {
      switch (between(0, 13)) {
        case 0:
        case 1: y = y + b; break;
        case 2: y = b + y; break;
        case 3: y = y - b; break;
        case 4: y = b - y; break;  // falls
        case 5:
        case 6: y = maximum(y, 0.125 * between(-1, 1)); break;
        case 7: y = minimum(b, y); break;
        case 8: y = build::unary(op::tanh, y); break;
        case 9: y = build::unary(op::sigmoid, y); break;
        case 10: y = 0.5 + y; break;
        case 11: y = -0.5 * y; break;  // falls
        case 12: y = y + build::input(g_, "z", y.shape(), dtype::float32, per_sample); break;
        default:
          if (chance(30)) outputs.push_back(y.id());
      }
    }
    window over = window_over(y.shape(), true, false);
    for (window_axis& a : over.axes) {
      if (!chance(80)) continue;
      a.low = 0;
      a.size = a.stride = a.in < a.size ? 1 : a.size;
      a.out = a.in / a.size;
    }
    y = build::window_max(y, over);
    if (chance(30)) y = build::unary(op::tanh, y) * 2;
    outputs.push_back(y.id());
    g_.outputs = outputs;
    return g_;
  }
  /// A scalar, shared or per sample, as the only output.
  constexpr graph build_objective() {
    start();
    g_.outputs.push_back(objective().id());
    return g_;
  }

 private:
  constexpr void start() {
    for (int i = 0; i < 3; ++i) lengths_.push_back(pick({1, 2, 3, 4, 5, 7}));
    int const inputs = between(1, 3);
    for (int i = 0; i < inputs; ++i) add_float(input(4, dtype::float32), true);
    if (chance(40)) add_integer(input(3, dtype::int32));
    int const weights_count = between(1, 2);
    for (int i = 0; i < weights_count; ++i) {
      typegrad::weights make{g_};
      add_float(make("w", shape(3), initializer{}), true);
    }
    if (chance(30)) {
      extents const e = shape(3);
      add_float(build::random_uniform(g_, e, chance(60)), true);
    }
    int const steps = between(4, 22);
    for (int i = 0; i < steps; ++i) grow();
  }
  template <class T>
  static constexpr void swap(T& a, T& b) {
    T const kept = a;
    a = b;
    b = kept;
  }
  /// One of low, low + 1, ..., high.
  constexpr int between(int low, int high) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return low + static_cast<int>((random_ >> 33) % static_cast<unsigned>(high - low + 1));
  }
  constexpr bool chance(int percent) { return between(1, 100) <= percent; }
  constexpr int pick(list<int> const& from) { return from[between(0, from.size() - 1)]; }
  constexpr symbol pick(list<symbol> const& from) { return from[between(0, from.size() - 1)]; }
  constexpr extents shape(int most) {
    extents e;
    int const rank = between(0, most);
    for (int i = 0; i < rank; ++i) e.push_back(chance(85) ? pick(lengths_) : pick({1, 2, 3, 5, 6}));
    while (e.count() > 400) e.pop_back();
    return e;
  }
  // One random draw a full expression: the order of arguments' evaluation is not fixed.
  constexpr symbol input(int most_rank, dtype type) {
    extents const e = shape(most_rank);
    return build::input(g_, "x", e, type, chance(70));
  }
  constexpr symbol any() {
    int const kind = between(0, 9);
    if (kind == 0 && !integers_.empty()) return pick(integers_);
    if (kind == 1 && !booleans_.empty()) return pick(booleans_);
    if (kind == 2) return pick(exact_);
    return pick(floats_);
  }

  constexpr void add_float(symbol x, bool exact = false) {
    if (!x.valid() || x.shape().count() > 600) return;
    floats_.push_back(x);
    if (exact) exact_.push_back(x);
  }
  constexpr void add_integer(symbol x) {
    if (x.valid() && x.shape().count() <= 600) integers_.push_back(x);
  }
  constexpr void add_boolean(symbol x) {
    if (x.valid() && x.shape().count() <= 600) booleans_.push_back(x);
  }
  constexpr bool is_exact(symbol x) const {
    for (symbol const& e : exact_)
      if (e.id() == x.id()) return true;
    return false;
  }

  /// Some value of the pool that broadcasts with x to something small; x itself if none is found.
  constexpr symbol partner(symbol x, list<symbol> const& pool) {
    for (int i = 0; i < 20; ++i) {
      symbol const y = pick(pool);
      extents e;
      if (build::broadcast_shape(x.shape(), y.shape(), e) && e.count() <= 600) return y;
    }
    return x;
  }
  constexpr axis_list some_axes(int rank, int percent) {
    axis_list a;
    for (int i = 0; i < rank; ++i)
      if (chance(percent)) a.push_back(i);
    return a;
  }

  constexpr void grow() {
    if (more_.windows && chance(35)) return sliding();
    if (more_.along_axes && chance(35)) return along_axis();
    if (more_.control && chance(25)) return control();
    switch (between(0, 15)) {
      case 0:
      case 1:
        return add_float(smooth(pick(floats_)));
      case 2:
      case 3:
        return binary();
      case 4:
        return discrete();
      case 5:
        return choice();
      case 6:
        return conversions();
      case 7:
        return reduction();
      case 8:
        return contraction();
      case 9:
        return contraction();
      case 10:
      case 11:
        return movement();
      case 12:
        return leaf();
      case 13:
        return composite();
      case 14:
        return reduction();
      default:
        return movement();
    }
  }

  constexpr symbol smooth(symbol x) {
    switch (between(0, 15)) {
      case 0:
        return build::unary(op::tanh, 0.5 * sin(x));
      case 1:
        return build::unary(op::sigmoid, 0.5 * sin(x));
      case 2:
        return sin(x);
      case 3:
        return cos(x);
      case 4:
        return exp(sin(x));
      case 5:
        return expm1(0.25 * sin(x));
      case 6:
        return log(square(x) + 0.5);
      case 7:
        return log1p(square(x));
      case 8:
        return sqrt(square(x) + 0.25);
      case 9:
        return rsqrt(square(x) + 0.25);
      case 10:
        return erf(sin(x));
      case 11:
        return -x;
      case 12:
        return 0.5 * x;
      case 13:
        return stop_gradient(x);
      case 14:
        return x + pick({-1, 1, 2});
      default:
        return 1 - x;
    }
  }

  constexpr void binary() {
    symbol const a = pick(floats_);
    symbol const b = partner(a, floats_);
    switch (between(0, 8)) {
      case 0:
        return add_float(a + b);
      case 1:
        return add_float(a - b);
      case 2:
        return add_float(sin(a) * b);
      case 3:
        return add_float(a / (square(b) + 0.5));
      case 4:
        return add_float(pow(square(a) + 0.5, sin(b)));
      case 5:
        return add_float(b + a);
      case 6:
        return add_float(square(sin(a)) + b);
      default: {
        symbol const x = pick(exact_);
        symbol const y = partner(x, exact_);
        switch (between(0, 4)) {
          case 0:
            return add_float(maximum(x, y), true);
          case 1:
            return add_float(minimum(x, y), true);
          case 2:
            return add_float(maximum(x, 0), true);
          case 3:
            return add_float(abs(x), true);
          default:
            return add_float(minimum(1, x), true);
        }
      }
    }
  }

  constexpr void discrete() {
    symbol const a = pick(exact_);
    symbol const b = partner(a, exact_);
    switch (between(0, 13)) {
      case 0:
        return add_boolean(a < b);
      case 1:
        return add_boolean(a <= b);
      case 2:
        return add_boolean(a == b);
      case 3:
        return add_boolean(a != 0.5);
      case 4:
        return add_boolean(a > 0);
      case 5:
        return add_boolean(a >= b);
      case 6:
        return add_boolean(isfinite(a));
      case 7:
        return add_float(floor(a + 0.25), false);
      case 8:
        return add_float(ceil(a + 0.25), false);
      case 9:
        return add_float(round(a), true);
      case 10:
        return add_float(sign(a), true);
      default:
        if (booleans_.empty()) return add_boolean(a < 0.25);
        symbol const p = pick(booleans_);
        symbol const q = partner(p, booleans_);
        switch (between(0, 4)) {
          case 0:
            return add_boolean(p && q);
          case 1:
            return add_boolean(p || q);
          case 2:
            return add_boolean(!p);
          case 3:
            return add_boolean(p == q);
          default:
            return add_boolean(p != q);
        }
    }
  }

  constexpr void choice() {
    if (booleans_.empty()) return add_boolean(pick(exact_) > 0.125);
    symbol const c = pick(booleans_);
    symbol const a = partner(c, floats_);
    extents e;
    if (!build::broadcast_shape(c.shape(), a.shape(), e)) return;
    for (int i = 0; i < 10; ++i) {
      symbol const b = pick(floats_);
      extents all;
      if (!build::broadcast_shape(e, b.shape(), all) || all.count() > 600) continue;
      return add_float(where(c, a, b));
    }
    add_float(where(c, a, 0));
  }

  constexpr void conversions() {
    switch (between(0, 6)) {
      case 0:
        return booleans_.empty() ? leaf() : add_float(cast(pick(booleans_), dtype::float32));
      case 1:
        return integers_.empty() ? leaf() : add_float(cast(pick(integers_), dtype::float32));
      case 2:
        return booleans_.empty() ? leaf() : add_integer(cast(pick(booleans_), dtype::int32));
      case 3:
        return integers_.empty() ? leaf() : add_boolean(cast(pick(integers_), dtype::boolean));
      case 4:
        return add_integer(cast(pick(exact_), dtype::int32));
      default: {
        if (integers_.empty()) return leaf();
        symbol const a = pick(integers_);
        symbol const b = partner(a, integers_);
        switch (between(0, 7)) {
          case 0:
            return add_integer(maximum(a, b) + 1);
          case 1:
            return add_integer(minimum(a + b, 9));
          case 2:
            return add_integer(maximum(minimum(a * b, 50), -50));
          case 3:
            return add_integer(a - b);
          case 4:
            return add_boolean(a < b);
          case 5:
            return add_boolean(a == b);
          case 6:
            return add_integer(-minimum(abs(a), 9));
          default:
            return add_integer(where(a > b, a, b));
        }
      }
    }
  }

  constexpr void reduction() {
    bool const kept = chance(40);
    int const which = between(0, 9);
    if (which <= 3) {
      symbol const x = pick(floats_);
      axis_list axes = some_axes(x.rank(), 50);
      if (which == 3) return add_float(build::reduce(op::reduce_sum, x, axes, true) * 0.25);
      if (axes.size() == 0 && x.rank() > 0) axes.push_back(between(0, x.rank() - 1));
      return add_float(which == 0 ? mean(x, axes, kept) : 0.25 * sum(x, axes, kept));
    }
    symbol const x = pick(exact_);
    axis_list axes = some_axes(x.rank(), 50);
    if (which == 4) return add_float(build::reduce(op::reduce_max, x, axes, true));
    if (which == 5) return add_float(build::reduce(op::reduce_min, x, axes, true));
    if (which == 6 && x.rank() > 0) return add_integer(argmax(x, between(0, x.rank() - 1)));
    if (which == 7 && x.rank() > 0) return add_integer(argmin(x, between(0, x.rank() - 1)));
    if (which == 8) return add_float(max(x, axes, kept), true);
    if (which == 9 && !integers_.empty()) {
      symbol const n = pick(integers_);
      symbol const small = maximum(minimum(n, 9), -9);
      axis_list const some = some_axes(n.rank(), 50);
      switch (between(0, 3)) {
        case 0:
          return add_integer(build::reduce(op::reduce_max, small, some, chance(30)));
        case 1:
          return add_integer(build::reduce(op::reduce_min, small, some, chance(30)));
        case 2:
          return n.rank() > 0 ? add_integer(argmax(small)) : void();
        default:
          return add_integer(build::reduce(op::reduce_sum, small, some, chance(30)));
      }
    }
    return add_float(min(x, axes, kept), true);
  }

  constexpr void contraction() {
    for (int attempt = 0; attempt < 10; ++attempt) {
      symbol const a = pick(floats_);
      symbol const b = pick(floats_);
      build::dot_axes axes;
      axes.over_batch = a.per_sample() && b.per_sample() && chance(35);
      bool used[max_rank] = {};
      int order[max_rank] = {};
      for (int i = 0; i < a.rank(); ++i) order[i] = i;
      for (int i = a.rank() - 1; i > 0; --i) swap(order[i], order[between(0, i)]);
      for (int k = 0; k < a.rank(); ++k) {
        int const i = order[k];
        for (int j = 0; j < b.rank(); ++j) {
          if (used[j] || a.shape()[i] != b.shape()[j]) continue;
          int const kind = between(0, 9);
          if (kind < 5) {
            axes.contract_a.push_back(i);
            axes.contract_b.push_back(j);
          } else if (kind < 7) {
            axes.batch_a.push_back(i);
            axes.batch_b.push_back(j);
          } else {
            continue;
          }
          used[j] = true;
          break;
        }
      }
      std::int64_t size = a.shape().count() * b.shape().count();
      for (int i = 0; i < axes.contract_a.size(); ++i) {
        size /= a.shape()[axes.contract_a[i]];
        size /= a.shape()[axes.contract_a[i]];
      }
      for (int i = 0; i < axes.batch_a.size(); ++i) size /= a.shape()[axes.batch_a[i]];
      int const rank = a.rank() + b.rank() - 2 * axes.contract_a.size() - axes.batch_a.size();
      if (size > 600 || rank > 5) continue;
      return add_float(0.25 * build::dot_general(a, b, axes));
    }
  }

  /// A window over all axes of x but the last. Of a maximum, every window reads some element.
  constexpr window window_over(extents const& x, bool maximum, bool inverse) {
    window w;
    int const spatial = x.rank - 1;
    for (int i = 0; i < spatial; ++i) {
      window_axis& a = w.axes[max_spatial - spatial + i];
      a.size = between(1, 3);
      a.stride = between(1, 3);
      a.dilation = maximum || chance(70) ? 1 : 2;
      int const most = static_cast<int>(maximum || chance(80) ? a.reach() - 1 : 2);
      a.low = between(0, most);
      int high = between(0, most);
      if (inverse) {
        a.out = x[i];
        a.in = (a.out - 1) * a.stride + a.reach() - a.low - high + between(0, 1);
        if (a.in < 1) a.in = 1;
      } else {
        a.in = x[i];
        if (a.reach() > a.in + a.low + high) {
          a.size = 1;
          a.low = high = 0;
        }
        a.out = (a.in + a.low + high - a.reach()) / a.stride + 1;
      }
    }
    return w;
  }
  constexpr symbol kernel(window& w, int spatial, std::int64_t channels, bool inverse) {
    extents e;
    for (int i = 0; i < spatial; ++i) e.push_back(w.axes[max_spatial - spatial + i].size);
    std::int64_t const filters = chance(30) ? channels : between(1, 5);
    if (filters == channels && chance(50)) w.groups = channels;
    e.push_back((inverse ? filters : channels) / w.groups);
    e.push_back(inverse ? channels : filters);
    typegrad::weights make{g_};
    return make("k", e, initializer{});
  }
  constexpr void sliding() {
    int const which = between(0, 7);
    bool const maximum = which >= 6;
    symbol x = pick(maximum ? exact_ : floats_);
    if (x.rank() < 2) x = build::reshape(x, {x.shape().count(), 1});
    if (x.rank() > 4) return;
    bool const inverse = which == 3 || which == 5;
    window w = window_over(x.shape(), maximum, inverse);
    int const spatial = x.rank() - 1;
    std::int64_t const channels = x.shape().back();
    if ((inverse ? w.positions_in() : w.positions_out()) * channels > 600) return;
    switch (which) {
      case 0:
      case 1: {
        symbol const k = kernel(w, spatial, channels, false);
        return add_float(0.25 * build::convolution(x, k, w));
      }
      case 2: {
        symbol const k = kernel(w, spatial, channels, false);
        return add_float(0.125 * build::convolution_kernel(x, sin(build::convolution(x, k, w)), w));
      }
      case 3: {
        symbol const k = kernel(w, spatial, channels, true);
        return add_float(0.25 * build::convolution_input(x, k, w));
      }
      case 4:
        return add_float(0.25 * build::window_sum(x, w));
      case 5:
        return add_float(0.25 * build::window_spread(x, w));
      default:
        return add_float(build::window_max(x, w), true);
    }
  }

  /// Some integers, of rank 2 at most; those of data go beyond the ends of what they point into.
  constexpr symbol indices(std::int64_t length) {
    for (int i = 0; i < 10 && !integers_.empty(); ++i) {
      symbol const n = pick(integers_);
      if (n.rank() <= 2 && n.shape().count() <= 12) return n;
    }
    int const last = static_cast<int>(length);
    symbol const n = build::iota(g_, {between(1, 4)}, 0);
    return chance(50) ? n : between(-1, last) - n;
  }
  constexpr void along_axis() {
    int const which = between(0, 11);
    symbol x = pick(which >= 6 && which <= 8 ? exact_ : floats_);
    if (x.rank() == 0) x = build::reshape(x, {1});
    int const axis = between(0, x.rank() - 1);
    std::int64_t const length = x.shape()[axis];
    switch (which) {
      case 0:
      case 1: {
        symbol const i = indices(length);
        if (x.rank() + i.rank() > 6) return;
        return add_float(build::gather(x, i, axis));
      }
      case 2: {
        symbol const key = pick(exact_);
        if (key.rank() != x.rank()) return;
        symbol const order = build::argsort(key, -1);
        for (int i = 0; i < x.rank(); ++i)
          if (i != axis && order.shape()[i] != x.shape()[i]) return;
        return add_float(build::gather_along(x, order, axis));
      }
      case 3:
      case 4: {
        symbol const i = indices(length);
        extents into{between(1, 5)};
        extents updates = i.shape();
        if (i.rank() != 1 && x.rank() + i.rank() > 6) return;
        if (i.rank() == 1)
          for (std::int64_t const n : x.shape()) into.push_back(n), updates.push_back(n);
        if (updates.count() > 600) return;
        bool const over_batch = chance(40);
        symbol const u = i.rank() == 1 ? build::broadcast_to(x, updates)
                                       : build::broadcast(sum(x), updates, {});
        return add_float(0.25 * build::scatter_add(into, i, u, 0, over_batch));
      }
      case 5:
      case 9: {
        bool const backwards = chance(50);
        return add_float(0.5 * build::cumulative_sum(x, axis, backwards, chance(40)));
      }
      case 6:
        return add_float(sort(x, axis, chance(50)), true);
      case 7: {
        symbol const order = argsort(x, axis, chance(50));
        return add_integer(order);
      }
      case 8:
        return add_float(top_k(x, between(1, static_cast<int>(x.shape().back()))).values, true);
      case 10:
        return integers_.empty() ? void()
                                 : add_float(one_hot(pick(integers_), between(1, 4)), true);
      default:
        return add_float(prod(0.5 * sin(x), {axis}, chance(50)));
    }
  }

  /// Something of x's extents that is computed from x, y and others, with no sums over the batch.
  constexpr symbol turned(symbol x, symbol y) {
    symbol const z = broadcastable(x);
    switch (between(0, 6)) {
      case 0: return sin(x + 0.5 * z) * 0.5;
      case 1: return 0.5 * x + cos(z);
      case 2: return x.rank() > 0 ? x - 0.5 * max(x, {-1}, true) : sin(x);
      case 3: return where(x > 0, 0.5 * x, sin(z));
      case 4: return x.rank() > 0 ? 0.5 * build::reverse(x, {x.rank() - 1}) + z : 0.25 * x;
      case 5:
        if (x.rank() > 0)
          return 0.25 * matmul(sin(x), build::broadcast(sin(sum(y)), {x.shape().back(),
                                                                     x.shape().back()}, {}));
        return cos(x) * 0.5;
      default: return 0.5 * build::unary(op::tanh, x) + 0.25 * z;
    }
  }
  /// Some value that broadcasts to x's extents.
  constexpr symbol broadcastable(symbol x) {
    for (int i = 0; i < 10; ++i) {
      symbol const y = pick(floats_);
      extents e;
      if (build::broadcast_shape(x.shape(), y.shape(), e) && e == x.shape()) return y;
    }
    return build::constant(g_, 0.5);
  }
  constexpr void control() {
    symbol const x = pick(floats_);
    int const which = between(0, 9);
    if (which <= 1) {  // cond
      symbol const p = which == 0 ? batch_sum(mean(pick(exact_))) > 0 : mean(pick(exact_)) > 0;
      return add_float(cond(p, [&] { return turned(x, x); }, [&] { return turned(x, x); }));
    }
    if (which == 2) {
      return add_float(fori_loop(
          between(-1, 1), between(1, 3),
          [&](symbol i, symbol v) { return turned(v, x) + 0.125 * cast(i, dtype::float32); }, x));
    }
    symbol const sequence = pick(floats_);
    if (sequence.rank() == 0) return;
    bool const reverse = chance(40);
    bool const two = chance(40);
    list<symbol> init{x};
    if (two) init.push_back(build::constant(g_, 0, dtype::int32));
    scan_result const r = scan(
        [&](list<symbol> const& c, list<symbol> const& s) -> scan_step {
          symbol const part = sum(0.25 * s[0]);
          symbol const next = turned(c[0], s[0]) + part;
          scan_step out{{next}, {turned(s[0], next)}};
          if (chance(50)) out.y.push_back(next);
          if (two) {
            out.carry.push_back(c[1] + 1);
            out.y.push_back(cast(c[1], dtype::float32) * s[0]);
          }
          return out;
        },
        init, {sequence}, -1, reverse);
    if (chance(80)) add_float(r.carry[0]);
    for (symbol const& y : r.ys)
      if (chance(70)) add_float(y);
  }

  constexpr void movement() {
    list<symbol>* pool = &floats_;
    int const which = between(0, 9);
    if (which == 0) pool = &exact_;
    if (which == 1 && !integers_.empty()) pool = &integers_;
    if (which == 2 && !booleans_.empty()) pool = &booleans_;
    symbol const x = pick(*pool);
    symbol y = moved(x, *pool);
    if (!y.valid() || y.shape().count() > 600) return;
    if (y.type() == dtype::int32) return add_integer(y);
    if (y.type() == dtype::boolean) return add_boolean(y);
    add_float(y, is_exact(x) && is_movement(y.info().code) && y.info().operand_count == 1);
  }
  constexpr symbol moved(symbol x, list<symbol> const& pool) {
    int const rank = x.rank();
    switch (between(0, 8)) {
      case 0: {  // reshape
        std::int64_t rest = x.shape().count();
        extents e;
        while (e.rank < 4 && (rest > 1 || chance(20))) {
          list<int> divisors;
          for (int d = 1; d <= rest; ++d)
            if (rest % d == 0) divisors.push_back(d);
          int const d = e.rank == 3 ? static_cast<int>(rest) : pick(divisors);
          e.push_back(d);
          rest /= d;
        }
        return build::reshape(x, e);
      }
      case 1:
      case 2: {
        axis_list p;
        for (int i = 0; i < rank; ++i) p.push_back(i);
        for (int i = rank - 1; i > 0; --i) swap(p.items[i], p.items[between(0, i)]);
        return build::transpose(x, p);
      }
      case 3: {
        if (rank == 0) return x;
        extents low, high, step;
        for (int i = 0; i < rank; ++i) {
          int const n = static_cast<int>(x.shape()[i]);
          low.push_back(between(0, n - 1));
          high.push_back(between(static_cast<int>(low[i]) + 1, n));
          step.push_back(between(1, 3));
        }
        return build::slice(x, low, high, step);
      }
      case 4: {
        if (rank == 0) return x;
        extents low, high, step;
        for (int i = 0; i < rank; ++i) {
          low.push_back(chance(50) ? 0 : between(0, 2));
          high.push_back(chance(50) ? 0 : between(0, 2));
          step.push_back(chance(70) ? 1 : between(1, 3));
        }
        double const value = x.type() == dtype::boolean ? between(0, 1) : between(-1, 2);
        return build::pad(x, low, high, step, value);
      }
      case 5: {
        if (rank == 0) return x;
        int const axis = between(0, rank - 1);
        for (int i = 0; i < 20; ++i) {
          symbol const y = pick(pool);
          if (y.rank() != rank) continue;
          bool fits = true;
          for (int k = 0; k < rank; ++k) fits = fits && (k == axis || y.shape()[k] == x.shape()[k]);
          if (fits) return build::concatenate(x, y, axis);
        }
        return build::concatenate(x, x, axis);
      }
      case 6:
        return build::reverse(x, some_axes(rank, 50));
      case 7: {
        extents e = x.shape();
        for (int i = 0; i < rank; ++i)
          if (e[i] == 1) e[i] = pick(lengths_);
        if (rank < 4 && chance(60)) {
          extents longer{pick(lengths_)};
          for (std::int64_t const n : e) longer.push_back(n);
          e = longer;
        }
        return build::broadcast_to(x, e);
      }
      default:
        return chance(50) ? build::spread(x) : build::reverse(x, some_axes(rank, 70));
    }
  }

  constexpr void leaf() {
    switch (between(0, 4)) {
      case 0:
      case 1: {
        extents e = shape(3);
        if (e.rank == 0) e.push_back(3);
        symbol const n = build::iota(g_, e, between(0, e.rank - 1));
        if (chance(50)) return add_integer(n);
        return add_float(cast(n, dtype::float32) * 0.25, true);
      }
      case 2: {
        extents const e = shape(2);
        return add_float(build::constant(g_, between(-2, 2) * 0.5, dtype::float32, e), true);
      }
      case 3:
        return add_float(1 / build::scalar(g_, run_scalar::batch_size));
      default: {
        symbol const x = pick(floats_);
        symbol const u = build::random_uniform(g_, x.shape(), chance(70));
        return add_float(where(u < 0.5, 0, 2 * x));
      }
    }
  }

  constexpr void composite() {
    symbol const x = pick(floats_);
    if (x.rank() == 0) return;
    switch (between(0, 4)) {
      case 0: {
        symbol const e = exp(sin(x));
        return add_float(e / sum(e, {-1}, true));
      }
      case 1: {
        symbol const c = x - mean(x, {-1}, true);
        return add_float(c * rsqrt(mean(square(c), {-1}, true) + 0.125));
      }
      case 2: {
        symbol const c = x - batch_mean(x);
        return add_float(c * rsqrt(batch_mean(square(c)) + 0.125));
      }
      case 3: {
        symbol const c = pick(exact_);
        if (c.rank() == 0) return;
        symbol const shifted = c - max(c, {-1}, true);
        return add_float(shifted - log(sum(exp(shifted), {-1}, true)));
      }
      default: {
        symbol const m = mean(x, {0}, true);
        return add_float(x - m);
      }
    }
  }

  constexpr symbol objective() {
    symbol total = build::constant(g_, 0);
    int const terms = between(1, 3);
    for (int i = 0; i < terms; ++i) {
      symbol const x = i == 0 ? floats_.back() : pick(floats_);
      total = total + mean(sin(x));
    }
    return chance(50) ? batch_mean(total) : total;
  }
  constexpr void differentiated(list<int>& outputs) {
    symbol const objective = this->objective();
    list<int> wanted;
    for (int id = 0; id < g_.size(); ++id)
      if ((g_[id].code == op::input || g_[id].code == op::weight) && g_[id].type == dtype::float32)
        wanted.push_back(id);
    if (chance(30)) wanted.push_back(pick(floats_).id());
    list<int> const first = differentiate(g_, objective, wanted);
    for (int const id : first)
      if (id >= 0) outputs.push_back(id);
    if (!chance(30)) return;
    symbol second = build::constant(g_, 0);
    for (int const id : first)
      if (id >= 0) second = second + mean(square(symbol{g_, id}));
    for (int const id : differentiate(g_, second, wanted))
      if (id >= 0) outputs.push_back(id);
  }

  std::uint64_t random_;
  kinds more_;
  graph g_;
  list<int> lengths_;
  list<symbol> floats_, exact_, integers_, booleans_;
};

/// Data for a graph: floating values are multiples of 1/8 within [-2, 2].
inline reference::bindings data_for(graph const& g, unsigned seed, std::int64_t batch_size) {
  std::mt19937 random{seed * 31U + 7U};
  reference::bindings b;
  b.batch_size = batch_size;
  b.seed = seed;
  b.step = seed % 5;
  auto const fill = [&](std::int64_t count, dtype type) {
    reference::values v;
    for (std::int64_t i = 0; i < count; ++i) {
      int const k = std::uniform_int_distribution{-16, 16}(random);
      v.push_back(is_floating(type) ? k / 8.0 : type == dtype::boolean ? k > 0 : k / 4);
    }
    return v;
  };
  for (input_info const& x : g.inputs)
    b.inputs.push_back(fill(x.shape.count() * (x.per_sample ? batch_size : 1), x.type));
  for (weight_info const& w : g.weights) b.weights.push_back(fill(w.shape.count(), w.type));
  return b;
}

/// One line a node, for the report of a failure.
inline std::string to_text(graph const& g) {
  std::string out;
  for (int id = 0; id < g.size(); ++id) {
    node const& n = g[id];
    out += std::to_string(id) + ": " + std::string{info(n.code).name};
    for (int i = 0; i < n.operand_count; ++i) out += " " + std::to_string(g.operand(id, i));
    out += "  " + std::string{typegrad::to_text(n.type)} + " " +
           std::string{typegrad::to_text(n.shape).view()} + (n.per_sample ? " per sample" : "");
    if (n.code == op::constant) out += " = " + std::to_string(n.value);
    if (n.attribute >= 0) {
      attribute const& a = g.attributes_of(id);
      for (axis_list const* l : {&a.a, &a.b, &a.c, &a.d}) {
        out += " (";
        for (int i = 0; i < l->size(); ++i) out += (i > 0 ? "," : "") + std::to_string((*l)[i]);
        out += ")";
      }
      if (slides(n.code)) {
        for (window_axis const& x : a.over.axes)
          out += " {" + std::to_string(x.in) + " to " + std::to_string(x.out) + ": size " +
                 std::to_string(x.size) + " stride " + std::to_string(x.stride) + " dilation " +
                 std::to_string(x.dilation) + " low " + std::to_string(x.low) + "}";
        out += " groups " + std::to_string(a.over.groups);
      }
      if (a.over_batch) out += " over batch";
    }
    out += "\n";
  }
  out += "outputs:";
  for (int const id : g.outputs) out += " " + std::to_string(id);
  return out + "\n";
}

inline std::string to_text(access const& a) {
  std::string out = "[" + std::to_string(a.offset);
  for (std::int64_t const stride : a.strides) out += " " + std::to_string(stride);
  return out + "]";
}

/// The steps of a compiled graph.
inline std::string to_text(compiled_graph const& c) {
  std::string out;
  for (int i = 0; i < c.steps.steps.size(); ++i) {
    step const& s = c.steps.steps[i];
    constexpr char const* kinds[] = {"loop", "row", "column", "contraction", "whole", "control"};
    out += "step " + std::to_string(i) + " " + kinds[static_cast<int>(s.kind)] + " over";
    for (int k = 0; k < s.rank; ++k)
      out += " " + std::to_string(s.axes[k].extent) + (s.axes[k].batch ? "*batch" : "");
    out += ", reduced " + std::to_string(s.reduced_from) + ".." + std::to_string(s.reduced_to) +
           ", phases " + std::to_string(s.phases) + "\n";
    auto const place = [&](int slot) {
      int const id = s.buffers[slot];
      buffer const& b = c.memory.buffers[c.memory.buffer_of[id]];
      return "node " + std::to_string(id) + "@" + std::to_string(b.offset);
    };
    if (s.kind == step_kind::whole)
      out += "  of " + place(s.whole.slots[0]) + " and " + place(s.whole.slots[1]) + "\n";
    if (s.kind == step_kind::contraction)
      out += "  product of " + place(s.product.slot_a) + " and " + place(s.product.slot_b) + "\n";
    for (int k = 0; k < s.body.size(); ++k) {
      instruction const& x = s.body[k];
      out += "  " + std::to_string(k) + ": " + std::string{info(x.code).name};
      for (int const o : {x.a, x.b, x.c})
        if (o >= 0) out += " " + std::to_string(o);
      if (x.code == op::input) out += " " + place(x.slot);
      if (x.code == op::input || x.code == op::iota) out += " " + to_text(x.where);
      out += std::string{x.varies ? " varies" : ""} + (x.cached ? " cached" : "") + " phase " +
             std::to_string(x.phase) + "\n";
    }
    for (store const& x : s.stores)
      out += "  store " + std::to_string(x.value) + " to " + place(x.slot) + " " +
             to_text(x.where) + "\n";
  }
  return out;
}

}  // namespace random_graphs
