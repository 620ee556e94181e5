// SPDX-License-Identifier: BSL-1.0
#include "networks.hpp"
#include "typegrad_cases.hpp"
#include "typegrad_side.hpp"

void compare::add_lenet5() {
  using networks::lenet5;
  for (std::size_t batch : {32, 128}) add_training<lenet5>("lenet5", batch);
  for (std::size_t batch : {1, 32, 128}) add_inference<lenet5>("lenet5", batch);
  add_writer<lenet5>("lenet5", 32);
}
