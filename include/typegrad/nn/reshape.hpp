// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/config.hpp>
#include <typegrad/nn/layer.hpp>
#include <typegrad/ops/movement.hpp>

namespace typegrad {

/// All axes as one: extents 28x28 become 784.
struct flatten : layer<flatten> {
  constexpr symbol call(symbol x) const { return build::reshape(x, {x.shape().count()}); }

  static void keras_config(config_writer& w) { w.layer("Flatten"); }
};

namespace detail {

/// `wanted`, with what remains of `count` in place of one -1.
constexpr extents completed(extents wanted, std::int64_t count) {
  std::int64_t known = 1;
  for (std::int64_t const n : wanted)
    if (n != -1) known *= n;
  for (int i = 0; i < wanted.rank; ++i)
    if (wanted[i] == -1 && known > 0 && count % known == 0) wanted[i] = count / known;
  return wanted;
}

}  // namespace detail

/// The same elements in the same order under other extents; one of Dims may be -1: what remains.
template <std::int64_t... Dims>
struct reshape : layer<reshape<Dims...>> {
  constexpr symbol call(symbol x) {
    extents const wanted{Dims...};
    extents const from = x.shape();
    constexpr int rank = static_cast<int>(sizeof...(Dims));
    if (rank > max_rank)
      return poison(x.owner(), sentence("needs at most ", max_rank, " axes, got ", rank));
    int open = 0;
    for (std::int64_t const n : wanted) {
      if (n == -1) ++open;
      if (n == 0 || n < -1 || open > 1)
        return poison(x.owner(), sentence("needs positive extents, of which one may be -1, got ",
                                          to_text(wanted)));
    }
    extents const to = detail::completed(wanted, from.count());
    if (to.count() != from.count())
      return poison(x.owner(), sentence(from.count(), " elements cannot become ", to_text(wanted)));
    return build::reshape(x, to);
  }

  static void keras_config(config_writer& w) {
    constexpr std::int64_t dims[] = {Dims..., 0};
    w.layer("Reshape");
    w.integers("target_shape", dims, sizeof...(Dims));
  }
};

}  // namespace typegrad
