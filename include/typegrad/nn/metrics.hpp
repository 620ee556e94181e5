// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/losses/regression.hpp>

namespace typegrad {

/// A metric: a stateless type whose value is a number per sample, averaged by whoever asks.
///   static constexpr std::string_view name;
///   template <class T> struct field { T ...; };      a member of this name, for results
///   constexpr symbol operator()(symbol target, symbol prediction) const;
/// The target is what the model's loss needs: one label a row (int32), or like the output
/// (float32).
template <class M>
concept metric = requires(M const& m, symbol s) {
  { M::name } -> std::convertible_to<std::string_view>;
  typename M::template field<double>;
  { m(s, s) } -> std::convertible_to<symbol>;
};

namespace detail {

constexpr symbol share_of(symbol hits) { return mean(cast(hits, dtype::float32)); }

/// Whether the targets have an axis less than the predictions: labels.
constexpr bool are_labels(symbol target, symbol prediction) {
  return target.rank() < prediction.rank() ||
         (target.rank() > 0 && target.shape().back() == 1 && prediction.shape().back() > 1);
}

}  // namespace detail

/// The share of elements on the same side of Threshold as their target of 0 or 1 (above counts as
/// 1).
template <auto Threshold = 0.5F>
struct binary_accuracy {
  static constexpr std::string_view name = "binary_accuracy";
  template <class T>
  struct field {
    T binary_accuracy;
  };
  constexpr symbol operator()(symbol target, symbol prediction) const {
    return detail::share_of(cast(prediction > Threshold, target.type()) == target);
  }
};

/// The share of rows whose largest score is where the target's largest is.
struct categorical_accuracy {
  static constexpr std::string_view name = "categorical_accuracy";
  template <class T>
  struct field {
    T categorical_accuracy;
  };
  constexpr symbol operator()(symbol target, symbol prediction) const {
    return detail::share_of(argmax(target) == argmax(prediction));
  }
};

/// The share of rows whose largest score (the first of equal ones) is the label's.
struct sparse_categorical_accuracy {
  static constexpr std::string_view name = "sparse_categorical_accuracy";
  template <class T>
  struct field {
    T sparse_categorical_accuracy;
  };
  constexpr symbol operator()(symbol target, symbol prediction) const {
    symbol const best = argmax(prediction);
    if (build::poisoned(best)) return build::poisoned_like(best);
    return detail::share_of(best == cast(build::reshape(target, best.shape()), dtype::int32));
  }
};

/// The accuracy that fits, as Keras chooses it: binary for one score, sparse categorical for
/// labels, else categorical.
struct accuracy {
  static constexpr std::string_view name = "accuracy";
  template <class T>
  struct field {
    T accuracy;
  };
  constexpr symbol operator()(symbol target, symbol prediction) const {
    if (prediction.rank() == 0 || prediction.shape().back() == 1)
      return binary_accuracy<>{}(target, prediction);
    if (detail::are_labels(target, prediction))
      return sparse_categorical_accuracy{}(target, prediction);
    return categorical_accuracy{}(target, prediction);
  }
};

}  // namespace typegrad
