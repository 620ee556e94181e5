// SPDX-License-Identifier: BSL-1.0
// A step's time, kernel by kernel, beside what the machine can do.
#pragma once

#include <typegrad/compiler/step_figures.hpp>
#include <typegrad/core/aligned_buffer.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/evaluators/cpu/limits.hpp>
#include <typegrad/evaluators/cpu/stepwise.hpp>
#include <typegrad/io/atomic_file.hpp>
#include <typegrad/io/keras_json.hpp>
#include <typegrad/io/plot.hpp>
#include <typegrad/io/text_table.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/training/batches.hpp>
#include <typegrad/training/compile.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace typegrad {

/// A kernel in a profile. Arithmetic and bytes are counted as `print` counts them.
struct kernel_profile {
  std::string layer;     ///< path of the layer whose value it finishes, of a chain the first one's;
                         ///< empty: of none
  std::string computes;  ///< "matmul + add + maximum"
  double seconds = 0;    ///< the median of the runs
  double flops = 0;      ///< floating-point operations
  double bytes = 0;      ///< read and written
};

/// What `model.profile` measured.
class step_profile {
 public:
  std::string model;  ///< its name
  std::string what;   ///< "training" or "prediction"
  std::int64_t batch_size = 0;
  int threads = 1;                      ///< of the processor
  std::string device;                   ///< the device's name, if it is not the processor
  int runs = 0;                         ///< that the medians are of
  double seconds = 0;                   ///< of a whole step, without the clock within it
  std::vector<kernel_profile> kernels;  ///< in the order in which they run
  machine_limits limits;                ///< of the machine or device, measured just before

  /// The least time that the machine needs for a kernel: that for its arithmetic or for its bytes
  /// from memory, whichever is longer. A kernel whose data lie in a cache can be faster.
  double least_seconds(kernel_profile const& k) const {
    return std::max(k.flops / limits.flops, k.bytes / limits.bytes);
  }

  /// The table: each kernel's time, its share, GFLOP/s and GB/s, and `roof`: what part of the speed
  /// it has that the machine's arithmetic and memory allow.
  template <int = 0>
  std::string text() const;
  /// Prints the table on stdout.
  template <int = 0>
  void print() const {
    std::fputs(text().c_str(), stdout);
    std::fflush(stdout);
  }
  /// Draws the kernels below the machine's roof: arithmetic a byte across, GFLOP/s up. An SVG file.
  template <int = 0>
  void plot(std::filesystem::path const& path) const;
  /// Writes a step as a trace in the form that chrome://tracing, Perfetto and Speedscope read.
  /// Throws std::runtime_error if the file cannot be written.
  template <int = 0>
  void save_trace(std::filesystem::path const& path) const;
};

template <int>
std::string step_profile::text() const {
  using data_detail::message;
  using io_detail::scaled;
  io_detail::text_table table(
      {"layer", "computes", "time", "share", "GFLOP/s", "GB/s", "FLOP/B", "roof"}, 2);
  double all = 0;
  for (kernel_profile const& k : kernels) all += k.seconds;
  auto const rate = [](double amount, double time) {
    return amount > 0 && time > 0 ? io_detail::decimals(amount / time / 1e9) : std::string();
  };
  auto const percent = [](double part) { return message(std::int64_t(100 * part + 0.5), " %"); };
  kernel_profile sum;
  for (kernel_profile const& k : kernels) {
    table.add({k.layer, k.computes, io_detail::scaled_seconds(k.seconds), percent(k.seconds / all),
               rate(k.flops, k.seconds), rate(k.bytes, k.seconds),
               k.bytes > 0 ? io_detail::decimals(k.flops / k.bytes) : "",
               k.seconds > 0 ? percent(least_seconds(k) / k.seconds) : ""});
    sum.flops += k.flops;
    sum.bytes += k.bytes;
  }
  table.add({"all", "", io_detail::scaled_seconds(all), "100 %", rate(sum.flops, all),
             rate(sum.bytes, all), sum.bytes > 0 ? io_detail::decimals(sum.flops / sum.bytes) : "",
             ""});
  return message("A step of ", what, " of \"", model, "\": ", batch_size,
                 batch_size == 1 ? " sample, " : " samples, ",
                 device.empty() ? message(threads, threads == 1 ? " thread" : " threads") : device,
                 "; medians of ", runs, " runs\n") +
         message("whole step: ", io_detail::scaled_seconds(seconds), "; the ",
                 device.empty() ? "machine: " : "device: ", io_detail::decimals(limits.flops / 1e9),
                 " GFLOP/s, ", io_detail::decimals(limits.bytes / 1e9), " GB/s from memory\n\n") +
         table.text();
}

template <int>
void step_profile::plot(std::filesystem::path const& path) const {
  std::vector<double> intensities, rates, marks;
  double least = limits.flops / limits.bytes, most = least;
  for (kernel_profile const& k : kernels) {
    if (!(k.flops > 0 && k.bytes > 0 && k.seconds > 0)) continue;
    intensities.push_back(k.flops / k.bytes);
    rates.push_back(k.flops / k.seconds / 1e9);
    least = std::min(least, intensities.back());
    most = std::max(most, intensities.back());
  }
  for (double x = least / 2; x <= 2 * most; x *= 1.1) marks.push_back(x);
  typegrad::plot::figure figure{.title = data_detail::message("A step of ", what, " of ", model,
                                                              ", ", batch_size, " samples")};
  figure.panel("")
      .x_label("floating-point operations a byte")
      .y_label("GFLOP/s")
      .x_scale(typegrad::plot::scale::logarithmic)
      .y_scale(typegrad::plot::scale::logarithmic)
      .points("kernels", intensities, rates)
      .curve("what arithmetic and memory allow", marks,
             [this](double x) { return std::min(limits.flops, x * limits.bytes) / 1e9; });
  figure.save(path.string());
}

template <int>
void step_profile::save_trace(std::filesystem::path const& path) const {
  using io_detail::json_number;
  using io_detail::json_text;
  std::string out = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n";
  out +=
      "{\"name\": \"thread_name\", \"ph\": \"M\", \"pid\": 1, \"tid\": 1, \"args\": {\"name\": " +
      json_text(data_detail::message("a step of ", what, " of ", model)) + "}}";
  double start = 0;
  for (kernel_profile const& k : kernels) {
    out +=
        ",\n{\"name\": " + json_text(k.layer.empty() ? k.computes : k.layer + ": " + k.computes) +
        ", \"cat\": \"kernel\", \"ph\": \"X\", \"pid\": 1, \"tid\": 1, \"ts\": " +
        json_number(1e6 * start) + ", \"dur\": " + json_number(1e6 * k.seconds) +
        ", \"args\": {\"flops\": " + json_number(k.flops) + ", \"bytes\": " + json_number(k.bytes) +
        "}}";
    start += k.seconds;
  }
  write_atomically(path, out + "\n]}\n");
}

namespace io_detail {

using clock = std::chrono::steady_clock;

using inference_detail::median_of;
using inference_detail::step_times;

/// The seconds between points in time that follow each other, run after run.
template <int = 0>
class basic_stopwatch {
 public:
  explicit basic_stopwatch(std::size_t parts) : times_(parts + 1), seconds_(parts) {}

  void mark(std::size_t i) { times_[i] = clock::now(); }
  void end_run() {
    for (std::size_t i = 0; i < seconds_.size(); ++i)
      seconds_[i].push_back(std::chrono::duration<double>(times_[i + 1] - times_[i]).count());
  }
  int runs() const { return static_cast<int>(seconds_[0].size()); }
  /// The median of a part, less what the clock itself takes.
  double median(std::size_t part) const {
    return std::max(median_of(seconds_[part]) - clock_seconds(), 0.0);
  }
  /// For `run_stepwise`.
  static void after(void* self, int step, void* const*) {
    static_cast<basic_stopwatch*>(self)->mark(static_cast<std::size_t>(step + 1));
  }

 private:
  static double clock_seconds() {
    std::vector<double> values(64);
    for (double& v : values) {
      auto const start = clock::now();
      v = std::chrono::duration<double>(clock::now() - start).count();
    }
    return median_of(std::move(values));
  }

  std::vector<clock::time_point> times_;
  std::vector<std::vector<double>> seconds_;
};
using stopwatch = basic_stopwatch<>;

template <int = 0>
void check_profile_options(profile_options const& o) {
  if (o.batch_size < 1)
    throw std::invalid_argument(
        data_detail::message("profile: batch_size must be positive, got ", o.batch_size));
  if (!(o.seconds >= 0 && o.seconds <= 3600))
    throw std::invalid_argument("profile: seconds must be from 0 to 3600");
}

/// A program to profile on the host.
struct profiled_program {
  void (*run)(on_cpu::bindings const&);
  void (*run_stepwise)(on_cpu::bindings const&, on_cpu::after_step, void*);
  int step_count;
};

template <int = 0>
step_times measure_on_host(profiled_program const& p, on_cpu::bindings const& b,
                           profile_options const& options) {
  step_times out;
  out.limits = on_cpu::measure_limits(b.threads);
  stopwatch parts(static_cast<std::size_t>(p.step_count)), whole(1);
  for (int i = 0; i < 3; ++i) p.run(b);
  auto const begin = clock::now();
  do {
    whole.mark(0);
    p.run(b);
    whole.mark(1);
    whole.end_run();
    p.run_stepwise(b, &stopwatch::after, &parts);
    parts.end_run();
  } while (whole.runs() < 5 ||
           std::chrono::duration<double>(clock::now() - begin).count() < options.seconds);
  out.runs = whole.runs();
  out.seconds = whole.median(0);
  for (int i = 0; i < p.step_count; ++i)
    out.parts.push_back({i, 1, parts.median(static_cast<std::size_t>(i))});
  return out;
}

/// The optimizer's update as one more part; what it changes is brought back.
template <int = 0>
void measure_update_on_host(training_detail::engine const& e, std::int64_t batch_size,
                            step_times& times) {
  auto& state = e.state;
  struct kept {
    float* values;
    aligned_buffer<float> copy;
  };
  std::int64_t const elements = e.core.table.elements();
  std::vector<kept> all;
  auto const keep = [&](float* values) {
    std::copy_n(values, elements,
                all.emplace_back(kept{values, aligned_buffer<float>(elements)}).copy.data());
  };
  keep(e.core.weights_memory());
  for (int i = 0; i < e.setup.optimizer.slots; ++i)
    if (e.setup.optimizer.uses[i]) keep(state.slots[i].data());
  std::int64_t const step = state.step;
  stopwatch watch(1);
  while (watch.runs() < times.runs) {
    watch.mark(0);
    e.update(batch_size);
    watch.mark(1);
    watch.end_run();
  }
  state.step = step;
  for (kept const& k : all) std::copy_n(k.copy.data(), elements, k.values);
  times.parts.push_back({0, 0, watch.median(0)});
  times.seconds += watch.median(0);
}

/// The optimizer's update, which is no step of the program.
template <int = 0>
kernel_profile update_profile(training_detail::engine const& e) {
  kernel_profile update;
  update.computes = data_detail::message(e.setup.optimizer.name, ", the optimizer");
  std::int64_t trained = 0, arrays = 1;  // weights, and slots
  for (auto const& s : e.state.variables) trained += s.end - s.begin;
  for (int i = 0; i < e.setup.optimizer.slots; ++i) arrays += e.setup.optimizer.uses[i];
  // these are read and written, gradients read
  update.bytes = static_cast<double>(trained * 4 * (2 * arrays + 1));
  return update;
}

/// What was measured, with what the kernels are; they know their layers by number.
template <class PathOf>
step_profile profile_of(step_times const& times, program_view const& view, std::int64_t batch_size,
                        PathOf const& path_of, kernel_profile const& update = {}) {
  step_profile out;
  out.batch_size = batch_size;
  out.device = times.device;
  out.runs = times.runs;
  out.seconds = times.seconds;
  out.limits = times.limits;
  for (step_times::part const& part : times.parts) {
    kernel_profile one = update;
    if (part.count > 0) {
      auto const step = [&](int i) -> step_info const& {
        return view.steps[static_cast<std::size_t>(part.first + i)];
      };
      one = {};
      for (int i = 0; i < part.count && one.layer.empty(); ++i)
        if (int const layer = view.layer_of(step(i)); layer >= 0)
          one.layer = path_of(static_cast<std::size_t>(layer));
      one.computes = name_of(view, step(0)).view();
      if (part.count > 1)
        one.computes = data_detail::message(part.count, " steps, from ", one.computes, " to ",
                                            name_of(view, step(part.count - 1)).view());
      step_figures const takes = figures_of(view, part.first, part.count);
      one.flops = static_cast<double>(takes.flops(batch_size));
      one.bytes = static_cast<double>(takes.bytes().at(batch_size));
    }
    one.seconds = part.seconds;
    out.kernels.push_back(std::move(one));
  }
  return out;
}

}  // namespace io_detail

template <class Model, class Where, auto Sentence>
requires(correct(Sentence))
step_profile predictor<Model, Where, Sentence>::profile(array_list const& x,
                                                        profile_options const& options) {
  using recipe = typename runner::template prediction_recipe<Model>;
  using prediction = typename runner::template program_for<recipe>;
  io_detail::check_profile_options(options);
  find_inputs("profile", x);
  std::int64_t batch = std::min<std::int64_t>(core_.arrays[0].shape().rows(), options.batch_size);
  if (static_batch<Model> > 0) batch = std::min<std::int64_t>(batch, static_batch<Model>);
  for (array_view& a : core_.arrays) a = a.rows(0, batch);
  auto const step = prediction_step();
  int const thread_count = core_.elsewhere ? 1 : step.useful_threads(batch, threads());
  io_detail::step_times times;
  if constexpr (std::same_as<Where, on<cpu>>) {
    inference_detail::stage_rows(core_, core_.arrays, 0, batch, batch);
    std::vector<aligned_buffer<float>> values;
    std::vector<void*> outputs;
    for (auto const& port : core_.outputs)
      outputs.push_back(values.emplace_back(batch * port.shape.count()).data());
    times = io_detail::measure_on_host(
        {step.run, &on_cpu::run_stepwise<prediction>, prediction::step_count},
        {.batch_size = batch,
         .inputs = core_.sources.data(),
         .weights = core_.weights_memory(),
         .outputs = outputs.data(),
         .arena = core_.arena_for(step, batch, thread_count),
         .seed = 0,
         .step = 0,
         .threads = thread_count},
        options);
  } else {
    times = core_.elsewhere->profile_prediction(core_, step, core_.arrays, options.seconds);
  }
  core_.arrays.clear();
  graph_view const g = traced_graph();
  step_profile p =
      io_detail::profile_of(times, view_of<prediction>(), batch,
                            [&](std::size_t layer) { return g.layers[layer].scope.path.view(); });
  p.threads = thread_count;
  p.model = detail::layer_name_of<Model>.view();
  p.what = "prediction";
  return p;
}

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
step_profile compiled_model<Model, Where, Optimizer, Loss, Metrics...>::profile(
    data const& samples, profile_options const& options) {
  io_detail::check_profile_options(options);
  training_detail::check_changed_options(optimizer_, setup_.optimizer.uses);
  training_detail::bound_samples bound;
  training_detail::bind("profile", samples, setup_.layout, bound);
  training_detail::check_classes("profile", bound, setup_.layout);
  std::int64_t size = std::min<std::int64_t>(bound.size(), options.batch_size);
  if (static_batch<Model> > 0) size = std::min<std::int64_t>(size, static_batch<Model>);
  auto const e = engine();
  training_detail::batch_reader const reader(e, bound, size);
  training_detail::batch_view const batch = reader[0];
  program_view const view = setup_.train_view();
  io_detail::step_times times;
  int thread_count = 1;
  if (state_.trainer != nullptr) {
    times = state_.trainer->profile_training(e, batch, options.seconds);
  } else {
    on_cpu::bindings const b = e.training_bindings(batch);
    thread_count = b.threads;
    times = io_detail::measure_on_host(
        {setup_.train.run, setup_.train_stepwise, view.regions[0].step_count}, b, options);
    io_detail::measure_update_on_host(e, size, times);
  }
  step_profile p = io_detail::profile_of(
      times, view, size,
      [&](std::size_t layer) {
        return layer < setup_.layers.size() ? setup_.layers[layer].view() : std::string_view{};
      },
      io_detail::update_profile(e));
  p.threads = thread_count;
  p.model = detail::layer_name_of<Model>.view();
  p.what = "training";
  return p;
}

template <class Model, class Where, class Optimizer, class Loss, class... Metrics>
step_profile compiled_model<Model, Where, Optimizer, Loss, Metrics...>::profile(
    array_list x, array_list y, profile_options const& options) {
  return profile(data{std::move(x), std::move(y)}, options);
}

}  // namespace typegrad
