// SPDX-License-Identifier: BSL-1.0
#include "networks.hpp"
#include "typegrad_cases.hpp"
#include "typegrad_side.hpp"

void compare::add_resnet18() {
  using networks::resnet18;
  add_training<resnet18>("resnet18", 32);
  add_inference<resnet18>("resnet18", 32);
  add_writer<resnet18>("resnet18", 8);
}
