// SPDX-License-Identifier: BSL-1.0
#include "cases.hpp"

namespace {

namespace tg = typegrad;
using gpu_bench::tiny;
using loss = tg::sparse_categorical_crossentropy<tg::from_logits>;

using mlp_128 = tg::sequential<tg::input<784>, tg::dense<128, tg::relu>, tg::dense<10>>;
using mlp_512_256 = tg::sequential<tg::input<784>, tg::dense<512, tg::relu>,
                                   tg::dense<256, tg::relu>, tg::dense<10>>;

template <class Model, class Where>
auto case_of(std::int64_t batch) {
  return [batch]() -> std::unique_ptr<gpu_bench::work> {
    return std::make_unique<gpu_bench::training<Model, Where, loss>>(tiny ? 4 : batch, 10);
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
}
