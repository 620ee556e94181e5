// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/predictor.hpp>
#include <typegrad/training/evaluation.hpp>
#include <typegrad/training/fit.hpp>
#include <typegrad/training/optimizers.hpp>
#include <typegrad/training/recipes.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace typegrad {

namespace training_detail {

/// What runs a model elsewhere, and trains it: one object.
struct remote_and_trainer {
  inference_detail::remote_pointer elsewhere;
  remote_trainer* trainer = nullptr;
};

/// As `inference_detail::runner`, for models that are trained.
///   loss_recipe<Training, Model, Loss, Metrics...>
///   optimizer_elsewhere<Optimizer>()
template <class Where>
struct training_runner;
template <>
struct training_runner<on<cpu>> : inference_detail::runner<on<cpu>> {
  template <bool Training, class Model, class Loss, class... Metrics>
  using loss_recipe = training_detail::loss_recipe<Training, Model, Loss, Metrics...>;
  template <class Optimizer>
  static constexpr void const* optimizer_elsewhere() {
    return nullptr;
  }
  static remote_and_trainer make_remote() { return {}; }
};

}  // namespace training_detail

/// A model that can be trained: what `compile` returns. Weights, `predict` and `gradient` are those
/// of `predictor`. All its memory is taken at the start and in the first batch of each size; a step
/// of training then allocates nothing.
template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
class compiled_model : public predictor<Model, Where, said<1>{}> {
  using base = predictor<Model, Where, said<1>{}>;  // `compile` has looked for what is wrong
  using runner = training_detail::training_runner<Where>;
  template <bool Training>
  using recipe = typename runner::template loss_recipe<Training, Model, Loss, Metrics...>;
  static_assert(sizeof...(Metrics) < training_detail::engine::max_results);

 public:
  using result = evaluation<Metrics...>;

  /// The weights have the first values of seed 0; `initialize` chooses others.
  explicit compiled_model(Optimizer const& optimizer = {})
      : compiled_model(optimizer, runner::make_remote()) {}

  /// Gives every weight new first values and forgets all training. The seed decides them, the order
  /// of samples in `fit`, and what dropout drops: two models of one seed trained alike are equal.
  void initialize(std::uint64_t seed = 0) {
    base::initialize(seed);
    for (int i = 0; i < setup_.optimizer.slots; ++i)
      if (setup_.optimizer.uses[i]) std::fill_n(state_.slot(i), state_.slots[i].size(), 0.0F);
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
    if (state_.trainer != nullptr) state_.trainer->begin();
    training_detail::train_batch(e, b, true, "train_on_batch", means_);
    training_detail::settle(e, means_, "train_on_batch");
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
  compiled_model(Optimizer const& optimizer, training_detail::remote_and_trainer there)
      : base{std::move(there.elsewhere)},
        optimizer_{optimizer},
        setup_{make_setup(optimizer, this->core())},
        state_{this->core().table, setup_.optimizer, setup_.names.size()} {
    state_.trainer = there.trainer;
    means_.begin(setup_.names.size());
  }

  static training_detail::training_setup make_setup(Optimizer const& optimizer,
                                                    inference_detail::model_core const& core) {
    optimizer.check();
    training_detail::training_setup s;
    s.train = runner::template step_of<recipe<true>>();
    s.evaluate = runner::template step_of<recipe<false>>();
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
    s.optimizer.elsewhere = runner::template optimizer_elsewhere<Optimizer>();
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
  training_detail::running_means means_;  ///< of `train_on_batch`
};

namespace training_detail {

/// What `compile<Model>` is: an object, so that clang tells of a wrong model where it is named and
/// not among a call's candidates.
template <class Model, class Where>
struct compiler {
  template <
      class Optimizer, class Loss, class... Metrics,
      auto Sentence = inference_detail::diagnosis_on<Where, loss_trace<Model, Loss, Metrics...>>()>
  requires(correct(Sentence))
  auto operator()(Optimizer const& optimizer, Loss const&, Metrics const&...) const {
    using sound [[maybe_unused]] = typename wrong_model<Sentence>::nothing;
    // where nothing runs, what is done with the model shall not be wrong as well
    using place = std::conditional_t<inference_detail::known_place<Where>, Where, on<cpu>>;
    return compiled_model<Model, place, Optimizer, Loss, Metrics...>{optimizer};
  }
};

}  // namespace training_detail

/// A model with its optimizer, loss and metrics, ready to be trained:
/// `auto model = compile<net>(adam{}, mean_squared_error{}, mean_absolute_error{});`
/// It runs on the CPU, or where the second argument says: `compile<net, on<thrust>>(...)`. What
/// does not fit together is one sentence of the compiler.
template <class Model, class Where = on<cpu>,
          auto Sentence = inference_detail::diagnosis_on<Where, traced<Model>>()>
requires(correct(Sentence))
inline constexpr training_detail::compiler<Model, Where> compile{};

}  // namespace typegrad
