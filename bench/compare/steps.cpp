// SPDX-License-Identifier: BSL-1.0
// How long each step of a network's program takes: what to look at when a network is slow.
// usage: steps_NETWORK train|infer BATCH THREADS [ROUNDS]        (medians of ROUNDS, 50 unless told)
#include "networks.hpp"

#include <typegrad/evaluators/cpu/run.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tg = typegrad;

namespace {

using clock_type = std::chrono::steady_clock;

double microseconds_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::micro>(clock_type::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string name_of(tg::step_info const& s) {
  static constexpr char const* kinds[] = {"elementwise", "row", "column", "contraction"};
  if (s.kind != tg::step_kind::contraction) return kinds[static_cast<int>(s.kind)];
  return std::string(tg::info(s.product.code).name);
}

// Multiplications and additions of a contraction.
double operations(tg::step_info const& s, std::int64_t batch) {
  if (s.kind != tg::step_kind::contraction) return 0;
  auto const size = [&](tg::domain_axis const& axis) {
    return static_cast<double>(axis.extent * (axis.batch ? batch : 1));
  };
  double all = 2 * size(s.product.rows) * size(s.product.columns) * size(s.product.inner);
  for (int a = 0; a < s.product.loops; ++a) all *= size(s.axes[a]);
  return all;
}

template <class Program, class Model>
void time_steps(std::int64_t batch, int threads, int rounds) {
  constexpr auto& data = Program::data;
  constexpr auto count = static_cast<std::size_t>(Program::step_count);
  std::mt19937 random{1};
  std::normal_distribution<float> normal;

  std::vector<tg::aligned_buffer<float>> inputs, outputs;
  std::vector<void const*> in;
  std::vector<void*> out;
  auto const elements = [&](auto const& x) {
    return x.shape.count() * (x.per_sample ? batch : 1) + 16;
  };
  for (std::size_t i = 0; i < static_cast<std::size_t>(Program::sizes.inputs); ++i) {
    auto const& x = data.inputs[i];
    inputs.emplace_back(elements(x));
    for (float& value : inputs.back()) {
      std::int32_t const integer = static_cast<std::int32_t>(random() % 10);
      value = x.shape.rank == 0 ? 1 : normal(random);  // a scalar: weights of samples
      if (x.type == tg::dtype::int32) std::memcpy(&value, &integer, sizeof value);
    }
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(Program::sizes.outputs); ++i)
    outputs.emplace_back(elements(data.outputs[i]));
  for (auto const& x : inputs) in.push_back(x.data());
  for (auto& x : outputs) out.push_back(x.data());
  tg::predictor<Model> const model;
  tg::aligned_buffer<float> weights(Program::weight_elements);
  std::copy(model.core().weights.begin(), model.core().weights.end(), weights.begin());
  tg::aligned_buffer<std::byte> arena(
      static_cast<std::int64_t>(tg::on_cpu::arena_bytes<Program>(batch, threads)));
  tg::on_cpu::bindings b;
  b.batch_size = batch;
  b.inputs = in.data();
  b.outputs = out.data();
  b.weights = weights.data();
  b.arena = arena.data();
  b.threads = threads;

  // As tg::on_cpu::run has them.
  std::array<void*, static_cast<std::size_t>(Program::sizes.buffers) + 1> buffers{};
  for (std::size_t i = 0; i < static_cast<std::size_t>(Program::sizes.buffers); ++i) {
    tg::buffer const& x = data.buffers[i];
    using place = tg::buffer::place;
    if (x.where == place::input) buffers[i] = const_cast<void*>(b.inputs[x.index]);
    if (x.where == place::output) buffers[i] = b.outputs[x.index];
    if (x.where == place::weight)
      buffers[i] = b.weights + data.weight_offsets[static_cast<std::size_t>(x.index)];
    if (x.where == place::arena)
      buffers[i] = b.arena + x.offset * (x.per_sample ? batch : 1) +
                   (x.per_sample ? data.shared_bytes : 0);
  }
  std::array<void*, static_cast<std::size_t>(Program::sizes.slots) + 1> slots{};
  for (std::size_t i = 0; i < static_cast<std::size_t>(Program::sizes.slots); ++i)
    slots[i] = buffers[static_cast<std::size_t>(data.slots[i])];
  auto const values = static_cast<std::size_t>(Program::arena_bytes(batch));
  tg::on_cpu::run_context const context{batch, 0, 0, b.arena + (values + 63) / 64 * 64};

  std::vector<std::vector<double>> times(count);
  std::vector<double> whole;
  for (int round = 0; round < rounds; ++round) {
    auto const start = clock_type::now();
    tg::on_cpu::run<Program>(b);
    whole.push_back(microseconds_since(start));
    tg::on_cpu::run_team(threads, [&](tg::on_cpu::team const& members) {
      auto const timed = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        auto const begin = clock_type::now();
        tg::on_cpu::detail::run_step<Program, static_cast<int>(I), xsimd::default_arch>(
            members, slots.data(), context);
        if (members.index == 0) times[I].push_back(microseconds_since(begin));
      };
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (timed(std::integral_constant<std::size_t, I>{}), ...);
      }(std::make_index_sequence<count>{});
    });
  }

  double sum = 0, all_operations = 0;
  for (std::size_t i = 0; i < count; ++i) {
    tg::step_info const& s = data.steps[i];
    double const time = median(times[i]), flops = operations(s, batch);
    sum += time;
    all_operations += flops;
    std::string domain;
    for (int a = 0; a < s.rank; ++a)
      domain += (s.axes[a].batch ? "batch*" : "") + std::to_string(s.axes[a].extent) + " ";
    std::printf("%3zu %10.1f us  %-19s %-34s %2d instructions, %d stores", i, time,
                name_of(s).c_str(), domain.c_str(), s.instruction_count, s.store_count);
    if (flops > 0) std::printf(", %.0f GFLOP/s", flops / time / 1e3);
    std::puts("");
  }
  std::printf("sum %.1f us, whole program %.1f us, %.0f GFLOP/s (batch %ld, %d threads)\n", sum,
              median(whole), all_operations / median(whole) / 1e3, static_cast<long>(batch),
              threads);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s train|infer BATCH THREADS [ROUNDS]\n", argv[0]);
    return 2;
  }
  using model = networks::NETWORK;
  int const rounds = argc > 4 ? std::max(1, std::atoi(argv[4])) : 50;
  long const batch = std::atol(argv[2]);
  int const threads = std::max(1, std::atoi(argv[3]));
  if (std::string(argv[1]) == "train") {
    using loss = tg::sparse_categorical_crossentropy<tg::from_logits>;
    using recipe = tg::training_detail::loss_recipe<true, model, loss>;
    time_steps<tg::program<recipe>, model>(batch, threads, rounds);
  } else {
    using recipe = tg::inference_detail::prediction_recipe<model>;
    time_steps<tg::program<recipe>, model>(batch, threads, rounds);
  }
}
