// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/activations.hpp>
#include <typegrad/nn/losses/loss.hpp>

// The crossentropies, from probabilities or from logits. Probabilities that come straight from a
// softmax or sigmoid are not used: the loss starts from its logits, which neither saturates nor
// loses digits (TensorFlow does the same).

namespace typegrad {

namespace detail {

/// log(sum(exp(z))) and z for one row of logits, its maximum subtracted.
struct log_normalizer {
  symbol z, total;
  constexpr explicit log_normalizer(symbol logits)
      : z{logits - stop_gradient(max(logits, {-1}, true))}, total{log(sum(exp(z), {-1}, true))} {}
};

/// The element of each row of x that `label` (one integer a row) says, as [..., 1]: 0 for a label
/// that is none.
constexpr symbol labelled(symbol x, symbol label) {
  if (build::poisoned(x)) return build::poisoned_like(x);
  extents const all = x.shape();
  extents column = all;
  column[column.rank - 1] = 1;
  symbol const position = build::iota(x.owner(), all, all.rank - 1, label.type());
  return sum(where(position == build::reshape(label, column), x, 0), {-1}, true);
}

}  // namespace detail

/// For classes that exclude each other, with integer labels 0, 1, ...: -log(p[label]).
/// Options: from_logits, per_position.
template <auto... Options>
struct sparse_categorical_crossentropy {
  static constexpr std::string_view name = "sparse_categorical_crossentropy";
  template <class T>
  struct field {
    T sparse_categorical_crossentropy;
  };

  static constexpr loss_target target(extents output) {
    loss_target t;
    t.type = dtype::int32;
    t.error = options_problem<options::from_logits, options::per_position>(name, Options...);
    if (!t.error.empty()) return t;
    bool const many = option_or<options::per_position>(false, Options...);
    if (output.rank == 0 || (output.rank > 1 && !many)) {
      t.error = sentence(name, " needs one row of class scores a sample, got extents ",
                         to_text(output), output.rank > 1 ? "; put flatten before dense" : "");
    } else if (output.back() == 1) {
      t.error = sentence(name, " needs two or more class scores, got extents ", to_text(output),
                         "; for two classes and one score use binary_crossentropy");
    }
    t.shape = output;
    if (output.rank > 0) t.shape.pop_back();
    return t;
  }
  static constexpr diagnosis integer_labels(extents) { return {}; }

  constexpr symbol operator()(symbol target, symbol prediction) const {
    symbol logits = prediction;
    if (!option_or<options::from_logits>(false, Options...)) {
      logits = detail::softmax_logits(prediction);
      if (!logits.valid()) {
        // softmax of the clipped probabilities' logarithms, as in TensorFlow
        symbol const p = clip(prediction, loss_epsilon, 1 - loss_epsilon);
        return detail::sample_mean(log(sum(p, {-1}, true)) - log(detail::labelled(p, target)));
      }
    }
    detail::log_normalizer const n{logits};
    return detail::sample_mean(n.total - detail::labelled(n.z, target));
  }
};

/// For classes that exclude each other, with a target probability for each: -sum(y * log(p)).
/// Options: from_logits, label_smoothing(s).
template <auto... Options>
struct categorical_crossentropy {
  static constexpr std::string_view name = "categorical_crossentropy";
  template <class T>
  struct field {
    T categorical_crossentropy;
  };

  static constexpr loss_target target(extents output) {
    loss_target t = detail::like_output(
        output, options_problem<options::from_logits, options::label_smoothing>(name, Options...));
    if (t.error.empty()) t.error = detail::smoothing_problem(name, Options...);
    if (t.error.empty() && (output.rank == 0 || output.back() == 1))
      t.error = sentence(name, " needs two or more class scores, got extents ", to_text(output),
                         "; for two classes and one score use binary_crossentropy");
    return t;
  }
  static constexpr diagnosis integer_labels(extents output) {
    return sentence(name, " needs targets of the output's extents ", to_text(output),
                    "; for integer labels use sparse_categorical_crossentropy");
  }

  constexpr symbol operator()(symbol target, symbol prediction) const {
    if (build::poisoned(prediction)) return build::poisoned_like(prediction);
    constexpr double s = double{option_or<options::label_smoothing>(0.0F, Options...)};
    if (s != 0) target = target * (1 - s) + s / static_cast<double>(prediction.shape().back());
    symbol logits = prediction;
    if (!option_or<options::from_logits>(false, Options...)) {
      logits = detail::softmax_logits(prediction);
      if (!logits.valid()) {
        symbol const p =
            clip(prediction / sum(prediction, {-1}, true), loss_epsilon, 1 - loss_epsilon);
        return detail::sample_mean(-sum(target * log(p), {-1}));
      }
    }
    detail::log_normalizer const n{logits};
    return detail::sample_mean(sum(target * (n.total - n.z), {-1}));
  }
};

/// For yes and no, each element on its own: the mean of -(y * log(p) + (1 - y) * log(1 - p)).
/// Options: from_logits, label_smoothing(s).
template <auto... Options>
struct binary_crossentropy {
  static constexpr std::string_view name = "binary_crossentropy";
  template <class T>
  struct field {
    T binary_crossentropy;
  };

  static constexpr loss_target target(extents output) {
    loss_target t = detail::like_output(
        output, options_problem<options::from_logits, options::label_smoothing>(name, Options...));
    if (t.error.empty()) t.error = detail::smoothing_problem(name, Options...);
    return t;
  }
  static constexpr diagnosis integer_labels(extents output) {
    if (output.count() == 1) return {};
    return sentence(name, " needs targets of the output's extents ", to_text(output),
                    "; for integer labels use sparse_categorical_crossentropy");
  }

  constexpr symbol operator()(symbol target, symbol prediction) const {
    constexpr double s = double{option_or<options::label_smoothing>(0.0F, Options...)};
    if (s != 0) target = target * (1 - s) + 0.5 * s;
    symbol logits = prediction;
    if (!option_or<options::from_logits>(false, Options...)) {
      logits = detail::sigmoid_logits(prediction);
      if (!logits.valid()) {
        symbol const p = clip(prediction, loss_epsilon, 1 - loss_epsilon);
        return detail::sample_mean(-(target * log(p) + (1 - target) * log(1 - p)));
      }
    }
    return detail::sample_mean(softplus(logits) - logits * target);
  }
};

}  // namespace typegrad
