// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace typegrad {

/// A number of samples that the compiler knows: `arena_bytes<net, batch<1>>`, and a model that
/// never sees more at a time: `rebind<net, batch<32>>`.
template <std::int64_t Samples>
struct batch {
  static constexpr std::int64_t size = Samples;
};

namespace detail {

template <class Model>
constexpr std::int64_t batch_of() {
  if constexpr (requires { Model::most_samples; })
    return Model::most_samples;
  else
    return 0;
}

}  // namespace detail

/// The most samples that a model sees at a time, if its type says so; otherwise 0.
template <class Model>
inline constexpr std::int64_t static_batch = detail::batch_of<Model>();

}  // namespace typegrad
