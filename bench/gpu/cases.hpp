// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/cuda.hpp>
#include <typegrad/typegrad.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

// What the cases of typegrad_gpu.cu are made of.

namespace gpu_bench {

namespace tg = typegrad;

#if defined(TYPEGRAD_BENCH_TINY)
inline constexpr bool tiny = true;
#else
inline constexpr bool tiny = false;
#endif

/// Something that is done on a queue, over and over.
struct work {
  virtual ~work() = default;
  /// Gives it to the queue so many times.
  virtual void start(int times) = 0;
  virtual tg::on_thrust::queue& queue() = 0;
};

/// Microseconds of one time, from the device's own clock: the median of some measurements.
inline double measure(work& w, double seconds) {
  auto const once = [&](int times) {
#if TYPEGRAD_CUDA
    struct timer {
      cudaEvent_t begin, end;
      timer() { cudaEventCreate(&begin), cudaEventCreate(&end); }
      ~timer() { cudaEventDestroy(begin), cudaEventDestroy(end); }
    } t;
    cudaEventRecord(t.begin, w.queue().stream());
    w.start(times);
    cudaEventRecord(t.end, w.queue().stream());
    w.queue().finish();
    float milliseconds = 0;
    cudaEventElapsedTime(&milliseconds, t.begin, t.end);
    return 1e3 * static_cast<double>(milliseconds) / times;
#else
    auto const begin = std::chrono::steady_clock::now();
    w.start(times);
    w.queue().finish();
    std::chrono::duration<double, std::micro> const passed =
        std::chrono::steady_clock::now() - begin;
    return passed.count() / times;
#endif
  };
  double one = once(1);
  for (int i = 0; i < 3; ++i) one = std::min(one, once(tiny ? 1 : 5));
  int const times = std::clamp(static_cast<int>(seconds * 1e6 / 15 / std::max(one, 0.1)), 1, 2000);
  std::vector<double> all;
  for (int i = 0; i < 15; ++i) all.push_back(once(times));
  std::ranges::nth_element(all, all.begin() + 7);
  return all[7];
}

/// A step of training on one batch that is on the device.
template <class Model, class Where, class Loss>
class training : public work {
 public:
  training(std::int64_t batch, std::int64_t classes)
      : model_{tg::compile<Model, Where>(tg::sgd{.learning_rate = 0.01F}, Loss{})} {
    std::mt19937 random{1};
    std::normal_distribution<float> normal;
    x_.resize(
        static_cast<std::size_t>(batch * std::as_const(model_).core().inputs[0].shape.count()));
    for (float& v : x_) v = normal(random);
    y_.resize(static_cast<std::size_t>(batch));
    for (std::int32_t& v : y_)
      v = static_cast<std::int32_t>(random() % static_cast<unsigned>(classes));
    ones_.assign(static_cast<std::size_t>(batch), 1.0F);
    inputs_ = {x_.data(), y_.data(), ones_.data()};
    batch_ = {inputs_.data(), batch};
    trainer_ = static_cast<tg::on_thrust::device_trainer*>(model_.state().trainer);
    trainer_->begin();
  }
  void start(int times) override {
#if TYPEGRAD_CUDA
    if (!begun_) step();
    begun_ = true;
    for (int i = 0; i < times; ++i) trainer_->repeat();
#else
    for (int i = 0; i < times; ++i) step();
#endif
  }
  tg::on_thrust::queue& queue() override { return trainer_->work(); }

 private:
  void step() {
    tg::training_detail::engine const e{
        const_cast<tg::inference_detail::model_core&>(std::as_const(model_).core()),
        const_cast<tg::training_detail::training_state&>(model_.state()), model_.setup(),
        &model_.optimizer()};
    trainer_->train(e, batch_, false);
  }
  bool begun_ = false;
  using compiled = decltype(tg::compile<Model, Where>(tg::sgd{}, Loss{}));
  compiled model_;
  std::vector<float> x_, ones_;
  std::vector<std::int32_t> y_;
  std::array<void const*, 3> inputs_;
  tg::training_detail::batch_view batch_;
  tg::on_thrust::device_trainer* trainer_;
};

/// A program with arrays of its own on the device.
template <class Recipe>
class standalone : public work {
  using program = tg::program<Recipe>;

 public:
  explicit standalone(std::int64_t batch) : batch_{batch} {
    auto const filled = [&](std::int64_t elements, tg::dtype type) {
      tg::on_thrust::device_memory m(elements * tg::bytes_of(type), "a benchmark");
      std::vector<float> some(1 << 16);
      std::mt19937 random{7};
      std::normal_distribution<float> normal;
      for (float& v : some) v = normal(random);
      std::vector<tg::bfloat16> half;
      for (float const v : some) half.emplace_back(v);
      std::int64_t const each = tg::bytes_of(type);
      void const* const from =
          type == tg::dtype::bfloat16 ? static_cast<void const*>(half.data()) : some.data();
      if (tg::is_floating(type))
        for (std::int64_t at = 0; at < elements; at += 1 << 16)
          q_.copy(m.as<>() + at * each, from,
                  std::min<std::int64_t>(1 << 16, elements - at) * each);
      q_.finish();
      return m;
    };
    for (int i = 0; i < program::sizes.inputs; ++i) {
      auto const& v = program::data.inputs[static_cast<std::size_t>(i)];
      memory_.push_back(filled(v.shape.count() * (v.per_sample ? batch : 1), v.type));
      inputs_.push_back(memory_.back().template as<void>());
    }
    for (int i = 0; i < program::sizes.outputs; ++i) {
      auto const& v = program::data.outputs[static_cast<std::size_t>(i)];
      memory_.emplace_back(v.shape.count() * (v.per_sample ? batch : 1) * tg::bytes_of(v.type),
                           "a benchmark");
      outputs_.push_back(memory_.back().template as<void>());
    }
    weights_ = filled(program::weight_elements, tg::dtype::float32);
    arena_ =
        tg::on_thrust::device_memory(tg::on_thrust::arena_bytes<program>(batch), "a benchmark");
    counters_ = tg::on_thrust::device_memory(
        tg::on_thrust::counter_count<program>() * std::int64_t{sizeof(unsigned)}, "a benchmark");
    state_ = tg::on_thrust::device_memory(256, "a benchmark");
  }
  void start(int times) override {
    for (int i = 0; i < times; ++i)
      tg::on_thrust::run<program>(
          q_, {batch_, inputs_.data(), weights_.template as<float>(), outputs_.data(),
               arena_.template as<>(), counters_.template as<unsigned>(),
               state_.template as<tg::on_thrust::run_state>()});
  }
  tg::on_thrust::queue& queue() override { return q_; }

 private:
  std::int64_t batch_;
  tg::on_thrust::queue q_;
  std::vector<tg::on_thrust::device_memory> memory_;
  std::vector<void const*> inputs_;
  std::vector<void*> outputs_;
  tg::on_thrust::device_memory weights_, arena_, counters_, state_;
};

/// By name: how a case is set up.
using cases = std::map<std::string, std::function<std::unique_ptr<work>()>>;

void add_mlps(cases& to);
void add_cnn(cases& to);
void add_kernels(cases& to);

}  // namespace gpu_bench
