// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/variable.hpp>
#include <typegrad/training/model_gradient.hpp>
#include <typegrad/training/optimizers.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace typegrad {

/// An optimizer for training loops of one's own: the rule, and what it remembers of each weight. It
/// is for one model, or for one list of variables.
///
///     optimizer optimizer{adam{.learning_rate = 1e-3f}};
///     optimizer.apply(loss);                      // the gradients of value_and_gradient(model,
///     ...) optimizer.apply(gradient(e, m, b), m, b);   // of an expression, for variables
template <class Rule>
class optimizer {
 public:
  /// std::invalid_argument for options that the rule cannot take.
  explicit optimizer(Rule rule = {}) : rule_{std::move(rule)} { rule_.check(); }

  /// One step with the gradients that the last batch gave. std::logic_error if there was none, or
  /// if it has been used for something else before; std::invalid_argument for options that were
  /// changed to what the rule cannot take. Then nothing is changed.
  void apply(model_gradient& g) {
    auto& core = g.core();
    if (!core.computed())
      throw std::logic_error(
          "optimizer: there are no gradients yet; call what value_and_gradient gave with a batch");
    begin(&core.model(), core.model().table.elements(), core.segments().partial_sum_count(),
          core.segments().variables.empty() ? 0 : core.segments().variables.front().begin);
    training_detail::update_target t = core.segments().target(partial_sums_.data());
    t.weights = core.model().weights();
    t.gradients = core.gradients();
    update(t, core.thread_count());
  }

  /// One step with a gradient for each variable, an expression or a tensor of its extents: all are
  /// computed before any is changed. Variables that are not trained stay as they are, constraints
  /// are applied to the others.
  template <class... Gradient, class... Variable>
  requires(sizeof...(Gradient) == sizeof...(Variable) &&
           (expressions::is_variable<Variable> && ...))
  void apply(std::tuple<Gradient...> const& gradients, Variable&... variables) {
    static_assert((std::is_same_v<typename Variable::value_type, float> && ...),
                  "optimizer: variables must be float32");
    static_assert((!Variable::facts.dynamic_rows && ...),
                  "optimizer: variables with a dynamic first axis cannot be trained");
    constexpr std::size_t count = sizeof...(Variable);
    constexpr auto begins = [] {
      std::array<std::int64_t, count + 1> at{};
      std::size_t i = 0;
      ((at[i + 1] = at[i] + (Variable::facts.shape.count() + training_detail::segment_grain - 1) /
                                training_detail::segment_grain * training_detail::segment_grain,
        ++i),
       ...);
      return at;
    }();
    training_detail::segment segments[count];
    for (std::size_t i = 0; i < count; ++i) segments[i] = {begins[i], begins[i + 1]};
    begin(std::get<0>(std::tie(variables...)).data(), begins[count],
          training_detail::norm_chunks(segments, static_cast<int>(count)));
    if (weights_.size() != begins[count]) {
      weights_ = aligned_buffer<float>(begins[count]);
      gradients_ = aligned_buffer<float>(begins[count]);
    }
    evaluate_gradients(gradients, begins);
    std::size_t i = 0;
    ((std::copy_n(variables.data(), variables.size(), weights_.data() + begins[i]), ++i), ...);
    training_detail::segment const merged{0, begins[count]};
    training_detail::update_target t;
    t.weights = weights_.data();
    t.gradients = gradients_.data();
    t.variables = segments;
    t.variable_count = static_cast<int>(count);
    t.merged = &merged;
    t.merged_count = 1;
    t.partial_sums = partial_sums_.data();
    update(t, 1);
    i = 0;
    (write_back(variables, weights_.data() + begins[i++]), ...);
  }
  template <expressions::valued Gradient, class Variable>
  requires(expressions::is_variable<Variable>)
  void apply(Gradient const& gradient, Variable& variable) {
    apply(std::tuple<Gradient const&>{gradient}, variable);
  }

  /// The rule; its options may be changed between steps (say, the learning rate). What decides
  /// which slots it has (momentum, centered, amsgrad) must stay.
  Rule& rule() { return rule_; }
  Rule const& rule() const { return rule_; }
  /// Steps done so far.
  std::int64_t step() const { return step_; }

 private:
  template <class Variable>
  static void write_back(Variable& to, float const* values) {
    if constexpr (Variable::trainable) {
      std::copy_n(values, to.size(), to.data());
      to.constrain();
    }
  }
  template <class... Gradient, std::size_t N>
  void evaluate_gradients(std::tuple<Gradient...> const& gradients,
                          std::array<std::int64_t, N> const& begins) {
    std::apply(
        [&](auto const&... g) {
          expressions::request<
              std::remove_cvref_t<decltype(expressions::expression_in(g))>...> const
          r(expressions::expression_in(g)...);
          std::array<void*, sizeof...(g)> outputs{};
          for (std::size_t i = 0; i < outputs.size(); ++i)
            outputs[i] = gradients_.data() + begins[i];
          r.run(outputs.data());
        },
        gradients);
  }

  void begin(void const* what, std::int64_t elements, std::int64_t partial_sums,
             std::int64_t first = 0) {
    rule_.check();
    if (what_ == nullptr) {
      what_ = what;
      elements_ = elements;
      first_ = first;
      for (int i = 0; i < Rule::slots; ++i) {
        made_[i] = rule_.uses_slot(i);
        if (made_[i]) slots_[i] = aligned_buffer<float>(elements);
      }
      partial_sums_ = aligned_buffer<double>(partial_sums);
    }
    if (what_ != what || elements_ != elements || first_ != first ||
        partial_sums_.size() != partial_sums)
      throw std::logic_error(
          "optimizer: an optimizer remembers the weights that it was first applied to, and cannot"
          " be applied to others; make a second one");
    training_detail::check_changed_options(rule_, made_);
  }
  void update(training_detail::update_target& t, int threads) {
    for (int i = 0; i < Rule::slots; ++i) t.slots[i] = slots_[i].data();
    t.step = ++step_;
    training_detail::update(rule_, t, threads);
  }

  Rule rule_;
  std::int64_t step_ = 0;
  void const* what_ = nullptr;
  std::int64_t elements_ = 0, first_ = 0;
  aligned_buffer<float> slots_[training_detail::max_slots];
  bool made_[training_detail::max_slots] = {};  ///< which of them there are
  aligned_buffer<double> partial_sums_;
  aligned_buffer<float> weights_, gradients_;  ///< of variables
};

}  // namespace typegrad
