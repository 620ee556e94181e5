// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/graph/op.hpp>
#include <typegrad/graph/window.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

// What the ops that slide a window compute, element by element in plain loops.

namespace typegrad::reference {

/// An op that slides a window. `channels` are those of x, `filters` those of y.
struct sliding {
  op code;
  window over;
  position_block block;  ///< of convolution_max
  std::int64_t channels, filters;
  std::int64_t first_sample, samples_end;  ///< that convolution_kernel sums over

  /// A position along the three spatial axes.
  struct place {
    std::int64_t at[max_spatial] = {};
  };

  static place located(std::int64_t e, std::int64_t n1, std::int64_t n2) {
    return {{e / (n1 * n2), e / n2 % n1, e % n2}};
  }
  place input_at(std::int64_t e) const { return located(e, over.axes[1].in, over.axes[2].in); }
  place output_at(std::int64_t e) const { return located(e, over.axes[1].out, over.axes[2].out); }
  place tap_at(std::int64_t e) const { return located(e, over.axes[1].size, over.axes[2].size); }

  /// The element that a tap of a window reads, -1 for padding.
  std::int64_t read_by(place const& o, place const& t) const {
    std::int64_t e = 0;
    for (int i = 0; i < max_spatial; ++i) {
      window_axis const& a = over.axes[i];
      std::int64_t const x = o.at[i] * a.stride + t.at[i] * a.dilation - a.low;
      if (x < 0 || x >= a.in) return -1;
      e = e * a.in + x;
    }
    return e;
  }
  /// The window whose tap t reads element x, -1 if there is none.
  std::int64_t reader(place const& x, place const& t) const {
    std::int64_t e = 0;
    for (int i = 0; i < max_spatial; ++i) {
      window_axis const& a = over.axes[i];
      std::int64_t const from = x.at[i] + a.low - t.at[i] * a.dilation;
      if (from < 0 || from % a.stride != 0 || from / a.stride >= a.out) return -1;
      e = e * a.out + from / a.stride;
    }
    return e;
  }

  /// The tap of the first greatest element of window o in channel c, NaN being the greatest; -1 if
  /// all taps read padding.
  template <class X>
  std::int64_t greatest(std::int64_t sample, std::int64_t o, std::int64_t c, X const& x) const {
    std::int64_t winner = -1;
    double best = 0;
    for (std::int64_t t = 0; t < over.taps(); ++t) {
      std::int64_t const e = read_by(output_at(o), tap_at(t));
      if (e < 0) continue;
      double const value = x(sample, e * channels + c);
      if (winner >= 0 && !(value > best) && !(std::isnan(value) && !std::isnan(best))) continue;
      best = value;
      winner = t;
    }
    return winner;
  }

  /// Element e of the result of sample `sample`, summed in Real. a(sample, e) and b(sample, e) are
  /// the operands' elements.
  template <class Real, class A, class B>
  double element(std::int64_t sample, std::int64_t e, A const& a, B const& b) const {
    std::int64_t const channels_each = channels / over.groups;
    std::int64_t const filters_each = filters / over.groups;
    Real sum = 0;
    auto const add = [&](double x, double y) { sum += static_cast<Real>(x) * static_cast<Real>(y); };
    switch (code) {
      case op::convolution: {
        std::int64_t const f = e % filters;
        place const o = output_at(e / filters);
        for (std::int64_t t = 0; t < over.taps(); ++t) {
          std::int64_t const x = read_by(o, tap_at(t));
          for (std::int64_t c = 0; x >= 0 && c < channels_each; ++c)
            add(a(sample, x * channels + f / filters_each * channels_each + c),
                b(sample, (t * channels_each + c) * filters + f));
        }
        return static_cast<double>(sum);
      }
      case op::convolution_input: {
        std::int64_t const c = e % channels;
        std::int64_t const group = c / channels_each;
        place const x = input_at(e / channels);
        for (std::int64_t t = 0; t < over.taps(); ++t) {
          std::int64_t const o = reader(x, tap_at(t));
          for (std::int64_t f = group * filters_each; o >= 0 && f < (group + 1) * filters_each; ++f)
            add(a(sample, o * filters + f),
                b(sample, (t * channels_each + c % channels_each) * filters + f));
        }
        return static_cast<double>(sum);
      }
      case op::convolution_kernel: {
        std::int64_t const f = e % filters;
        std::int64_t const c = e / filters % channels_each + f / filters_each * channels_each;
        place const t = tap_at(e / filters / channels_each);
        for (std::int64_t s = first_sample; s < samples_end; ++s)
          for (std::int64_t o = 0; o < over.positions_out(); ++o) {
            std::int64_t const x = read_by(output_at(o), t);
            if (x >= 0) add(a(s, x * channels + c), b(s, o * filters + f));
          }
        return static_cast<double>(sum);
      }
      case op::convolution_max: {
        sliding convolved = *this;
        convolved.code = op::convolution;
        sliding const blocks{op::window_max, blocks_of(over, block), {}, filters, filters,
                             first_sample,   samples_end};
        auto const y = [&](std::int64_t s, std::int64_t at) {
          return convolved.element<Real>(s, at, a, b);
        };
        return blocks.windowed<Real>(sample, e / filters, e % filters, y, b);
      }
      default: return windowed<Real>(sample, e / channels, e % channels, a, b);
    }
  }

 private:
  template <class Real, class A, class B>
  double windowed(std::int64_t sample, std::int64_t p, std::int64_t c, A const& a,
                  B const& b) const {
    Real sum = 0;
    switch (code) {
      case op::window_sum:
        for (std::int64_t t = 0; t < over.taps(); ++t) {
          std::int64_t const x = read_by(output_at(p), tap_at(t));
          if (x >= 0) sum += static_cast<Real>(a(sample, x * channels + c));
        }
        return static_cast<double>(sum);
      case op::window_spread:
        for (std::int64_t t = 0; t < over.taps(); ++t) {
          std::int64_t const o = reader(input_at(p), tap_at(t));
          if (o >= 0) sum += static_cast<Real>(a(sample, o * channels + c));
        }
        return static_cast<double>(sum);
      case op::window_scatter:
        for (std::int64_t t = over.taps() - 1; t >= 0; --t) {  // windows in their order
          std::int64_t const o = reader(input_at(p), tap_at(t));
          if (o >= 0 && greatest(sample, o, c, a) == t)
            sum += static_cast<Real>(b(sample, o * channels + c));
        }
        return static_cast<double>(sum);
      case op::window_max:
      case op::window_gather: {
        std::int64_t const t = greatest(sample, p, c, a);
        if (t < 0) return code == op::window_max ? -std::numeric_limits<double>::infinity() : 0;
        std::int64_t const x = read_by(output_at(p), tap_at(t)) * channels + c;
        return code == op::window_max ? a(sample, x) : b(sample, x);
      }
      default: return std::numeric_limits<double>::quiet_NaN();
    }
  }
};

}  // namespace typegrad::reference
