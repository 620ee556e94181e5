// SPDX-License-Identifier: BSL-1.0
#include "cases.hpp"

namespace {

namespace tg = typegrad;
using gpu_bench::tiny;
using loss = tg::sparse_categorical_crossentropy<tg::from_logits>;

// The convolutional network of Keras's tutorial on MNIST.
using keras_cnn =
    tg::sequential<tg::input<28, 28, 1>, tg::conv2d<32, 3, tg::relu>, tg::conv2d<64, 3, tg::relu>,
                   tg::max_pooling2d<2>, tg::dropout<0.25f>, tg::flatten, tg::dense<128, tg::relu>,
                   tg::dropout<0.5f>, tg::dense<10>>;

template <class Where>
auto case_of(std::int64_t batch) {
  return [batch]() -> std::unique_ptr<gpu_bench::work> {
    return std::make_unique<gpu_bench::training<keras_cnn, Where, loss>>(tiny ? 2 : batch, 10);
  };
}

}  // namespace

void gpu_bench::add_cnn(cases& to) {
  to["keras_cnn_b128"] = case_of<tg::on<tg::thrust>>(128);
  to["keras_cnn_b128_tf32"] = case_of<tg::on<tg::thrust, tg::tf32>>(128);
}
