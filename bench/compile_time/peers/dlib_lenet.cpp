// SPDX-License-Identifier: BSL-1.0
// The network of ../lenet.cpp in dlib: trained and predicted with, or with
// TYPEGRAD_BENCH_INFERENCE only predicted with.
#include <dlib/dnn.h>

#include <cstdio>
#include <vector>

template <long Filters, int Padding, class Below>
using convolution =
    dlib::htan<dlib::add_layer<dlib::con_<Filters, 5, 5, 1, 1, Padding, Padding>, Below>>;
template <class Below>
using halve = dlib::avg_pool<2, 2, 2, 2, Below>;
template <unsigned long Units, class Below>
using dense = dlib::htan<dlib::fc<Units, Below>>;

using features =
    halve<convolution<16, 0, halve<convolution<6, 2, dlib::input<dlib::matrix<float>>>>>>;
using net = dlib::loss_multiclass_log<dlib::fc<10, dense<84, dense<120, features>>>>;

int main() {
  std::vector<dlib::matrix<float>> const x(64, dlib::zeros_matrix<float>(28, 28));
  net model;
#ifndef TYPEGRAD_BENCH_INFERENCE
  std::vector<unsigned long> const y(x.size(), 0);
  dlib::dnn_trainer<net, dlib::adam> trainer(model, dlib::adam(0, 0.9f, 0.999f));
  trainer.set_learning_rate(1e-3);
  trainer.set_mini_batch_size(32);
  trainer.set_max_num_epochs(1);
  trainer.train(x, y);
#endif
  std::vector<unsigned long> const classes = model(x);
  std::printf("%zu samples, the first is %lu, %zu weights\n", classes.size(), classes[0],
              dlib::count_parameters(model));
}
