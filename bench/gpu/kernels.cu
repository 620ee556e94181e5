// SPDX-License-Identifier: BSL-1.0
#include "cases.hpp"

namespace {

namespace tg = typegrad;
using gpu_bench::tiny;

constexpr tg::symbol chain(tg::graph& g, tg::list<int>& in) {
  tg::symbol const x = tg::build::input(g, "x", {1024});
  tg::symbol const a = tg::build::input(g, "a", {1024});
  tg::symbol const b = tg::build::input(g, "b", {1024});
  for (tg::symbol const s : {x, a, b}) in.push_back(s.id());
  return tg::tanh(x * a + b) * tg::sigmoid(x);
}

struct chain_forward {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::list<int> in;
    g.outputs.push_back(chain(g, in).id());
    return g;
  }
};
struct chain_gradient {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::list<int> in;
    tg::symbol const y = chain(g, in);
    for (int const id : tg::differentiate(g, tg::batch_sum(tg::sum(y)), in))
      g.outputs.push_back(id);
    return g;
  }
};
struct softmax {
  static constexpr tg::graph build() {
    tg::graph g;
    g.outputs.push_back(tg::softmax(tg::build::input(g, "x", {1000})).id());
    return g;
  }
};
struct layer_norm {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", {1024});
    tg::weights add{g};
    tg::symbol const gamma = add("gamma", {1024}, tg::ones{});
    tg::symbol const beta = add("beta", {1024}, tg::zeros{});
    tg::symbol const centred = x - tg::mean(x, {-1}, true);
    tg::symbol const variance = tg::mean(tg::square(centred), {-1}, true);
    g.outputs.push_back((centred * rsqrt(variance + 1e-5f) * gamma + beta).id());
    return g;
  }
};

/// Device memory to device memory.
class copying : public gpu_bench::work {
 public:
  void start(int times) override {
    for (int i = 0; i < times; ++i) q_.copy(to_.as<>(), from_.as<>(), bytes);
  }
  tg::on_thrust::queue& queue() override { return q_; }

 private:
  static constexpr std::int64_t bytes = tiny ? 1 << 12 : std::int64_t{2} << 30;
  tg::on_thrust::queue q_;
  tg::on_thrust::device_memory from_{bytes, "a benchmark"}, to_{bytes, "a benchmark"};
};

/// A step of Adam.
class adam : public gpu_bench::work {
 public:
  adam() {
    using namespace tg::on_thrust;
    tg::adam const optimizer;
    step_header h;
    h.number = 1;
    optimizer_entry_of<tg::adam>.prepare(&optimizer, h);
    q_.copy(header_.as<>(), &h, sizeof(h));
    q_.finish();
    update_.weights = arrays_.as<float>();
    update_.gradients = arrays_.as<float>() + count;
    update_.slots = {arrays_.as<float>() + 2 * count, arrays_.as<float>() + 3 * count, nullptr};
    update_.control = control_.as<training_control>();
    update_.header = header_.as<step_header>();
    update_.variables = update_.merged = &all_;
  }
  void start(int times) override {
    tg::adam const optimizer;
    for (int i = 0; i < times; ++i)
      tg::on_thrust::optimizer_entry_of<tg::adam>.update(&optimizer, q_, update_);
  }
  tg::on_thrust::queue& queue() override { return q_; }

 private:
  static constexpr std::int64_t count = tiny ? 1024 : 100'000'000;
  tg::on_thrust::queue q_;
  tg::on_thrust::device_memory arrays_{4 * count * 4, "a benchmark"},
      control_{sizeof(tg::on_thrust::training_control), "a benchmark"}, header_{256, "a benchmark"};
  std::vector<tg::training_detail::segment> all_{{0, count}};
  tg::on_thrust::device_update update_;
};

constexpr std::int64_t wide = tiny ? 64 : 4096;

/// Two wide layers with weights of bfloat16, relu between.
struct gemm_mlp {
  static constexpr tg::graph build() {
    tg::graph g;
    tg::symbol const x = tg::build::input(g, "x", {wide}, tg::dtype::bfloat16);
    auto const layer = [&](tg::symbol in, char const* kernel, char const* bias) {
      tg::symbol const k = tg::build::input(g, kernel, {wide, wide}, tg::dtype::bfloat16, false);
      tg::symbol const b = tg::build::input(g, bias, {wide}, tg::dtype::bfloat16, false);
      return matmul(in, k) + b;
    };
    g.outputs.push_back(layer(tg::relu(layer(x, "kernel", "bias")), "kernel_1", "bias_1").id());
    return g;
  }
};

using wide_net = tg::sequential<tg::input<wide>, tg::dense<wide, tg::relu>, tg::dense<wide>>;

template <class Recipe>
auto alone(std::int64_t batch) {
  return [batch]() -> std::unique_ptr<gpu_bench::work> {
    return std::make_unique<gpu_bench::standalone<Recipe>>(tiny ? 2 : batch);
  };
}
template <class Work>
auto own() {
  return []() -> std::unique_ptr<gpu_bench::work> { return std::make_unique<Work>(); };
}

}  // namespace

void gpu_bench::add_kernels(cases& to) {
  to["chain_forward"] = alone<chain_forward>(1 << 16);
  to["chain_gradient"] = alone<chain_gradient>(1 << 16);
  to["softmax"] = alone<softmax>(16384);
  to["layer_norm"] = alone<layer_norm>(16384);
  to["adam_100m"] = own<adam>();
  to["copy"] = own<copying>();
  to["gemm_mlp_bf16"] = alone<gemm_mlp>(4096);
  to["gemm_mlp_bf16_train"] = []() -> std::unique_ptr<gpu_bench::work> {
    return std::make_unique<
        gpu_bench::training<wide_net, tg::on<tg::thrust, tg::mixed_bfloat16>,
                            tg::sparse_categorical_crossentropy<tg::from_logits>>>(tiny ? 2 : 4096,
                                                                                   wide);
  };
}
