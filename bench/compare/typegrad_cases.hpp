// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace compare {

// Cases of typegrad's program that are compiled in files of their own, to save time.
void add_lenet5();
void add_keras_cnn();
void add_resnet18();

}  // namespace compare
