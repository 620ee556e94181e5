// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/reduction.hpp>

// Convolutions, channels last: x (spatial axes..., C), k (taps..., C / groups, F) and
// y (positions..., F). Three ops are the three faces of one form that is linear in x, k and y,
//   sum of x[o * stride + t * dilation - low, c] k[t, c, f] y[o, f] over samples, o, t, c and f,
// each its derivative with respect to one of the three. So the gradients of any are the others.

namespace typegrad {

namespace build {

namespace detail {

/// The axes of `over` that a value of `rank` axes, `others` of them not spatial, has: the last
/// ones. -1 if there is no such number of them.
constexpr int spatial_axes(window const& over, int rank, int others) {
  int const count = rank - others;
  if (count < 1 || count > max_spatial) return -1;
  for (int i = 0; i < max_spatial - count; ++i)
    if (!(over.axes[i] == window_axis{})) return -1;
  return count;
}

/// Whether the leading axes of `shape` are what the window has under `member`.
constexpr bool has_axes(extents const& shape, window const& over, int count,
                        std::int64_t window_axis::*member) {
  for (int i = 0; i < count; ++i)
    if (shape[i] != over.axes[max_spatial - count + i].*member) return false;
  return true;
}

constexpr extents with_axes(window const& over, int count, std::int64_t window_axis::*member) {
  extents shape;
  for (int i = 0; i < count; ++i) shape.push_back(over.axes[max_spatial - count + i].*member);
  return shape;
}

constexpr symbol floating(symbol x) {
  return is_floating(x.type()) ? x : build::cast(x, dtype::float32);
}

/// A node of one of the ops that slide a window; its extents are known.
constexpr symbol slide(op code, symbol a, symbol b, extents const& shape, window const& over,
                       bool over_batch = false) {
  node n;
  n.code = code;
  n.type = a.type();
  n.per_sample = (a.per_sample() || (b.valid() && b.per_sample())) && !over_batch;
  n.shape = shape;
  attribute at;
  at.over = over;
  at.over_batch = over_batch;
  symbol const both[] = {a, b};
  return append(a.owner(), n, both, b.valid() ? 2 : 1, &at);
}

constexpr symbol misfit(std::string_view name, symbol a, symbol b) {
  return poison(a.owner(), sentence(name, ": extents ", to_text(a.shape()), " and ",
                                    to_text(b.shape()), " do not fit the window"));
}

/// Brings two operands to one floating dtype.
constexpr void agree(symbol& a, symbol& b) {
  dtype const type = common_type(floating(a).type(), floating(b).type());
  a = build::cast(a, type);
  b = build::cast(b, type);
}

}  // namespace detail

/// y from x and k. Requires extents that agree with the window, and one kernel for all samples.
constexpr symbol convolution(symbol x, symbol k, window const& over) {
  if (poisoned(x)) return poisoned_like(x);
  if (poisoned(k)) return poisoned_like(k);
  int const spatial = detail::spatial_axes(over, x.rank(), 1);
  extents const kernel = k.shape();
  if (spatial < 0 || kernel.rank != spatial + 2 ||
      !detail::has_axes(x.shape(), over, spatial, &window_axis::in) ||
      !detail::has_axes(kernel, over, spatial, &window_axis::size) ||
      x.shape().back() != kernel[spatial] * over.groups || kernel.back() % over.groups != 0)
    return detail::misfit("convolution", x, k);
  if (k.per_sample())
    return poison(x.owner(),
                  diagnosis{"convolution: the kernel must be one for all samples, not per sample"});
  detail::agree(x, k);
  extents shape = detail::with_axes(over, spatial, &window_axis::out);
  shape.push_back(kernel.back());
  return detail::slide(op::convolution, x, k, shape, over);
}

/// x from y and k: the gradient of `convolution` with respect to x, which is also the transposed
/// convolution.
constexpr symbol convolution_input(symbol y, symbol k, window const& over) {
  if (poisoned(y)) return poisoned_like(y);
  if (poisoned(k)) return poisoned_like(k);
  int const spatial = detail::spatial_axes(over, y.rank(), 1);
  extents const kernel = k.shape();
  if (spatial < 0 || kernel.rank != spatial + 2 ||
      !detail::has_axes(y.shape(), over, spatial, &window_axis::out) ||
      !detail::has_axes(kernel, over, spatial, &window_axis::size) ||
      y.shape().back() != kernel.back() || kernel.back() % over.groups != 0)
    return detail::misfit("transposed convolution", y, k);
  if (k.per_sample())
    return poison(y.owner(), diagnosis{"transposed convolution: the kernel must be one for all "
                                       "samples, not per sample"});
  detail::agree(y, k);
  extents shape = detail::with_axes(over, spatial, &window_axis::in);
  shape.push_back(kernel[spatial] * over.groups);
  return detail::slide(op::convolution_input, y, k, shape, over);
}

/// k from x and y, summed over the samples: the gradient of `convolution` with respect to k.
constexpr symbol convolution_kernel(symbol x, symbol y, window const& over) {
  if (poisoned(x)) return poisoned_like(x);
  if (poisoned(y)) return poisoned_like(y);
  int const spatial = detail::spatial_axes(over, x.rank(), 1);
  if (spatial < 0 || y.rank() != x.rank() ||
      !detail::has_axes(x.shape(), over, spatial, &window_axis::in) ||
      !detail::has_axes(y.shape(), over, spatial, &window_axis::out) ||
      x.shape().back() % over.groups != 0 || y.shape().back() % over.groups != 0)
    return detail::misfit("kernel gradient", x, y);
  detail::agree(x, y);
  bool const over_batch = x.per_sample() || y.per_sample();
  if (over_batch) {
    x = spread(x);
    y = spread(y);
  }
  extents shape = detail::with_axes(over, spatial, &window_axis::size);
  shape.push_back(x.shape().back() / over.groups);
  shape.push_back(y.shape().back());
  return detail::slide(op::convolution_kernel, x, y, shape, over, over_batch);
}

}  // namespace build

/// (x, k). Attributes: over.
template <>
struct rule<op::convolution> {
  static constexpr std::string_view name = "convolution";
  static constexpr void gradient(gradient_context& c) {
    window const over = c.attributes().over;
    if (c.wants(0)) c.add(0, build::convolution_input(c.dy, c.operand(1), over));
    if (c.wants(1)) c.add(1, build::convolution_kernel(c.operand(0), c.dy, over));
  }
};

/// (y, k). Attributes: over.
template <>
struct rule<op::convolution_input> {
  static constexpr std::string_view name = "transposed convolution";
  static constexpr void gradient(gradient_context& c) {
    window const over = c.attributes().over;
    if (c.wants(0)) c.add(0, build::convolution(c.dy, c.operand(1), over));
    if (c.wants(1)) c.add(1, build::convolution_kernel(c.dy, c.operand(0), over));
  }
};

/// (x, y). Attributes: over; over_batch.
template <>
struct rule<op::convolution_kernel> {
  static constexpr std::string_view name = "kernel gradient";
  static constexpr void gradient(gradient_context& c) {
    window const over = c.attributes().over;
    if (c.wants(0)) c.add(0, build::convolution_input(c.operand(1), c.dy, over));
    if (c.wants(1)) c.add(1, build::convolution(c.operand(0), c.dy, over));
  }
};

}  // namespace typegrad
