// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/whole.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

// What the ops that take whole operands compute, in plain loops.

namespace typegrad::reference {

/// Computes all elements, in Real where sums are concerned. read(operand, sample, e) gives an
/// operand's elements, write(sample, e, x) takes the result's.
template <class Real, class Read, class Write>
void run_whole(whole_op const& w, std::int64_t batch_size, Read const& read, Write const& write) {
  auto const index = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  std::int64_t const samples = w.per_sample || w.over_batch ? batch_size : 1;
  std::vector<double> sums(index(w.code == op::scatter_add ? w.results() : 0));
  for (std::int64_t s = 0; s < samples; ++s) {
    if (!w.over_batch) std::fill(sums.begin(), sums.end(), 0.0);
    for (std::int64_t o = 0; o < w.outer; ++o)
      for (std::int64_t i = 0; i < w.inner; ++i) {
        auto const along = [&](std::int64_t k, std::int64_t count) {
          return (o * count + k) * w.inner + i;
        };
        switch (w.code) {
          case op::gather:
          case op::scatter_add: {
            bool const gathers = w.code == op::gather;
            for (std::int64_t m = 0; m < w.count; ++m) {
              auto const named =
                  static_cast<std::int64_t>(read(gathers ? 1 : 0, s, w.index_at(o, m, i)));
              std::int64_t const at = along(whole_op::clamped(named, w.length), w.length);
              if (gathers)
                write(s, along(m, w.count), read(0, s, at));
              else
                sums[index(at)] =
                    static_cast<double>(static_cast<Real>(sums[index(at)]) +
                                        static_cast<Real>(read(1, s, along(m, w.count))));
            }
            break;
          }
          case op::cumulative_sum: {
            Real sum = 0;
            for (std::int64_t k = 0; k < w.length; ++k) {
              std::int64_t const at = along(w.backwards ? w.length - 1 - k : k, w.length);
              Real const before = sum;
              sum = sum + static_cast<Real>(read(0, s, at));
              write(s, at, static_cast<double>(w.exclusive ? before : sum));
            }
            break;
          }
          default: {  // argsort
            std::vector<std::int64_t> order(index(w.length));
            std::iota(order.begin(), order.end(), std::int64_t{0});
            auto const before = [&](std::int64_t k, std::int64_t l) {
              double const x = read(0, s, along(k, w.length));
              double const y = read(0, s, along(l, w.length));
              bool const less = x < y || (std::isnan(y) && !std::isnan(x));
              bool const greater = x > y || (std::isnan(x) && !std::isnan(y));
              return w.backwards ? greater || (!less && k < l) : less || (!greater && k < l);
            };
            std::sort(order.begin(), order.end(), before);
            for (std::int64_t k = 0; k < w.count; ++k)
              write(s, along(k, w.count), static_cast<double>(order[index(k)]));
          }
        }
      }
    if (w.code == op::scatter_add && (!w.over_batch || s + 1 == samples))
      for (std::int64_t e = 0; e < w.results(); ++e) write(w.over_batch ? 0 : s, e, sums[index(e)]);
  }
}

}  // namespace typegrad::reference
