// SPDX-License-Identifier: BSL-1.0
#include "cases.hpp"

namespace {

namespace tg = typegrad;
using gpu_bench::tiny;
using loss = tg::sparse_categorical_crossentropy<tg::from_logits>;

using mlp_128 = tg::sequential<tg::input<784>, tg::dense<128, tg::relu>, tg::dense<10>>;
using mlp_512_256 = tg::sequential<tg::input<784>, tg::dense<512, tg::relu>,
                                   tg::dense<256, tg::relu>, tg::dense<10>>;

// So small that all of its forward and backward pass is one kernel, where the batch is large.
using mlp_64 = tg::sequential<tg::input<64>, tg::dense<64, tg::relu>, tg::dense<64, tg::relu>,
                              tg::dense<64, tg::relu>, tg::dense<10>>;

/// `tiny_batch`: without a GPU.
template <class Model, class Where>
auto case_of(std::int64_t batch, std::int64_t tiny_batch = 4) {
  return [batch, tiny_batch]() -> std::unique_ptr<gpu_bench::work> {
    return std::make_unique<gpu_bench::training<Model, Where, loss>>(tiny ? tiny_batch : batch,
                                                                     10);
  };
}

}  // namespace

void gpu_bench::add_mlps(cases& to) {
  using float32 = tg::on<tg::thrust>;
  using tf32 = tg::on<tg::thrust, tg::tf32>;
  to["mlp_128_b32"] = case_of<mlp_128, float32>(32);
  to["mlp_128_b32_tf32"] = case_of<mlp_128, tf32>(32);
  to["mlp_512_256_b128"] = case_of<mlp_512_256, float32>(128);
  to["mlp_512_256_b128_tf32"] = case_of<mlp_512_256, tf32>(128);
  to["mlp_64_b16384"] = case_of<mlp_64, float32>(16384, 4096);
  to["mlp_64_b16384_tf32"] = case_of<mlp_64, tf32>(16384, 4096);
}
