// SPDX-License-Identifier: BSL-1.0
// LeNet-5, as in examples/lenet.cpp.
#include "use.hpp"

using net =
    tg::sequential<tg::input<28, 28, 1>, tg::conv2d<6, 5, tg::same, tg::tanh>,
                   tg::average_pooling2d<2>, tg::conv2d<16, 5, tg::tanh>, tg::average_pooling2d<2>,
                   tg::flatten, tg::dense<120, tg::tanh>, tg::dense<84, tg::tanh>, tg::dense<10>>;

#ifdef TYPEGRAD_BENCH_APART  // its kernels are compiled in another file: docs/compile_time.md
extern template class tg::predictor<net, machine>;
extern template class tg::compiled_model<
    net, machine, tg::adam, tg::sparse_categorical_crossentropy<tg::from_logits>, tg::accuracy>;
#endif

int main() {
  xt::xtensor<float, 4> const x = xt::random::randn<float>({64, 28, 28, 1});
  return use<net>(x);
}
