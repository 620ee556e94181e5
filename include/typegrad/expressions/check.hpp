// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/diagnosis.hpp>

// The sentence about a wrong expression, in the compiler's first lines. expressions.hpp includes
// this header first, so that few lines of "In file included from" stand before it.

namespace typegrad::expressions {

/// `check<Source>()` compiles only if `Source::sentence()` is empty; otherwise it stands in the
/// compiler's output. A class, since of functions clang tells of candidates first.
template <class Source, auto Sentence = say<Source>()>
requires(correct(Sentence))
struct check {
  using sound = typename wrong_use<Sentence>::nothing;
};

}  // namespace typegrad::expressions
