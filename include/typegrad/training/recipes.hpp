// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/type_name.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/ops/movement.hpp>
#include <typegrad/ops/operators.hpp>
#include <typegrad/ops/reduction.hpp>
#include <typegrad/training/objective.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

// The graphs of a model that is trained.
namespace typegrad::training_detail {

/// The penalties that weights carry, added to `total`.
constexpr symbol add_penalties(graph& g, symbol total) {
  list<int> const nodes = inference_detail::leaf_nodes(g, op::weight, g.weights.size());
  for (int i = 0; i < g.weights.size(); ++i) {
    if (nodes[i] < 0) continue;
    symbol const w{g, nodes[i]};
    auto const l1 = static_cast<double>(g.weights[i].l1);
    auto const l2 = static_cast<double>(g.weights[i].l2);
    if (l1 != 0) total = total + l1 * sum(abs(w));
    if (l2 != 0) total = total + l2 * sum(square(w));
  }
  return total;
}

/// What layers added, each averaged over the batch.
constexpr symbol add_layer_losses(graph& g, symbol total) {
  list<int> const losses = g.losses;
  for (int const id : losses) total = total + batch_mean(sum(symbol{g, id}));
  return total;
}

/// How many numbers a model measures at most.
inline constexpr int most_measures = 31;

/// What is a metric, as far as one can tell: a value of target and prediction, under a name.
template <class M>
concept measurable = requires(symbol s) {
  { M{}(s, s) } -> std::convertible_to<symbol>;
  { M::name } -> std::convertible_to<std::string_view>;
};

/// What a loss needs to know of an output's targets.
struct target_facts {
  name_text name;
  extents shape;
  dtype type = dtype::float32;
  std::int64_t classes = 0;  ///< if positive, they are classes from 0 to classes - 1
  diagnosis integer_labels;  ///< what to say of integers that are no targets; may be empty
};

/// How many classes integers are of, as the targets of a loss: where the output has one axis more
/// they are positions along it.
constexpr std::int64_t classes_of(extents const& target, extents const& output) {
  return target.rank + 1 == output.rank ? output.back() : 0;
}

/// Puts together what a model is trained on: its outputs with their losses and metrics.
///   inputs   the model's; a target for each output that has a loss, in the order of the outputs; a
///            weight of each sample for each of those; and if the losses have weights, these
///   outputs  the loss (the sum over the outputs of the mean of loss * sample weight over the
///   batch,
///            with penalties and what layers added); then sums over the batch: the loss of each
///            output, if there are several, each metric, and what layers measure
/// The outputs' names are those of what is measured. A wrong one has no outputs, and an error.
template <class Losses, class... Metrics>
class objective_builder {
  using table = losses_of<Losses>;

 public:
  constexpr explicit objective_builder(graph& g)
      : g_{g}, outputs_{g.outputs}, names_{g.output_names} {}

  constexpr void run() {
    if (g_.failed()) return;
    g_.scope.description = name_text{"compile"};
    g_.outputs.clear();
    g_.output_names.clear();
    terms_.resize(outputs_.size());
    find_losses(typename table::entries{});
    make_inputs();
    if (g_.failed()) return;
    symbol total;
    for (term const& t : terms_) {
      if (!t.used) continue;
      symbol const mean =
          t.factor.valid() ? batch_mean(t.weighted) * t.factor : batch_mean(t.weighted);
      total = total.valid() ? total + mean : mean;
    }
    measure(name_text{"loss"}, add_layer_losses(g_, add_penalties(g_, total)));
    bool const several = outputs_.size() > 1;
    for (int i = 0; several && i < terms_.size(); ++i)
      if (terms_[i].used) measure(joined_name(i, "loss"), batch_sum(terms_[i].weighted));
    (check_metric<Metrics>(), ...);
    for (int i = 0; i < terms_.size(); ++i) (add_metric<Metrics>(i), ...);
    list<added_metric> const added = g_.metrics;
    for (added_metric const& m : added)
      measure(m.name, batch_sum(build::spread(mean(symbol{g_, m.node}))));
    check_validation_names();
    if (g_.output_names.size() > most_measures)
      g_.fail(sentence("measures ", g_.output_names.size(), " numbers, losses and metrics; ",
                       most_measures, " are the most"));
    if (!g_.failed()) return;
    g_.outputs.clear();
    g_.output_names.clear();
  }

  /// The targets that training needs, in order.
  constexpr list<target_facts> targets() const {
    list<target_facts> all;
    for (int i = 0; i < terms_.size(); ++i) {
      term const& t = terms_[i];
      if (!t.used) continue;
      target_facts f;
      f.name = names_[i];
      f.shape = t.wanted.shape;
      f.type = t.wanted.type;
      if (f.type == dtype::int32) f.classes = classes_of(f.shape, output(i).shape());
      f.integer_labels = t.integer_labels;
      all.push_back(f);
    }
    return all;
  }

 private:
  /// An output in training.
  struct term {
    bool used = false;  ///< it has a loss
    loss_target wanted;
    diagnosis integer_labels;
    symbol (*loss)(symbol, symbol) = nullptr;
    symbol target, weighted, factor;
  };

  constexpr symbol output(int i) const { return {g_, outputs_[i]}; }
  constexpr name_text joined_name(int i, std::string_view what) const {
    if (outputs_.size() == 1) return name_text{what};
    name_text t = names_[i];
    return t.append('_').append(what);
  }
  constexpr void measure(name_text const& name, symbol value) {
    for (name_text const& other : g_.output_names)
      if (other == name)
        g_.fail(sentence("\"", name, "\" is measured twice; give one of the two another name"));
    g_.outputs.push_back(value.id());
    g_.output_names.push_back(name);
  }
  /// Validation's numbers have "val_" before their names.
  constexpr void check_validation_names() {
    for (name_text const& one : g_.output_names)
      for (name_text const& other : g_.output_names)
        if (one.view().starts_with("val_") && one.view().substr(4) == other.view())
          g_.fail(sentence("\"", one, "\" is the name of ", other,
                           " in validation; give the output or the metric another name"));
  }

  /// The output of that name, or in place `place` if there is none; -1 with a diagnosis.
  constexpr int find_output(std::string_view who, std::string_view name, int place) {
    for (int i = 0; i < names_.size(); ++i)
      if (name.empty() ? i == place : names_[i].view() == name) return i;
    diagnosis t = sentence(who, ": ");
    if (name.empty())
      t.append("there are more of them than outputs");
    else
      t.append("there is no output \"").append(name).append('"');
    t.append("; the outputs are ");
    append_names(t, names_.size(), [this](int i) { return names_[i]; });
    g_.fail(t);
    return -1;
  }

  template <class... Entries>
  constexpr void find_losses(entry_list<Entries...>) {
    if constexpr (table::for_all)
      for (int i = 0; i < terms_.size(); ++i) (set_loss<typename Entries::part>(i), ...);
    else
      (set_loss<typename Entries::part>(find_output("losses", Entries::output, Entries::place)),
       ...);
  }
  template <class Loss>
  constexpr void set_loss(int i) {
    if (i < 0 || g_.failed()) return;
    if constexpr (!loss<Loss>) {
      g_.fail(sentence("losses: ", type_name<Loss>(), ", for output \"", names_[i],
                       "\", is not a loss"));
    } else {
      term& t = terms_[i];
      if (t.used) return g_.fail(sentence("losses: output \"", names_[i], "\" has two losses"));
      extents const shape = output(i).shape();
      t.used = true;
      t.wanted = Loss::target(shape);
      if (!t.wanted.error.empty()) return g_.fail(t.wanted.error);
      if constexpr (requires { Loss::integer_labels(shape); })
        t.integer_labels = Loss::integer_labels(shape);
      t.loss = [](symbol target, symbol prediction) -> symbol {
        return Loss{}(target, prediction);
      };
    }
  }

  constexpr void make_inputs() {
    int count = 0;
    for (term const& t : terms_) count += t.used;
    if (g_.failed()) return;
    if (count == 0) return g_.fail(diagnosis{"losses: at least one output needs a loss"});
    for (int i = 0; i < terms_.size(); ++i)
      if (terms_[i].used)
        terms_[i].target = build::input(g_, count == 1 ? "target" : names_[i].view(),
                                        terms_[i].wanted.shape, terms_[i].wanted.type);
    for (int i = 0; i < terms_.size(); ++i) {
      term& t = terms_[i];
      if (!t.used) continue;
      symbol const weight = build::input(g_, "sample_weight", extents{});
      t.weighted = t.loss(t.target, output(i)) * weight;
    }
    if (!table::weighted || g_.failed()) return;
    symbol const factors = build::input(g_, "loss_weights", {count}, dtype::float32, false);
    int next = 0;
    for (term& t : terms_)
      if (t.used) {
        t.factor = build::reshape(build::slice(factors, {next}, {next + 1}), {});
        ++next;
      }
  }

  template <class Metric>
  constexpr void check_metric() {
    using entry = metric_entry<Metric>;
    if (g_.failed()) return;
    if (!measurable<typename entry::part>)
      return g_.fail(sentence("metrics: ", type_name<typename entry::part>(), " is not a metric"));
    if (entry::for_all) return;
    int const i = find_output("metrics", entry::output, entry::place);
    if (i >= 0 && !terms_[i].used)
      g_.fail(sentence("metrics: output \"", names_[i],
                       "\" has no loss, so that there are no targets for it"));
  }
  template <class Metric>
  constexpr void add_metric(int i) {
    using entry = metric_entry<Metric>;
    using part = typename entry::part;
    if (g_.failed() || !terms_[i].used) return;
    if (!entry::for_all && i != find_output("metrics", entry::output, entry::place)) return;
    if constexpr (measurable<part>)
      measure(joined_name(i, part::name), batch_sum(part{}(terms_[i].target, output(i))));
  }

  graph& g_;
  list<int> outputs_;
  list<name_text> names_;
  list<term> terms_;
};

template <class Losses, class... Metrics>
constexpr void attach_loss(graph& g) {
  objective_builder<Losses, Metrics...>{g}.run();
}

/// The model with its loss and metrics.
template <class Model, class Loss, class... Metrics>
constexpr graph loss_graph(bool training) {
  graph g = trace<Model>(training);
  attach_loss<Loss, Metrics...>(g);
  return g;
}

/// Adds what training needs besides: an output for each trainable weight, the gradient of
/// `objective`, and then for each state its new value.
constexpr void attach_gradients(graph& g, symbol objective) {
  list<int> const nodes = inference_detail::leaf_nodes(g, op::weight, g.weights.size());
  list<int> trainable;
  list<int> places;
  for (int i = 0; i < nodes.size(); ++i)
    if (g.weights[i].trainable) {
      trainable.push_back(nodes[i]);
      places.push_back(i);
    }
  list<int> const gradients = inference_detail::gradients_of(g, objective, trainable);
  for (int i = 0; i < gradients.size(); ++i)
    g.outputs.push_back(
        gradients[i] >= 0 ? gradients[i]
                          : build::constant(g, 0, dtype::float32, g.weights[places[i]].shape).id());
  for (int i = 0; i < nodes.size(); ++i) {
    if (!g.weights[i].state) continue;
    int value = nodes[i];
    for (state_update const& u : g.updates)
      if (u.weight == i) value = u.node;
    g.outputs.push_back(value);
  }
}

/// What is known of a model with its loss and metrics; what is wrong with them, for
/// core/diagnosis.hpp.
template <class Model, class Loss, class... Metrics>
struct loss_trace {
  static constexpr auto const& model = traced<Model>::facts;
  static constexpr int room =
      1 + model.outputs * (1 + static_cast<int>(sizeof...(Metrics))) + model.metrics;

  struct facts_type {
    diagnosis sentence;
    int target_count = 0;
    int measure_count = 0;
    std::array<target_facts, std::size_t(model.outputs)> targets;
    std::array<name_text, std::size_t(room)> names;           ///< of what is measured
    std::array<name_text, std::size_t(model.layers)> layers;  ///< their paths
  };
  static constexpr facts_type facts = [] {
    facts_type f{};
    graph g = trace<Model>(true);
    g.scope.description = name_text{"compile"};
    detail::check_same_weights(g, model.weights);
    g.scope.description = {};
    if (g.metrics.size() != model.metrics)
      g.fail(
          diagnosis{"compile: a layer measures in training what it does not outside of it, or the "
                    "other way round; add_metric belongs in both"});
    objective_builder<Loss, Metrics...> builder{g};
    builder.run();
    f.sentence = g.error;
    if (g.failed()) return f;
    for (target_facts const& t : builder.targets()) f.targets[std::size_t(f.target_count++)] = t;
    for (name_text const& n : g.output_names) f.names[std::size_t(f.measure_count++)] = n;
    for (int i = 0; i < model.layers && i < g.layers.size(); ++i)
      f.layers[std::size_t(i)] = g.layers[i].scope.path;
    return f;
  }();
  static constexpr diagnosis sentence() { return facts.sentence; }
};

/// `loss_graph`; when training also an output for each trainable weight, the loss's gradient, and
/// then for each state its new value.
template <bool Training, class Model, class Loss, class... Metrics>
struct loss_recipe {
  static constexpr graph build() {
    graph g = loss_graph<Model, Loss, Metrics...>(Training);
    if (Training && !g.failed()) attach_gradients(g, {g, g.outputs[0]});
    return g;
  }
};

}  // namespace typegrad::training_detail
