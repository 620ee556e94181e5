// SPDX-License-Identifier: BSL-1.0
// A model in a translation unit of its own: who includes this uses it, and net.cpp compiles it.
#pragma once

#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using classifier =
    tg::sequential<tg::input<8, 8>, tg::flatten, tg::dense<32, tg::relu>, tg::dense<10>>;

// The model as it is used, and as compile<classifier>(adam, crossentropy, accuracy) returns it.
extern template class tg::predictor<classifier>;
extern template class tg::compiled_model<classifier, tg::on<tg::cpu>, tg::adam,
                                         tg::sparse_categorical_crossentropy<tg::from_logits>,
                                         tg::accuracy>;
