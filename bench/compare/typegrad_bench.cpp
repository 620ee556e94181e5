// SPDX-License-Identifier: BSL-1.0
// Typegrad's side of the comparison. The cases that compare.py asks for:
//   train_mlp_784_128_10_b32, train_mlp_784_512_256_10_b128
//                                  one SGD step (learning rate 0.01), sparse categorical
//                                  crossentropy from logits
//   infer_mlp_784_128_10_b1, _b256, infer_mlp_784_512_256_10_b1, _b256     logits into an array
//   chain_forward_1m               tanh(x*a+b)*sigmoid(x) over 1,048,576 floats
//   chain_gradient_1m              its value and its gradients for x, a and b, cotangent 1
//   softmax_1024x1000, layer_norm_1024x512 (epsilon 1e-5)                  forward
//   adam_10m                       one Adam step over 10,000,000 parameters, gradients given
#include "harness.hpp"

int main(int argc, char** argv) { return compare::run(argc, argv); }
