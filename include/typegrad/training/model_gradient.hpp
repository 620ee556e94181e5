// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/check.hpp>
#include <typegrad/inference/predictor.hpp>
#include <typegrad/nn/losses/loss.hpp>
#include <typegrad/training/engine.hpp>
#include <typegrad/training/recipes.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Training loops written by hand: the gradient of any objective of a model's output, to be looked
// at and changed before an optimizer applies it.

namespace typegrad {

namespace training_detail {

/// The model with its objective: a loss of the library, (target, prediction), or a function of
/// symbols, (prediction, target) or (prediction), where the prediction is a pack of several outputs
/// if the model has several. Weights whose paths do not begin with one of Scopes have no gradient,
/// unless there are no Scopes.
///   inputs   the model's, and the target if the objective has one
///   outputs  the objective (a mean over the batch, with penalties and what layers added), its
///            gradient for each trainable weight, the new value of each state
template <class Model, class Objective, class T, class Target, class... Scopes>
struct objective_recipe {
  static constexpr bool several = traced<Model>::facts.outputs > 1;
  using prediction_type = inference_detail::prediction_of<Model>;
  static constexpr bool has_target =
      loss<Objective> || std::is_invocable_v<Objective, prediction_type, symbol>;

  static constexpr loss_target target(extents const& output) {
    loss_target t;
    if constexpr (!std::is_void_v<T>) {
      t.type = dtype_of<T>;
      t.shape = Target::value;
    } else if constexpr (loss<Objective>) {
      t = Objective::target(output);
    } else {
      t.shape = output;
    }
    return t;
  }

  /// The same for the values that come.
  static target_port read_target(extents const& output) {
    target_port read;
    loss_target const wanted = target(output);
    read.shape = wanted.shape;
    read.type = wanted.type;
    if (loss<Objective> && read.type == dtype::int32) read.classes = classes_of(read.shape, output);
    return read;
  }

  static constexpr graph build() {
    graph g = trace<Model>(true);
    g.scope.description = name_text{"value_and_gradient"};
    detail::check_same_weights(g, traced<Model>::facts.weights);
    attach(g);
    if (!g.failed()) attach_gradients(g, {g, g.outputs[0]});
    return g;
  }
  static constexpr diagnosis sentence() { return build().error; }

 private:
  static constexpr void attach(graph& g) {
    if (g.failed()) return;
    g.scope.description = name_text{"value_and_gradient"};
    if constexpr (sizeof...(Scopes) > 0) keep_only(g);
    list<int> const values = g.outputs;
    g.outputs.clear();
    auto const prediction = inference_detail::prediction<Model>(g, values);
    symbol value = objective(g, prediction);
    if (g.failed()) return;
    if (!value.valid())
      return g.fail(diagnosis{"the objective must return a symbol computed from its arguments"});
    if (value.rank() != 0)
      return g.fail(typegrad::sentence("the objective must be a number a sample, got extents ",
                                       to_text(value.shape()), "; take its mean or sum"));
    value = add_layer_losses(g, add_penalties(g, batch_mean(value)));
    if (!g.failed()) g.outputs.push_back(value.id());
  }
  static constexpr symbol objective(graph& g, prediction_type prediction) {
    if constexpr (loss<Objective> && several) {
      return poison(g,
                    typegrad::sentence("needs a model of one output for a loss, this one has ",
                                       prediction_type::size, "; give a function of its outputs"));
    } else if constexpr (!has_target) {
      return inference_detail::objective_value<Objective>(g, prediction);
    } else {
      loss_target const wanted = target(detail::first_output(prediction).shape());
      if (!wanted.error.empty()) return poison(g, wanted.error);
      symbol const y = build::input(g, "target", wanted.shape, wanted.type);
      if constexpr (loss<Objective>)
        return Objective{}(y, prediction);
      else
        return inference_detail::objective_value<Objective>(g, prediction, y);
    }
  }
  /// Only weights of the scopes stay trainable; states elsewhere stay as they are.
  static constexpr void keep_only(graph& g) {
    for (std::string_view const scope : {Scopes::name...}) {
      bool found = false;
      for (weight_info const& w : g.weights)
        found = found || (w.trainable && detail::is_within(w.path.view(), scope));
      if (!found)
        g.fail(typegrad::sentence("of_weights: there is nothing to train in \"", scope, '"'));
    }
    for (weight_info& w : g.weights) {
      bool kept = false;
      for (std::string_view const scope : {Scopes::name...})
        kept = kept || detail::is_within(w.path.view(), scope);
      if (kept) continue;
      w.trainable = false;
      w.state = false;
    }
  }
};

/// A model's gradient without the types of model and objective.
class gradient_core {
 public:
  template <int = 0>
  gradient_core(inference_detail::model_core& model, inference_detail::compiled_step const& step,
                target_port const& target, bool has_target,
                std::span<std::string_view const> scopes)
      : model_{&model},
        step_{step},
        target_{target},
        has_target_{has_target},
        segments_{model.table, scopes},
        gradients_{model.table.elements()} {
    outputs_.push_back(&value_);
    for (segment const& s : segments_.variables) outputs_.push_back(gradients_.data() + s.begin);
    for (segment const& s : segments_.states) outputs_.push_back(gradients_.data() + s.begin);
  }
  gradient_core(gradient_core const&) = delete;
  gradient_core& operator=(gradient_core const&) = delete;

  template <int = 0>
  float compute(array_list const& x, array_view const* y) {
    arrays_.clear();
    inference_detail::find_arrays("value_and_gradient", inference_detail::input_words, x,
                                  model_->inputs, arrays_);
    std::int64_t const rows = arrays_[0].shape().rows();
    if (has_target_ && y == nullptr)
      throw std::invalid_argument(
          "value_and_gradient: the objective has a target; call with x and y");
    if (!has_target_ && y != nullptr)
      throw std::invalid_argument(
          "value_and_gradient: the objective has no target; call with x alone");
    inference_detail::stage_rows(*model_, arrays_, 0, rows, rows);
    if (has_target_) {
      inference_detail::require_match("value_and_gradient", "y", *y, target_.shape,
                                      one_hot_advice(y->shape(), target_));
      if (y->shape().rows() != rows)
        throw std::invalid_argument(data_detail::message("value_and_gradient: x has ", rows,
                                                         " samples and y has ", y->shape().rows(),
                                                         "; they must be as many"));
      if (std::int64_t const at = find_no_class(*y, target_); at >= 0)
        refuse_class("value_and_gradient", "y", *y, target_, at);
      model_->sources.push_back(as_read(*y, target_.type, staged_y_));
    }
    arrays_.clear();
    int const thread_count = step_.useful_threads(rows, threads());
    step_.run({.batch_size = rows,
               .inputs = model_->sources.data(),
               .weights = model_->weights_memory(),
               .outputs = outputs_.data(),
               .arena = model_->arena_for(step_, rows, thread_count),
               .seed = seed_,
               .step = static_cast<std::uint64_t>(calls_++),
               .threads = thread_count});
    for (segment const& s : segments_.states)
      std::copy(gradients_.data() + s.begin, gradients_.data() + s.end,
                model_->weights_memory() + s.begin);
    threads_ = thread_count;
    computed_ = true;
    return value_;
  }

  /// Whether a weight has a gradient here.
  template <int = 0>
  bool trains(inference_detail::weight_place const& place) const {
    for (segment const& s : segments_.variables)
      if (s.begin == place.offset) return true;
    return false;
  }
  float value() const { return value_; }
  bool computed() const { return computed_; }
  float* gradients() { return gradients_.data(); }
  trained_segments const& segments() const { return segments_; }
  inference_detail::model_core& model() const { return *model_; }
  int thread_count() const { return threads_; }
  void seed(std::uint64_t s) { seed_ = s, calls_ = 0; }

 private:
  template <int = 0>
  static void const* as_read(array_view const& a, dtype type, aligned_buffer<std::byte>& staged) {
    if (inference_detail::is_type(a.type(), type)) return a.data();
    std::int64_t const count = a.shape().rows() * a.shape().row_size();
    if (staged.size() < count * 4) staged = aligned_buffer<std::byte>(count * 4);
    inference_detail::convert(a.type(), a.data(), count, type, staged.data());
    return staged.data();
  }

  inference_detail::model_core* model_;
  inference_detail::compiled_step step_;
  target_port target_;
  bool has_target_, computed_ = false;
  trained_segments segments_;
  aligned_buffer<float> gradients_;
  std::vector<void*> outputs_;
  std::vector<array_view> arrays_;
  aligned_buffer<std::byte> staged_y_;
  float value_ = 0;
  std::uint64_t seed_ = 0;
  std::int64_t calls_ = 0;
  int threads_ = 1;
};

}  // namespace training_detail

/// The gradient of an objective of a model's output, for its weights, as a training loop of one's
/// own needs it; what `value_and_gradient(model, objective)` returns. It refers to the model, which
/// must outlive it and stay where it is. All memory is taken at the start and in the first batch of
/// each size.
///
///     predictor<net> model;
///     auto loss = value_and_gradient(model, sparse_categorical_crossentropy<from_logits>{});
///     optimizer optimizer{adam{.learning_rate = 1e-3f}};
///     for (auto const& batch : batches(mnist.train, {.batch_size = 32})) {
///       float const value = loss(batch.x, batch.y);
///       loss.gradient("dense/kernel") *= 0.5f;
///       optimizer.apply(loss);
///     }
class model_gradient {
 public:
  template <int = 0>
  model_gradient(inference_detail::model_core& model, inference_detail::compiled_step const& step,
                 training_detail::target_port const& target, bool has_target,
                 std::span<std::string_view const> scopes = {})
      : core_{model, step, target, has_target, scopes} {}

  /// Computes the objective for a batch, the model as in training (dropout is active, states such
  /// as moving averages take their new values), and the gradients. std::invalid_argument if the
  /// arrays do not have the extents that are read, or hold a class that there is not; a value that
  /// is not finite is not looked for.
  float operator()(array_list const& x) { return core_.compute(x, nullptr); }
  float operator()(array_list const& x, array_list const& y) {
    if (y.size() != 1)
      throw std::invalid_argument(data_detail::message(
          "value_and_gradient: y must be one array, the objective's target; got ", y.size()));
    return core_.compute(x, &y[0].values);
  }

  /// The objective of the last batch.
  float value() const { return core_.value(); }

  /// The gradient for a weight, by path, to be read or changed: an xtensor. std::invalid_argument
  /// with the paths there are if there is no such weight, or if it is not trained.
  weight_array gradient(std::string_view path) {
    auto const& table = core_.model().table;
    auto const& place = table[table.find("gradient", path)];
    if (!core_.trains(place))
      throw std::invalid_argument(
          data_detail::message("gradient: weight ", place.path, " is not trained"));
    return weight_array(place, core_.gradients() + place.offset);
  }
  /// Those of all trained weights, in the order of the layers.
  std::vector<weight_entry> gradients() {
    std::vector<weight_entry> out;
    for (auto const& place : core_.model().table)
      if (core_.trains(place))
        out.push_back({place.path, weight_array(place, core_.gradients() + place.offset), true});
    return out;
  }

  /// The square root of the sum of all gradients' squares.
  double global_norm() {
    double total = 0;
    for (training_detail::segment const& s : core_.segments().variables)
      total +=
          training_detail::sum_of_squares<xsimd::default_arch>(core_.gradients(), s.begin, s.end);
    return std::sqrt(total);
  }
  /// Makes all gradients shorter, if their norm is more than this. Returns the norm before.
  /// std::invalid_argument unless the limit is zero or positive.
  double clip_by_global_norm(double limit) {
    if (!(limit >= 0))
      throw std::invalid_argument(data_detail::message(
          "clip_by_global_norm: the limit must be zero or a positive number, got ", limit));
    double const norm = global_norm();
    if (norm > limit) {
      auto const scale = static_cast<float>(limit / norm);
      for (training_detail::segment const& s : core_.segments().variables)
        for (std::int64_t i = s.begin; i < s.end; ++i) core_.gradients()[i] *= scale;
    }
    return norm;
  }

  /// Begins the random numbers of dropout anew.
  void seed(std::uint64_t s) { core_.seed(s); }

  training_detail::gradient_core& core() { return core_; }

 private:
  training_detail::gradient_core core_;
};

/// The weights whose paths begin so: `of_weights<"discriminator">`, `of_weights<"dense_1", "top">`.
template <class... Scopes>
struct weight_scope {};
template <fixed_string... Scopes>
inline constexpr weight_scope<name_constant<Scopes>...> of_weights{};

/// The gradient of an objective of a model's output. The objective is a loss of the library or a
/// function of symbols that captures nothing: of the prediction for one sample and its target, or
/// of the prediction alone (of several outputs, a pack of them: `out["real"_n]`). It gives a number
/// a sample, of which the mean over the batch is taken, or one for the batch. A function's target
/// is float32 with the output's extents, unless it is told:
/// value_and_gradient<std::int32_t, shape<>>(model, f) has an integer a sample.
///
/// With `of_weights<"generator">` as third argument only those weights have a gradient, and only
/// their states change: so parts of one model are trained in turns, each by an objective and an
/// optimizer of its own.
template <class T = void, class Target = shape<>, class Model, class Objective, class... Scopes>
auto value_and_gradient(predictor<Model, on<cpu>, said<1>{}>& model, Objective,
                        weight_scope<Scopes...> = {}) {
  using recipe = training_detail::objective_recipe<Model, Objective, T, Target, Scopes...>;
  expressions::check<recipe>();
  static constexpr std::array<std::string_view, sizeof...(Scopes)> scopes{Scopes::name...};
  return model_gradient{inference_detail::access::core(model), inference_detail::step_of<recipe>,
                        recipe::read_target(traced<Model>::facts.output), recipe::has_target,
                        scopes};
}

}  // namespace typegrad
