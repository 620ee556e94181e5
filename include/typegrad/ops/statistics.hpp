// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/elementwise.hpp>
#include <typegrad/ops/movement.hpp>

#include <limits>

// Reductions that are composed of others. Of one sample's value, over `axes`, or all if none are
// given.

namespace typegrad {

/// The product over `axes`. Composed of as many products as the axes' length has bits, so that
/// zeros have right gradients.
constexpr symbol prod(symbol x, axis_list axes = {}, bool keep_dims = false) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  extents const from = x.shape();
  axis_list const all = detail::normalized(axes, from.rank);
  extents result;
  for (int i = 0; i < from.rank; ++i)
    if (!all.contains(i))
      result.push_back(from[i]);
    else if (keep_dims)
      result.push_back(1);
  for (int i = 0; i < all.size(); ++i)
    if (all[i] < 0 || all[i] >= from.rank)
      return poison(x.owner(),
                    sentence("prod: extents ", to_text(from), " have no axis ", axes[i]));
  if (x.type() == dtype::boolean) x = build::cast(x, dtype::int32);
  // the reduced axes first, as one
  axis_list permutation = all;
  for (int i = 0; i < from.rank; ++i)
    if (!all.contains(i)) permutation.push_back(i);
  std::int64_t const kept = result.count();
  std::int64_t length = kept == 0 ? 0 : from.count() / kept;
  symbol y = build::reshape(build::transpose(x, permutation), {length, kept});
  if (length == 0) return build::constant(x.owner(), 1, x.type(), result);
  while (length > 1) {
    std::int64_t const half = length / 2;
    symbol const product =
        build::slice(y, {0, 0}, {half, kept}) * build::slice(y, {half, 0}, {2 * half, kept});
    y = length % 2 == 0
            ? product
            : build::concatenate(product, build::slice(y, {length - 1, 0}, {length, kept}), 0);
    length = half + length % 2;
  }
  return build::reshape(y, result);
}

/// Whether some element over `axes` is true (not 0).
constexpr symbol any(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return max(build::cast(x, dtype::boolean), axes, keep_dims);
}
/// Whether all elements over `axes` are true (not 0).
constexpr symbol all(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return min(build::cast(x, dtype::boolean), axes, keep_dims);
}

/// log(sum(exp(x))) over `axes`, where no exponential overflows.
constexpr symbol logsumexp(symbol x, axis_list axes = {}, bool keep_dims = false) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  symbol const greatest = stop_gradient(max(x, axes, true));
  symbol const shift = where(isfinite(greatest), greatest, 0);
  symbol const y = log(sum(exp(x - shift), axes, true)) + shift;
  return build::reshape(y, sum(x, axes, keep_dims).shape());
}

/// The mean of the squared distances from the mean (of n, not n - 1 elements, as NumPy's).
constexpr symbol var(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return mean(square(x - mean(x, axes, true)), axes, keep_dims);
}
/// The square root of `var`: NumPy's and Keras's `std`.
constexpr symbol stddev(symbol x, axis_list axes = {}, bool keep_dims = false) {
  return sqrt(var(x, axes, keep_dims));
}

/// The norm of order p over `axes`: the root of the sum of |x|^p; for infinity the greatest |x|,
/// for 0 the number of elements that are not 0.
constexpr symbol norm(symbol x, axis_list axes = {}, bool keep_dims = false, double p = 2) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  if (p == 2) return sqrt(sum(square(x), axes, keep_dims));
  if (p == 1) return sum(abs(x), axes, keep_dims);
  if (p == 0) return sum(build::cast(x != 0, dtype::float32), axes, keep_dims);
  if (p == std::numeric_limits<double>::infinity()) return max(abs(x), axes, keep_dims);
  if (p == -std::numeric_limits<double>::infinity()) return min(abs(x), axes, keep_dims);
  return pow(sum(pow(abs(x), p), axes, keep_dims), 1 / p);
}

}  // namespace typegrad
