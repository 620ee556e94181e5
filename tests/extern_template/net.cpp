// SPDX-License-Identifier: BSL-1.0
#include "net.hpp"

template class tg::predictor<classifier>;
template class tg::compiled_model<classifier, tg::on<tg::cpu>, tg::adam,
                                  tg::sparse_categorical_crossentropy<tg::from_logits>,
                                  tg::accuracy>;
