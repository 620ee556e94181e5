// SPDX-License-Identifier: BSL-1.0
// A transformer of TYPEGRAD_BENCH_LAYERS blocks (pre-norm, 4 heads, width 64) reads 32 words of
// 1,000 and tells one of 10 classes.
#include "use.hpp"

#include <array>

constexpr int words = 1000, length = 32, width = 64, heads = 4, head_width = width / heads;

struct attention : tg::layer<attention> {
  tg::dense<width> query, key, value, together;
  constexpr tg::symbol call(tg::symbol x) {
    tg::symbol const q = reshape(query(x), {length, heads, head_width});
    tg::symbol const k = reshape(key(x), {length, heads, head_width});
    tg::symbol const v = reshape(value(x), {length, heads, head_width});
    tg::symbol const scores = tg::einsum("qhd,khd->hqk", q, k) * 0.25f;  // 1 / sqrt(head_width)
    tg::symbol const read = tg::einsum("hqk,khd->qhd", tg::softmax(scores), v);
    return together(reshape(read, {length, width}));
  }
};

struct block : tg::layer<block> {
  tg::layer_normalization<> before_attention, before_dense;
  attention attend;
  tg::dense<4 * width, tg::gelu> widen;
  tg::dense<width> narrow;
  constexpr tg::symbol call(tg::symbol x) {
    x = x + attend(before_attention(x));
    return x + narrow(widen(before_dense(x)));
  }
};

template <int Layers>
struct transformer : tg::layer<transformer<Layers>> {
  tg::embedding<words, width> word;
  std::array<block, Layers> blocks;
  tg::layer_normalization<> last;
  tg::dense<10> classify;
  constexpr tg::symbol call(tg::symbol x) {
    x = word(x);
    for (auto& each : blocks) x = each(x);
    return classify(tg::mean(last(x), {0}));
  }
};

using net = tg::sequential<tg::input<tg::dtype::int32, length>, transformer<TYPEGRAD_BENCH_LAYERS>>;

int main() {
  xt::xtensor<std::int32_t, 2> const x = xt::zeros<std::int32_t>({64, length});
  return use<net>(x);
}
