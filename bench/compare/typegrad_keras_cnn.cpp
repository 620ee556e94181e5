// SPDX-License-Identifier: BSL-1.0
#include "networks.hpp"
#include "typegrad_cases.hpp"
#include "typegrad_side.hpp"

void compare::add_keras_cnn() {
  using networks::keras_cnn;
  for (std::size_t batch : {32, 128}) add_training<keras_cnn>("keras_cnn", batch);
  for (std::size_t batch : {1, 32, 128}) add_inference<keras_cnn>("keras_cnn", batch);
  add_writer<keras_cnn>("keras_cnn", 32);
}
