// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/gradients.hpp>
#include <typegrad/inference/layer_list.hpp>
#include <typegrad/inference/model_core.hpp>
#include <typegrad/inference/model_data.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/inference/weight_array.hpp>
#include <typegrad/nn/batch.hpp>
#include <typegrad/nn/model.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace typegrad {

namespace inference_detail {

/// What computes with a model's weights beside its own members.
struct access {
  template <class Predictor>
  static model_core& core(Predictor& p) {
    return p.core();
  }
};

}  // namespace inference_detail

struct predict_options {
  int batch_size = 256;  ///< samples at a time; more take more memory. A `batch<N>` in the model's
                         ///< type is the most
};

/// Which weights `copy_weights` takes: those of this model's layer `into` (all, if it is empty)
/// from the other's layer `from`, which is the one of the same path unless told; "" is the other
/// model itself.
struct copy_options {
  std::string_view into = {};
  std::optional<std::string_view> from = {};
};

/// How `profile` measures.
struct profile_options {
  int batch_size = 32;   ///< the first of the samples, as one batch
  double seconds = 0.5;  ///< go on measuring for about so long
};
class step_profile;

/// How `plot_model` draws.
struct plot_model_options {
  bool show_shapes = false;      ///< of what each layer reads and gives
  bool show_layer_names = true;  ///< beside their classes
  bool expand_nested = false;    ///< layers within layers, in frames
  std::string rankdir = "TB";    ///< from top to bottom; "LR": from left to right
};

/// A model that is used and not trained: its weights and what it predicts, with xtensors at the
/// border. `predictor<net> model; model.load_weights("net.safetensors"); model.predict(x);`
/// Where: `on<cpu>`, or on another evaluator; then weights that one looks at or changes are copied
/// from and to the device when that is needed, and a view of one is good until the next run.
template <class Model, class Where = on<cpu>,
          auto Sentence = inference_detail::diagnosis_on<Where, traced<Model>>()>
requires(correct(Sentence))
class predictor {
  using sound = typename wrong_use<Sentence>::nothing;
  using runner = inference_detail::runner<Where>;
  static constexpr auto const& facts = traced<Model>::facts;

 public:
  using model_type = Model;
  using where = Where;
  /// Axes of what goes in and comes out, that of samples included.
  static constexpr auto input_rank = static_cast<std::size_t>(facts.input.rank + 1);
  static constexpr auto output_rank = static_cast<std::size_t>(facts.output.rank + 1);

  /// The weights have the first values of seed 0.
  predictor() : predictor(runner::make_remote()) {}

  /// Gives every weight new first values, which depend on nothing but the seed.
  void initialize(std::uint64_t seed = 0) { inference_detail::initialize_weights(core_, seed); }

  /// All weights, state included, in the order of the layers.
  std::vector<weight_entry> weights() {
    return inference_detail::list_weights(core_, 0, core_.table.size());
  }
  /// A weight by its path, to read or to assign; std::invalid_argument with the paths there are if
  /// there is no such weight.
  weight_array weight(std::string_view path) { return inference_detail::find_weight(core_, path); }

  /// The model's layers in the order of their first calls; those within others are got from
  /// `get_layer`.
  std::vector<layer_info> layers() const {
    return inference_detail::list_layers(traced_graph(), 0, {});
  }
  /// A layer by its path, "block_1/dense", with its weights; std::invalid_argument with the paths
  /// there are if there is no such layer.
  model_layer get_layer(std::string_view path) {
    graph_view const g = traced_graph();
    return {core_, g, inference_detail::find_layer(g, path)};
  }
  /// What the model reads and gives, in its order: `name`, `shape` (extents of one sample), `type`.
  static constexpr auto const& inputs() { return ports_of<Model>.inputs; }
  static constexpr auto const& outputs() { return ports_of<Model>.outputs; }

  /// The model's values for samples x: (samples, output extents...), or `predictions` of several
  /// outputs. Several inputs are given in the model's order, `predict({wide, deep})`, or by name,
  /// `predict(by_name("deep_in"_n = deep, "wide_in"_n = wide))`.
  /// std::invalid_argument if x does not have the model's extents.
  auto predict(array_list const& x, predict_options const& options = {}) {
    find_inputs("predict", x);
    std::int64_t const samples = core_.arrays[0].shape().rows();
    if constexpr (facts.outputs == 1) {
      auto out = inference_detail::blank<output_rank>(samples, core_.outputs[0].shape);
      float* const to = out.data();
      run(&to, options);
      return out;
    } else {
      predictions<Model> out(samples);
      run(out.data().data(), options);
      return out;
    }
  }
  template <
      class... Named,
      auto Names = say<inference_detail::input_names<Model, name_constant<"predict">, Named...>>()>
  auto predict(named_values<Named...> const& x, predict_options const& options = {}) {
    using known [[maybe_unused]] = nothing_wrong<Names>;
    return predict(array_list(x), options);
  }

  /// What is no data is told so.
  template <class X, auto Wrong = say<inference_detail::not_data<X, name_constant<"predict">>>()>
  requires(!std::convertible_to<X const&, array_list>)
  auto predict(X const&, predict_options const& options = {}) {
    using data [[maybe_unused]] = nothing_wrong<Wrong>;
    return predict(array_list(), options);
  }

  /// So is a second argument that is none.
  template <class Second>
  requires(!std::convertible_to<Second, predict_options> &&
           !requires(Second& out) {
             { out.data() } -> std::same_as<float*>;
             out.size();
           })
  auto predict(array_list const& x, Second&&) {
    static_assert(is_right<sizeof(Second)>,
                  "predict: the second argument is options, predict(x, {.batch_size = 32}), or an "
                  "array of floats for the results");
    return predict(x);
  }

  /// The same into `out`, a dense row-major array of floats of that many elements; nothing is
  /// allocated once a batch of this size has been seen. For a model of one output.
  template <class Out>
  requires requires(Out& out) {
    { out.data() } -> std::same_as<float*>;
    out.size();
  }
  void predict(array_list const& x, Out&& out, predict_options const& options = {}) {
    static_assert(facts.outputs == 1,
                  "predict: this model has several outputs; use what predict(x)"
                  " returns");
    find_inputs("predict", x);
    std::int64_t const rows = core_.arrays[0].shape().rows();
    auto const each = core_.outputs[0].shape.count();
    array_view const to = out;
    if (static_cast<std::int64_t>(out.size()) != rows * each || to.data() != out.data() ||
        (to.shape().rank > 1 && to.shape().rows() != rows))
      throw std::invalid_argument(data_detail::message(
          "predict: the array for the results must be dense and row-major, with ", rows,
          " rows of ", each, " numbers; it has shape ", to_string(to.shape())));
    float* const target = out.data();
    run(&target, options);
  }

  /// The gradient of a scalar of the model's output, for the input and for every weight.
  /// `objective` takes the output as a symbol (of one sample), or a pack of several, and returns a
  /// number, which is summed over the samples; a lambda that captures nothing.
  template <class Objective,
            auto Wrong = say<inference_detail::gradient_recipe<Model, Objective>>()>
  requires(correct(Wrong))
  auto gradient(Objective, array_list const& x) {
    using right [[maybe_unused]] = typename wrong_use<Wrong>::nothing;
    using recipe = inference_detail::gradient_recipe<Model, Objective>;
    find_inputs("gradient", x);
    constexpr auto step = runner::template step_of<recipe>();
    using input_arrays = port_arrays<inference_detail::input_ports<Model>>;
    input_arrays inputs(core_.arrays[0].shape().rows());
    aligned_buffer<float> weights(core_.table.elements());
    float value = 0;
    std::vector<void*> outputs{&value};
    for (float* const to : inputs.data()) outputs.push_back(to);
    for (auto const& place : core_.table) outputs.push_back(weights.data() + place.offset);
    inference_detail::run_once(core_, step, core_.arrays, outputs.data());
    core_.arrays.clear();
    return gradients<input_arrays>(value, std::move(inputs), core_.table, std::move(weights));
  }

  /// Takes the values of all weights, by their paths, from `other` (a predictor or a compiled
  /// model, also of another type), or of those within a layer, also from a layer of another path:
  ///     tuned.copy_weights(pretrained, {.into = "backbone"});
  ///     tuned.copy_weights(backbone_alone, {.into = "backbone", .from = ""});
  /// std::invalid_argument if `other` lacks one of them, or has it in another shape; then nothing
  /// is changed.
  template <class Other>
  void copy_weights(Other const& other, copy_options const& options = {}) {
    inference_detail::copy_weights(core_, other.core(), options.into,
                                   options.from.value_or(options.into));
  }

  /// Writes the weights as a safetensors file / reads those of one, be it of a predictor or of a
  /// compiled model. In typegrad/io/checkpoint.hpp, which says what is checked.
  void save_weights(std::string const& path) const;
  void load_weights(std::string const& path);

  /// Prints the layers, their output shapes and numbers of parameters, in the form of Keras's
  /// summary, and for a model that is no chain of layers what each is connected to / gives that as
  /// text. In typegrad/io/summary.hpp.
  void summary() const;
  std::string summary_text() const;

  /// Measures how long each kernel of a prediction takes, beside what the machine, or the device,
  /// can do: `model.profile(x).print()`, `.save_trace("step.json")`. In typegrad/io/profile.hpp.
  step_profile profile(array_list const& x, profile_options const& options = {});

  /// Draws the layers as Keras's plot_model does: a .dot file, or by Graphviz .svg, .png, .pdf.
  /// In typegrad/io/plot_model.hpp.
  void plot_model(std::string const& path, plot_model_options const& options = {}) const;

  /// The architecture in Keras's form, for keras.models.model_from_json. In
  /// typegrad/io/architecture.hpp.
  std::string to_json() const;

  inference_detail::model_core const& core() const { return core_; }

 protected:
  // What makes kernels or looks at the traced graph is defined below and not inline, so that
  // `extern template class predictor<net>` keeps it out of a program.
  explicit predictor(inference_detail::remote_pointer elsewhere);
  static graph_view traced_graph();
  inference_detail::model_core& core() { return core_; }
  friend struct inference_detail::access;

 private:
  static constexpr auto prediction_step() {
    return runner::template step_of<typename runner::template prediction_recipe<Model>>();
  }
  void find_inputs(std::string_view who, array_list const& x) {
    core_.arrays.clear();
    inference_detail::find_arrays(who, inference_detail::input_words, x, core_.inputs,
                                  core_.arrays);
  }
  void run(float* const* out, predict_options const& options);

  inference_detail::model_core core_;
};

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
predictor<Model, Where, Sentence>::predictor(inference_detail::remote_pointer elsewhere)
    : core_{traced_graph()} {
  core_.elsewhere = std::move(elsewhere);
  if constexpr (static_batch<Model> > 0 && std::same_as<Where, on<cpu>>)
    core_.arena_for(prediction_step(), static_batch<Model>, threads());
  initialize();
}

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
graph_view predictor<Model, Where, Sentence>::traced_graph() {
  return snapshot<inference_detail::prediction_recipe<Model>>::view();
}

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
void predictor<Model, Where, Sentence>::run(float* const* out, predict_options const& options) {
  if (options.batch_size < 1)
    throw std::invalid_argument(
        data_detail::message("predict: batch_size must be positive, got ", options.batch_size));
  std::int64_t batch_size = options.batch_size;
  if (static_batch<Model> > 0 && batch_size > static_batch<Model>) batch_size = static_batch<Model>;
  inference_detail::predict_rows(core_, prediction_step(), core_.arrays, out, batch_size);
  core_.arrays.clear();
}

}  // namespace typegrad
