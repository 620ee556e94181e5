// SPDX-License-Identifier: BSL-1.0
// expect: value_and_gradient: the objective must be a number a sample, got extents 2; take its mean or sum
// clang: 13
// within: 6
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<3>, tg::dense<2>>;
tg::predictor<net> model;
auto loss = tg::value_and_gradient(model, [](tg::symbol y, tg::symbol target) { return y - target; });
