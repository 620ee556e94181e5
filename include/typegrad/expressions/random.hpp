// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/philox.hpp>
#include <typegrad/expressions/tensor.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>

namespace typegrad {

/// Random tensors from a seed: the n-th call gives the same numbers on every machine. Counter-based
/// (Philox 4x32-10), so that an element depends on nothing but the seed, the call and its position.
///
///     tg::random random{17};
///     auto const x = random.uniform<float, 100>(0, 1);
class random {
 public:
  explicit random(std::uint64_t seed = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)} {}

  /// Uniform in [low, high). std::invalid_argument unless low < high.
  template <std::floating_point T, std::int64_t... Dims>
  tensor<T, Dims...> uniform(std::type_identity_t<T> low = 0, std::type_identity_t<T> high = 1) {
    if (!(low < high && std::isfinite(low) && std::isfinite(high)))
      expressions::refuse("random: uniform needs finite numbers with low < high, got ",
                          expressions::digits(static_cast<double>(low)), " and ",
                          expressions::digits(static_cast<double>(high)));
    return make<T, Dims...>([&](std::uint64_t element) {
      // rounding must not give `high` itself
      auto const x =
          static_cast<T>(static_cast<double>(low) +
                         unit(element) * (static_cast<double>(high) - static_cast<double>(low)));
      return x < high ? x : low;
    });
  }

  /// Normal. std::invalid_argument for a negative deviation.
  template <std::floating_point T, std::int64_t... Dims>
  tensor<T, Dims...> normal(std::type_identity_t<T> mean = 0,
                            std::type_identity_t<T> deviation = 1) {
    check_deviation("normal", static_cast<double>(deviation));
    return make<T, Dims...>([&](std::uint64_t element) {
      auto const bits = block(element / 2, 0);
      return static_cast<T>(static_cast<double>(mean) +
                            static_cast<double>(deviation) *
                                gauss(bits[element % 2 * 2], bits[element % 2 * 2 + 1], 0));
    });
  }

  /// Normal, drawn again as long as it lies beyond two deviations, as in Keras.
  template <std::floating_point T, std::int64_t... Dims>
  tensor<T, Dims...> truncated_normal(std::type_identity_t<T> mean = 0,
                                      std::type_identity_t<T> deviation = 1) {
    check_deviation("truncated_normal", static_cast<double>(deviation));
    return make<T, Dims...>([&](std::uint64_t element) {
      for (std::uint32_t attempt = 0;; ++attempt) {
        auto const bits = block(element, attempt);
        for (std::size_t i = 0; i < 4; ++i) {
          double const x = gauss(bits[i / 2 * 2], bits[i / 2 * 2 + 1], i % 2);
          if (std::abs(x) <= 2)
            return static_cast<T>(static_cast<double>(mean) + static_cast<double>(deviation) * x);
        }
      }
    });
  }

  /// Whole numbers in [low, high), all equally likely. std::invalid_argument unless low < high.
  template <std::integral T, std::int64_t... Dims>
  tensor<T, Dims...> integers(std::type_identity_t<T> low, std::type_identity_t<T> high) {
    if (!(low < high))
      expressions::refuse("random: integers needs low < high, got ", std::int64_t{low}, " and ",
                          std::int64_t{high});
    auto const range = static_cast<std::uint64_t>(std::int64_t{high} - std::int64_t{low});
    return make<T, Dims...>([&](std::uint64_t element) {
      for (std::uint32_t attempt = 0;; ++attempt) {  // drawn again where it would be biased
        auto const bits = block(element, attempt);
        for (std::size_t i = 0; i < 4; ++i) {
          std::uint64_t const scaled = std::uint64_t{bits[i]} * range;
          if ((scaled & 0xffffffffU) >= (0x100000000U - range) % range)
            return static_cast<T>(std::int64_t{low} + static_cast<std::int64_t>(scaled >> 32));
        }
      }
    });
  }

  /// True with a probability.
  template <std::int64_t... Dims>
  tensor<bool, Dims...> bernoulli(double probability) {
    if (!(probability >= 0 && probability <= 1))
      expressions::refuse("random: bernoulli needs a probability from 0 to 1, got ",
                          expressions::digits(probability));
    return make<bool, Dims...>([&](std::uint64_t element) { return unit(element) < probability; });
  }

 private:
  static void check_deviation(std::string_view what, double deviation) {
    if (!(deviation >= 0 && std::isfinite(deviation)))
      expressions::refuse("random: ", what, " needs a finite deviation that is not negative, got ",
                          expressions::digits(deviation));
  }

  std::array<std::uint32_t, 4> block(std::uint64_t position, std::uint32_t attempt) const {
    return philox4x32_10({static_cast<std::uint32_t>(position),
                          static_cast<std::uint32_t>(position >> 32), call_, attempt},
                         key_);
  }
  /// In [0, 1), with 53 bits.
  double unit(std::uint64_t element) const {
    auto const bits = block(element / 2, 0);
    std::uint64_t const high = bits[element % 2 * 2], low = bits[element % 2 * 2 + 1];
    return static_cast<double>((high << 21) ^ (low >> 11)) * 0x1p-53;
  }
  /// Box and Muller.
  static double gauss(std::uint32_t a, std::uint32_t b, std::size_t second) {
    double const radius = std::sqrt(-2 * std::log((static_cast<double>(a) + 0.5) * 0x1p-32));
    double const angle = 2 * std::numbers::pi * (static_cast<double>(b) + 0.5) * 0x1p-32;
    return radius * (second != 0 ? std::sin(angle) : std::cos(angle));
  }

  template <class T, std::int64_t... Dims, class F>
  tensor<T, Dims...> make(F const& element) {
    static_assert(((Dims != dynamic) && ...), "random: a tensor's extents must be known");
    tensor<T, Dims...> out(1, uninitialized_tag{});
    for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = element(i);
    ++call_;
    return out;
  }

  std::array<std::uint32_t, 2> key_;
  std::uint32_t call_ = 0;
};

}  // namespace typegrad
