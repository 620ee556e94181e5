// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/figures.hpp>
#include <typegrad/inference/predictor.hpp>
#include <typegrad/training/evaluation.hpp>
#include <typegrad/training/fit.hpp>
#include <typegrad/training/model_samples.hpp>
#include <typegrad/training/optimizers.hpp>
#include <typegrad/training/recipes.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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
  using trace = training_detail::loss_trace<Model, Loss, Metrics...>;
  static constexpr auto const& facts = trace::facts;
  static constexpr auto measure_count = static_cast<std::size_t>(facts.measure_count);
  static constexpr auto target_count = static_cast<std::size_t>(facts.target_count);
  static_assert(measure_count < training_detail::engine::max_results);
  static constexpr bool by_field = measure_count == 1 + sizeof...(Metrics) &&
                                   traced<Model>::facts.outputs == 1 &&
                                   (training_detail::metric_entry<Metrics>::for_all && ...);

 public:
  /// Loss and metrics: an `evaluation` with a member for each, or `measurements` if the model has
  /// several outputs or layers that measure something.
  using result = typename decltype([] {
    if constexpr (by_field)
      return std::type_identity<evaluation<Metrics...>>{};
    else
      return std::type_identity<measurements<trace>>{};
  }())::type;
  /// `samples` whose names for inputs and targets the compiler looks at.
  using data = model_samples<Model, trace>;

  /// The multiply-adds that products and convolutions take for one sample in a step of training,
  /// and the kernels that it runs, the optimizer's not counted.
  static constexpr std::int64_t training_multiply_adds =
      inference_detail::multiply_adds_a_sample<program<recipe<true>>>();
  static constexpr int training_kernel_count = program<recipe<true>>::step_count;
  /// The bytes of the values between these kernels; see `arena_bytes`.
  static constexpr std::int64_t training_arena_bytes(std::int64_t samples) {
    return program<recipe<true>>::arena_bytes(samples);
  }

  /// The weights have the first values of seed 0; `initialize` chooses others.
  explicit compiled_model(Optimizer const& optimizer = {}, std::vector<float> loss_weights = {})
      : compiled_model(optimizer, std::move(loss_weights), runner::make_remote()) {}

  /// Gives every weight new first values and forgets all training. The seed decides them, the order
  /// of samples in `fit`, and what dropout drops: two models of one seed trained alike are equal.
  void initialize(std::uint64_t seed = 0) {
    base::initialize(seed);
    for (int i = 0; i < setup_.optimizer.slots; ++i)
      if (setup_.optimizer.uses[i]) std::fill_n(state_.slot(i), state_.slots[i].size(), 0.0F);
    state_.seed = seed;
    state_.step = state_.epoch = 0;
  }

  /// Trains. x: samples of the model's inputs, y: the targets of its losses; several in the order
  /// of the model's inputs and outputs, or by name. Numbers of other types are converted batch by
  /// batch. Throws std::invalid_argument for data that does not fit (extents, classes, NaN),
  /// std::runtime_error for a loss that is not finite.
  typegrad::history fit(data const& all, fit_options const& options = {});

  /// Loss and metrics over all samples. Nothing is changed.
  result evaluate(data const& all, evaluate_options const& options = {});

  /// One step of the optimizer with all samples as the batch. Returns loss and metrics of the batch
  /// before the step. Allocates nothing once a batch of this size has been seen. Throws as `fit`,
  /// but a NaN is not looked for: the loss then tells.
  result train_on_batch(data const& batch);
  result train_on_batch(array_list x, array_list y) {
    return train_on_batch(data{std::move(x), std::move(y)});
  }

  /// Measures how long each kernel of a step of training takes, and the optimizer, beside what the
  /// machine, or the device, can do: `model.profile(x, y).print()`. Nothing is changed. In
  /// typegrad/io/profile.hpp.
  step_profile profile(data const& samples, profile_options const& options = {});
  step_profile profile(array_list x, array_list y, profile_options const& options = {});

  /// The losses' weights, of each target, in the order of the outputs; empty if `compile` was given
  /// none. They may be changed between steps.
  std::span<float> loss_weights() { return state_.loss_weights; }

  /// Batches trained on so far, and epochs of `fit` finished.
  std::int64_t step() const { return state_.step; }
  std::int64_t epoch() const { return state_.epoch; }
  std::uint64_t seed() const { return state_.seed; }

  /// The optimizer; its options may be changed between steps (say, the learning rate). What decides
  /// which slots it has (momentum, centered, amsgrad) must stay: the next step says so else.
  Optimizer& optimizer() { return optimizer_; }
  Optimizer const& optimizer() const { return optimizer_; }

  training_detail::training_setup const& setup() const { return setup_; }
  training_detail::training_state const& state() const { return state_; }

  /// Writes weights, optimizer state, step, epoch and seed as a safetensors file / reads them:
  /// training goes on as if it had not been interrupted (with the optimizer's options and the
  /// losses' weights that this model was compiled with). In typegrad/io/checkpoint.hpp, which says
  /// what is checked.
  void save(std::string const& path) const;
  void load(std::string const& path);

 private:
  compiled_model(Optimizer const& optimizer, std::vector<float> loss_weights,
                 training_detail::remote_and_trainer there)
      : base{std::move(there.elsewhere)},
        optimizer_{optimizer},
        setup_{make_setup(optimizer, this->core())},
        state_{this->core().table, setup_.optimizer, setup_.names.size()} {
    state_.trainer = there.trainer;
    if constexpr (static_batch<Model> > 0 && std::same_as<Where, on<cpu>>)
      for (auto const* const step : {&setup_.train, &setup_.evaluate})
        base::core().arena_for(*step, static_batch<Model>, threads());
    state_.loss_weights = std::move(loss_weights);
    state_.loss_weights.resize(training_detail::losses_of<Loss>::weighted ? target_count : 0, 1.0F);
    means_.begin(setup_.names.size());
  }

  // Makes the kernels: defined below and not inline, as predictor's own, for `extern template`.
  static training_detail::training_setup make_setup(Optimizer const& optimizer,
                                                    inference_detail::model_core const& core);
  /// std::invalid_argument if the model's type says that it never sees so many samples.
  static void check_batch(std::string_view who, std::int64_t samples) {
    if (static_batch<Model> == 0 || samples <= static_batch<Model>) return;
    throw std::invalid_argument(data_detail::message(
        who, ": the model's type says batch<", static_batch<Model>, ">, got a batch of ", samples));
  }
  training_detail::engine engine() { return {this->core(), state_, setup_, &optimizer_}; }
  template <class Value>
  static result make_result(Value const& value) {
    std::array<double, measure_count> values;
    for (std::size_t i = 0; i < measure_count; ++i) values[i] = value(i);
    return result_of(values, std::make_index_sequence<measure_count>{});
  }
  template <std::size_t... I>
  static result result_of(std::array<double, measure_count> const& values,
                          std::index_sequence<I...>) {
    if constexpr (by_field)
      return result{values[I]...};
    else
      return result{values};
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

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
typegrad::history compiled_model<Model, Where, Optimizer, Loss, Metrics...>::fit(
    data const& all, fit_options const& options) {
  check_batch("fit", options.batch_size);
  training_detail::check_changed_options(optimizer_, setup_.optimizer.uses);
  return training_detail::fit(engine(), all, options);
}

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
auto compiled_model<Model, Where, Optimizer, Loss, Metrics...>::evaluate(
    data const& all, evaluate_options const& options) -> result {
  training_detail::check_batch_size("evaluate", options.batch_size);
  training_detail::refuse_augmented("evaluate", all);
  training_detail::bound_samples bound;
  training_detail::bind("evaluate", all, setup_.layout, bound);
  training_detail::check_values("evaluate", bound, setup_.layout);
  training_detail::running_means means;
  std::int64_t const most = static_batch<Model> > 0 ? static_batch<Model> : options.batch_size;
  training_detail::evaluate(engine(), bound, std::min<std::int64_t>(most, options.batch_size),
                            means);
  return make_result([&](std::size_t i) { return means[i]; });
}

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
auto compiled_model<Model, Where, Optimizer, Loss, Metrics...>::train_on_batch(data const& batch)
    -> result {
  training_detail::bind("train_on_batch", batch, setup_.layout, state_.bound);
  check_batch("train_on_batch", state_.bound.size());
  training_detail::check_classes("train_on_batch", state_.bound, setup_.layout);
  training_detail::check_changed_options(optimizer_, setup_.optimizer.uses);
  auto const e = engine();
  training_detail::batch_reader const reader(e, state_.bound, state_.bound.size());
  training_detail::batch_view const b = reader[0];
  if (state_.trainer != nullptr) state_.trainer->begin();
  training_detail::train_batch(e, b, true, "train_on_batch", means_);
  training_detail::settle(e, means_, "train_on_batch",
                          [&](std::int64_t) { return training_detail::prepared_batch{b, {}}; });
  state_.bound.arrays.clear();
  return batch_result(b.size);
}

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
training_detail::training_setup
compiled_model<Model, Where, Optimizer, Loss, Metrics...>::make_setup(
    Optimizer const& optimizer, inference_detail::model_core const& core) {
  optimizer.check();
  training_detail::training_setup s;
  s.train = runner::template step_of<recipe<true>>();
  s.evaluate = runner::template step_of<recipe<false>>();
  s.train_view = &view_of<typename runner::template program_for<recipe<true>>>;
  if constexpr (std::same_as<Where, on<cpu>>)
    s.train_stepwise = &on_cpu::run_stepwise<program<recipe<true>>>;
  s.layers = facts.layers;
  s.layout.inputs = core.inputs;
  for (training_detail::target_facts const& t : std::span(facts.targets).first(target_count))
    s.layout.targets.push_back({{t.name.view(), t.shape, t.type}, t.classes, t.integer_labels});
  s.reads = training_detail::reads_of(s.layout, training_detail::losses_of<Loss>::weighted);
  for (name_text const& name : std::span(facts.names).first(measure_count))
    s.names.emplace_back(name.view());
  s.optimizer = training_detail::forget_type(optimizer);
  s.optimizer.elsewhere = runner::template optimizer_elsewhere<Optimizer>();
  return s;
}

namespace training_detail {

/// What compile's arguments behind the optimizer say.
template <class Model, class Loss, class Metrics>
struct training_task;
template <class Model, class Loss, class... Metrics>
struct training_task<Model, Loss, entry_list<Metrics...>> {
  using trace = loss_trace<Model, Loss, Metrics...>;
  template <class Place, class Optimizer>
  using model = compiled_model<Model, Place, Optimizer, Loss, Metrics...>;
};
template <class Model, class Loss, class... Others>
using task_of =
    training_task<Model, std::conditional_t<(is_loss_weights<Others> || ...), weighted<Loss>, Loss>,
                  typename joined<entry_list<>, typename metrics_in<Others>::type...>::type>;

/// In place of an argument that `compile` needs.
struct missing {};

/// What is an optimizer, as far as one can tell.
template <class O>
concept optimizer_rule = requires(O const& o) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::slots } -> std::convertible_to<int>;
  o.check();
};

/// What is wrong with the optimizer and the task, or with the names of its losses' weights.
template <class Optimizer, class Loss, class Task, class... Others>
struct task_check {
  static constexpr diagnosis sentence() {
    if constexpr (std::same_as<Loss, missing>)
      return diagnosis{
          "compile: needs an optimizer and a loss, and may have metrics behind them; "
          "compile<net>(adam{}, mean_squared_error{})"};
    else if constexpr (!optimizer_rule<Optimizer>)
      return typegrad::sentence("compile: needs an optimizer as its first argument, got ",
                                type_name<Optimizer>());
    else
      return task_problem();
  }

 private:
  static constexpr diagnosis task_problem() {
    diagnosis problem = Task::trace::sentence();
    if (problem.empty() && (0 + ... + is_loss_weights<Others>) > 1)
      problem = diagnosis{"compile: loss_weights is given twice; put all weights into one"};
    if (problem.empty()) ((problem = weights_problem(static_cast<Others*>(nullptr), problem)), ...);
    return problem;
  }
  template <class Other>
  static constexpr diagnosis weights_problem(Other*, diagnosis const& before) {
    return before;
  }
  template <class... Names>
  static constexpr diagnosis weights_problem(loss_weight_table<Names...>*,
                                             diagnosis const& before) {
    if (!before.empty()) return before;
    auto const& facts = Task::trace::facts;
    std::string_view const names[] = {Names::name...};
    for (std::string_view const name : names) {
      if (std::count(std::begin(names), std::end(names), name) > 1)
        return typegrad::sentence("compile: loss_weights: output \"", name, "\" has two");
      bool known = false;
      for (int i = 0; i < facts.target_count; ++i)
        known = known || facts.targets[std::size_t(i)].name.view() == name;
      if (known) continue;
      diagnosis t = typegrad::sentence("compile: loss_weights: there is no loss of an output \"",
                                       name, "\"; there are those of ");
      append_names(t, facts.target_count,
                   [&](int i) { return facts.targets[std::size_t(i)].name; });
      return t;
    }
    return {};
  }
};

/// The weights of the losses, in the order of the targets.
template <class Facts, class Other>
void take_loss_weights(Facts const&, Other const&, std::vector<float>&) {}
template <class Facts, class... Names>
void take_loss_weights(Facts const& facts, loss_weight_table<Names...> const& table,
                       std::vector<float>& to) {
  to.assign(static_cast<std::size_t>(facts.target_count), 1.0F);
  std::string_view const names[] = {Names::name...};
  for (std::size_t i = 0; i < to.size(); ++i)
    for (std::size_t k = 0; k < sizeof...(Names); ++k)
      if (facts.targets[i].name.view() == names[k]) to[i] = table.values[k];
}

template <int = 0>
void check_loss_weight(std::string_view output, float weight) {
  if (!std::isfinite(weight))
    throw std::invalid_argument(data_detail::message("compile: loss_weights: that of output ",
                                                     data_detail::in_quotes(output),
                                                     " must be finite, got ", weight));
}

/// What `compile<Model>` is: an object, so that clang tells of a wrong model where it is named and
/// not among a call's candidates.
template <class Model, class Where>
struct compiler {
  template <class Optimizer = missing, class Loss = missing, class... Others,
            auto Sentence = inference_detail::diagnosis_on<
                Where, task_check<Optimizer, Loss, task_of<Model, Loss, Others...>, Others...>>()>
  requires(correct(Sentence))
  auto operator()(Optimizer const& optimizer = {}, Loss const& = {},
                  Others const&... others) const {
    using sound [[maybe_unused]] = typename wrong_use<Sentence>::nothing;
    // where nothing runs, what is done with the model shall not be wrong as well
    using place = std::conditional_t<inference_detail::known_place<Where>, Where, on<cpu>>;
    using task = task_of<Model, Loss, Others...>;
    std::vector<float> weights;
    (take_loss_weights(task::trace::facts, others, weights), ...);
    for (std::size_t i = 0; i < weights.size(); ++i)
      check_loss_weight(task::trace::facts.targets[i].name.view(), weights[i]);
    if constexpr (optimizer_rule<Optimizer>)
      return typename task::template model<place, Optimizer>{optimizer, std::move(weights)};
    else
      return typename task::template model<place, sgd>{sgd{}, std::move(weights)};
  }
};

}  // namespace training_detail

/// A model with its optimizer, loss and metrics, ready to be trained:
/// `auto model = compile<net>(adam{}, mean_squared_error{}, mean_absolute_error{});`
/// A model of several outputs has `losses(...)`, and if wanted `loss_weights(...)` and
/// `metrics(...)`; a single loss, and metrics as they are, are those of every output.
/// It runs on the CPU, or where the second argument says: `compile<net, on<thrust>>(...)`. What
/// does not fit together is one sentence of the compiler.
template <class Model, class Where = on<cpu>,
          auto Sentence = inference_detail::diagnosis_on<Where, traced<Model>>()>
requires(correct(Sentence))
inline constexpr training_detail::compiler<Model, Where> compile{};

}  // namespace typegrad
