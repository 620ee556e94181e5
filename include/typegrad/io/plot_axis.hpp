// SPDX-License-Identifier: BSL-1.0
// Axes of plots: ranges, round ticks and their labels, and the way from values to pixels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <vector>

namespace typegrad::plot {

/// The values from `low` to `high` that something covers; nothing at first.
struct range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool empty() const { return !(low <= high); }
  /// Widens the range to a value; NaN and infinities are no places and change nothing.
  void cover(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// `count` values, at least 2, in even steps from `low` to `high`, both among them.
template <int = 0>
std::vector<double> linspace(double low, double high, std::size_t count) {
  std::vector<double> out(std::max<std::size_t>(count, 2));
  double const last = static_cast<double>(out.size() - 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    double const part = static_cast<double>(i) / last;
    out[i] = low * (1 - part) + high * part;
  }
  return out;
}

enum class scale { linear, logarithmic };

struct tick {
  double value;
  std::string label;
};

/// The round number (1, 2 or 5 times a power of ten) nearest above about `span / pieces`.
/// Source: Heckbert, "Nice numbers for graph labels", Graphics Gems (1990).
template <int = 0>
double round_step(double span, int pieces) {
  double const raw = span / pieces;
  double const power = std::pow(10.0, std::floor(std::log10(raw)));
  double const digits = raw / power * (1 - 1e-9);  // 2.0000000000000004 is 2
  return power * (digits <= 1.0 ? 1 : digits <= 2.0 ? 2 : digits <= 5.0 ? 5 : 10);
}

/// A tick's label for ticks `step` apart: no more decimals than tell them apart, powers of ten for
/// very large and very small values, a true minus sign.
template <int = 0>
std::string tick_label(double value, double step) {
  double const size = std::max(std::abs(value), step);
  char text[64];
  if (size >= 1e6 || size < 1e-4) {
    int const decimals = std::clamp(
        static_cast<int>(std::floor(std::log10(std::max(std::abs(value), step)) + 1e-9)) -
            static_cast<int>(std::floor(std::log10(step) + 1e-9)),
        0, 12);
    if (value == 0) return "0";
    std::snprintf(text, sizeof text, "%.*e", decimals, value);
    // 1e-05 -> 1e-5
    std::string out(text);
    auto const e = out.find('e');
    int const exponent = std::atoi(out.c_str() + e + 1);
    out = out.substr(0, e + 1) + std::to_string(exponent);
    std::string clean;
    for (char const c : out) clean += c == '-' ? std::string("\xe2\x88\x92") : std::string(1, c);
    return clean;
  }
  int const decimals = std::clamp(-static_cast<int>(std::floor(std::log10(step) + 1e-9)), 0, 12);
  std::snprintf(text, sizeof text, "%.*f", decimals, std::abs(value));
  return (value < 0 ? "\xe2\x88\x92" : "") + std::string(text);
}

/// The range, as the fixed one of an axis. std::invalid_argument unless low < high and both are
/// finite; and positive, on a logarithmic scale.
template <int = 0>
range checked_range(std::string_view name, double low, double high, scale how) {
  if (!(low < high && std::isfinite(low) && std::isfinite(high)))
    throw std::invalid_argument(data_detail::message(
        "plot: ", name, " needs finite numbers with low < high, got ", low, " and ", high));
  if (how == scale::logarithmic && low <= 0)
    throw std::invalid_argument(
        data_detail::message("plot: ", name, " on a logarithmic scale needs positive numbers, got ",
                             low, " and ", high));
  return {low, high};
}

/// One axis: values between `low` and `high` lie between the pixels `from` and `to`.
class axis {
 public:
  axis(range values, scale how, bool whole_numbers, double from, double to, int pieces)
      : from_(from), to_(to), log_(how == scale::logarithmic) {
    if (log_) {
      low_ = std::log10(values.low);
      high_ = std::log10(values.high);
    } else {
      low_ = values.low;
      high_ = values.high;
    }
    if (log_) {
      logarithmic_ticks();
    } else {
      linear_ticks(whole_numbers, pieces);
    }
  }

  double pixel(double value) const {
    double const place = log_ ? std::log10(value) : value;
    return from_ + (place - low_) / (high_ - low_) * (to_ - from_);
  }
  /// Whether a value has a place on this axis: finite, and positive on a logarithmic one.
  bool shows(double value) const { return std::isfinite(value) && (!log_ || value > 0); }
  std::vector<tick> const& ticks() const { return ticks_; }
  double from() const { return from_; }
  double to() const { return to_; }

 private:
  void linear_ticks(bool whole_numbers, int pieces) {
    double step = round_step(high_ - low_, pieces);
    if (whole_numbers) step = std::max(1.0, step);
    double const slack = 1e-9 * (high_ - low_);
    for (double k = std::ceil((low_ - slack) / step); k * step <= high_ + slack; ++k) {
      double const value = k == 0 ? 0.0 : k * step;
      ticks_.push_back({value, tick_label(value, step)});
    }
  }

  void logarithmic_ticks() {
    int const first = static_cast<int>(std::floor(low_)), last = static_cast<int>(std::ceil(high_));
    bool const dense = high_ - low_ < 2.5;
    int const stride = std::max(1, (last - first + 7) / 8);
    for (int power = first; power <= last; power += stride) {
      for (int const digit : {1, 2, 5}) {
        if (digit != 1 && !dense) break;
        double const value = digit * std::pow(10.0, power);
        double const place = std::log10(value);
        if (place < low_ - 1e-9 || place > high_ + 1e-9) continue;
        ticks_.push_back({value, tick_label(value, value)});
      }
    }
  }

  double from_, to_, low_ = 0, high_ = 1;
  bool log_;
  std::vector<tick> ticks_;
};

/// The range an axis gets for values in `values`: some air around them, never empty. With
/// `floor_zero`, values that are all positive and reach down near zero get zero as their floor.
template <int = 0>
range padded(range values, scale how, double air, bool floor_zero) {
  if (how == scale::logarithmic) {
    if (values.empty()) return {0.1, 1};
    double const low = std::log10(values.low), high = std::log10(values.high);
    double const margin = high > low ? air * (high - low) : 0.5;
    return {std::pow(10.0, low - margin), std::pow(10.0, high + margin)};
  }
  if (values.empty()) return {0, 1};
  double const span = values.high - values.low;
  double const size = std::max(std::abs(values.low), std::abs(values.high));
  if (!(span > 1e-12 * size)) {
    double const margin = size > 0 ? 0.1 * size : 1;
    return {values.low - margin, values.high + margin};
  }
  bool const near_zero = values.low >= 0 && values.low < 0.2 * values.high;
  return {floor_zero && near_zero ? 0 : values.low - air * span, values.high + air * span};
}

}  // namespace typegrad::plot
