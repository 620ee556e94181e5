// SPDX-License-Identifier: BSL-1.0
// The network of ../lenet.cpp in tiny-dnn: trained and predicted with, or with
// TYPEGRAD_BENCH_INFERENCE only predicted with.
#include <tiny_dnn/tiny_dnn.h>

#include <cstdio>
#include <vector>

int main() {
  using namespace tiny_dnn;
  network<sequential> model;
  model << convolutional_layer(28, 28, 5, 1, 6, padding::same) << tanh_layer()
        << average_pooling_layer(28, 28, 6, 2) << convolutional_layer(14, 14, 5, 6, 16)
        << tanh_layer() << average_pooling_layer(10, 10, 16, 2)
        << fully_connected_layer(5 * 5 * 16, 120) << tanh_layer() << fully_connected_layer(120, 84)
        << tanh_layer() << fully_connected_layer(84, 10) << softmax_layer();
  std::vector<vec_t> const x(64, vec_t(28 * 28, 0.0F));
#ifndef TYPEGRAD_BENCH_INFERENCE
  std::vector<label_t> const y(x.size(), 0);
  adam optimizer;
  model.train<cross_entropy_multiclass>(optimizer, x, y, 32, 1);
#else
  model.init_weight();
#endif
  std::printf("the first is %d\n", static_cast<int>(model.predict_label(x[0])));
}
