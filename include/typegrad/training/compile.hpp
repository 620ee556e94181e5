// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/predictor.hpp>
#include <typegrad/training/evaluation.hpp>
#include <typegrad/training/fit.hpp>
#include <typegrad/training/optimizers.hpp>
#include <typegrad/training/recipes.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace typegrad {

/// A model that can be trained: what `compile` returns. Weights, `predict` and `gradient` are those
/// of `predictor`. All its memory is taken at the start and in the first batch of each size; a step
/// of training then allocates nothing.
template <class Model, class Optimizer, class Loss, class... Metrics>
class compiled_model : public predictor<Model, said<1>{}> {
  using base = predictor<Model, said<1>{}>;  // `compile` has looked for what is wrong
  template <bool Training>
  using recipe = training_detail::loss_recipe<Training, Model, Loss, Metrics...>;
  static_assert(sizeof...(Metrics) < training_detail::engine::max_results);

 public:
  using result = evaluation<Metrics...>;

  /// The weights have the first values of seed 0; `initialize` chooses others.
  explicit compiled_model(Optimizer const& optimizer = {})
      : optimizer_{optimizer},
        setup_{make_setup(optimizer, this->core())},
        state_{this->core().table, setup_.optimizer, setup_.names.size()} {}

  /// Gives every weight new first values and forgets all training. The seed decides them, the order
  /// of samples in `fit`, and what dropout drops: two models of one seed trained alike are equal.
  void initialize(std::uint64_t seed = 0) {
    base::initialize(seed);
    for (auto& slot : state_.slots)
      for (float& x : slot) x = 0;
    state_.seed = seed;
    state_.step = state_.epoch = 0;
  }

  /// Trains. x: samples of the model's input extents, y: the targets of its loss. Numbers of other
  /// types are converted batch by batch. Throws std::invalid_argument for data that does not fit
  /// (extents, classes, NaN), std::runtime_error for a loss that is not finite.
  typegrad::history fit(samples const& data, fit_options const& options = {}) {
    return training_detail::fit(engine(), data, options);
  }

  /// Loss and metrics over all samples. Nothing is changed.
  result evaluate(samples const& data, evaluate_options const& options = {}) {
    training_detail::check_batch_size("evaluate", options.batch_size);
    training_detail::check_extents("evaluate", data, setup_.layout);
    training_detail::check_values("evaluate", data, setup_.layout);
    training_detail::running_means means;
    training_detail::evaluate(engine(), data, options.batch_size, means);
    return make_result([&](std::size_t i) { return means[i]; });
  }

  /// One step of the optimizer with all samples as the batch. Returns loss and metrics of the batch
  /// before the step. Allocates nothing once a batch of this size has been seen. The values are not
  /// looked at, but a loss that is not finite is std::runtime_error.
  result train_on_batch(samples const& batch) {
    training_detail::check_extents("train_on_batch", batch, setup_.layout);
    auto const e = engine();
    training_detail::batch_reader const reader(e, batch, batch.size());
    training_detail::batch_view const b = reader[0];
    training_detail::train_batch(e, b, true, "train_on_batch");
    return batch_result(b.size);
  }
  result train_on_batch(array_view const& x, array_view const& y) {
    samples batch;
    batch.x = x;
    batch.y = y;
    return train_on_batch(batch);
  }

  /// Batches trained on so far, and epochs of `fit` finished.
  std::int64_t step() const { return state_.step; }
  std::int64_t epoch() const { return state_.epoch; }
  std::uint64_t seed() const { return state_.seed; }

  /// The optimizer; its options may be changed between steps (say, the learning rate). What decides
  /// which slots it has (momentum, centered, amsgrad) must stay.
  Optimizer& optimizer() { return optimizer_; }
  Optimizer const& optimizer() const { return optimizer_; }

  training_detail::training_setup const& setup() const { return setup_; }
  training_detail::training_state const& state() const { return state_; }

  /// Writes weights, optimizer state, step, epoch and seed as a safetensors file / reads them:
  /// training goes on as if it had not been interrupted. In typegrad/io/checkpoint.hpp, which says
  /// what is checked.
  void save(std::string const& path) const;
  void load(std::string const& path);

 private:
  static training_detail::training_setup make_setup(Optimizer const& optimizer,
                                                    inference_detail::model_core const& core) {
    optimizer.check();
    training_detail::training_setup s;
    s.train = inference_detail::step_of<recipe<true>>;
    s.evaluate = inference_detail::step_of<recipe<false>>;
    s.layout.input = core.input;
    s.layout.input_type = core.input_type;
    constexpr auto target = Loss::target(traced<Model>::facts.output);
    s.layout.target = target.shape;
    s.layout.target_type = target.type;
    // integers where the output has one axis more are classes along that axis
    if (target.type == dtype::int32 && target.shape.rank + 1 == core.output.rank)
      s.layout.classes = core.output.back();
    if constexpr (requires { Loss::integer_labels(core.output); })
      s.layout.integer_labels = Loss::integer_labels(core.output);
    s.names = {"loss", std::string(std::string_view{Metrics::name})...};
    s.optimizer = training_detail::forget_type(optimizer);
    return s;
  }
  training_detail::engine engine() {
    return {this->core(), state_, setup_, &optimizer_};
  }
  template <class Value>
  static result make_result(Value const& value) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return result{value(I)...};
    }(std::make_index_sequence<1 + sizeof...(Metrics)>{});
  }
  result batch_result(std::int64_t samples) const {
    return make_result([&](std::size_t i) {
      auto const value = static_cast<double>(state_.results[static_cast<std::int64_t>(i)]);
      return i == 0 ? value : value / static_cast<double>(samples);
    });
  }

  Optimizer optimizer_;
  training_detail::training_setup setup_;
  training_detail::training_state state_;
};

namespace training_detail {

/// What `compile<Model>` is: an object, so that clang tells of a wrong model where it is named and
/// not among a call's candidates.
template <class Model>
struct compiler {
  template <class Optimizer, class Loss, class... Metrics,
            auto Sentence = say<loss_trace<Model, Loss, Metrics...>>()>
    requires(correct(Sentence))
  auto operator()(Optimizer const& optimizer, Loss const&, Metrics const&...) const {
    using sound [[maybe_unused]] = typename wrong_model<Sentence>::nothing;
    return compiled_model<Model, Optimizer, Loss, Metrics...>{optimizer};
  }
};

}  // namespace training_detail

/// A model with its optimizer, loss and metrics, ready to be trained:
/// `auto model = compile<net>(adam{}, mean_squared_error{}, mean_absolute_error{});`
/// What does not fit together is one sentence of the compiler.
template <class Model, auto Sentence = diagnosis_of<Model>>
  requires(correct(Sentence))
inline constexpr training_detail::compiler<Model> compile{};

}  // namespace typegrad
