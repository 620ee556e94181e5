// SPDX-License-Identifier: BSL-1.0
// However many equal blocks a network has, a step of training has the same kernels.
#include <typegrad/compiler/program.hpp>
#include <typegrad/inference/recipes.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training/recipes.hpp>

#include <array>

namespace {

using namespace typegrad;

/// The steps of Recipe's program that have a kernel of their own.
template <class Recipe>
constexpr int kernels() {
  auto const& steps = program<Recipe>::data.steps;
  int count = 0;
  for (std::size_t i = 0; i < steps.size(); ++i)
    count += steps[i].signature == static_cast<int>(i) ? 1 : 0;
  return count;
}
template <class Net>
using predicting = inference_detail::prediction_recipe<Net>;
template <class Net>
using training =
    training_detail::loss_recipe<true, Net, sparse_categorical_crossentropy<from_logits>, accuracy>;

template <class Block, int Count>
struct stacked : layer<stacked<Block, Count>> {
  std::array<Block, Count> blocks;
  constexpr symbol call(symbol x) {
    for (auto& block : blocks) x = block(x);
    return x;
  }
};

template <int Blocks>
using perceptron = sequential<input<16>, stacked<dense<16, relu>, Blocks>, dense<4>>;

struct residual_block : layer<residual_block> {
  conv2d<8, 3, same, no_bias> first, second;
  batch_normalization<> normalize_first, normalize_second;
  constexpr symbol call(symbol x) {
    symbol const y = relu(normalize_first(first(x)));
    return relu(x + normalize_second(second(y)));
  }
};
template <int Blocks>
using residual = sequential<input<6, 6, 8>, stacked<residual_block, Blocks>,
                            global_average_pooling2d<>, dense<4>>;

struct attention_block : layer<attention_block> {
  layer_normalization<> before_attention, before_dense;
  dense<8> query, key, value, narrow;
  dense<16, gelu> widen;
  constexpr symbol call(symbol x) {
    symbol const y = before_attention(x);
    symbol const scores = einsum("qd,kd->qk", query(y), key(y)) * 0.35f;
    x = x + matmul(softmax(scores), value(y));
    return x + narrow(widen(before_dense(x)));
  }
};
template <int Blocks>
using transformer = sequential<input<5, 8>, stacked<attention_block, Blocks>, flatten, dense<4>>;

static_assert(kernels<predicting<perceptron<10>>>() == kernels<predicting<perceptron<3>>>());
static_assert(kernels<training<perceptron<10>>>() == kernels<training<perceptron<3>>>());
static_assert(kernels<training<residual<6>>>() == kernels<training<residual<3>>>());
static_assert(kernels<training<transformer<6>>>() == kernels<training<transformer<3>>>());

// what a block needs, and what is around it
static_assert(kernels<predicting<perceptron<10>>>() == 2);

}  // namespace
