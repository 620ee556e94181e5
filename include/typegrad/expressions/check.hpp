// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/diagnosis.hpp>

// The sentence about a wrong expression, in the compiler's first lines. expressions.hpp includes
// this header first, so that few lines of "In file included from" stand before it.

namespace typegrad::expressions {

/// Compiles only if `Source::sentence()` is empty; otherwise it stands in the compiler's output.
template <class Source, auto Sentence = say<Source>()>
requires(correct(Sentence))
constexpr void check() {
  using sound [[maybe_unused]] = typename wrong_model<Sentence>::nothing;
}

}  // namespace typegrad::expressions
