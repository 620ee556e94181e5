// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/text.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

// How a sentence that was made during constant evaluation gets into the compiler's output, word for
// word, as one short error. The sentence becomes a template argument (of exactly its length, so
// that it prints as a string). clang shows it in full only where it explains an unsatisfied
// constraint; g++ in the name of a type that lacks a member. So a template that a user names takes
// the sentence by default, and asks for both:
//   template <class M, auto Sentence = diagnosis_of<M>>
//     requires(correct(Sentence))
//   class user {
//     using sound = typename wrong_use<Sentence>::nothing;
// It goes on with an empty model after that, so that there is no second error. nvcc reads a program
// twice: its own front end would spell the sentence letter by letter, so there nothing is wrong,
// and the host's compiler, which comes behind it, tells. But the front end evaluates constants and
// does not hand them on: they have `wrong_model`, and are spelled.

namespace typegrad {

/// A sentence as a template argument. Empty (N is 1): nothing is wrong.
template <std::size_t N>
struct said {
  char sentence[N] = {};
};

namespace detail {

#ifdef __NVCC__
// What the two can be told apart by: nvcc's front end calls said<1> said<1UL>.
template <class T>
constexpr bool has_long_name() {
  return std::string_view(__PRETTY_FUNCTION__).find("UL") != std::string_view::npos;
}
constexpr bool is_front_end_of_nvcc = has_long_name<said<1>>();
#else
constexpr bool is_front_end_of_nvcc = false;
#endif

/// Whether this compiler says what is wrong. Of its own limits nvcc's front end tells by itself:
/// the host's compiler may find nothing wrong.
template <std::size_t N>
constexpr bool is_told_here(said<N> const& s) {
  return !is_front_end_of_nvcc ||
         std::string_view(s.sentence, N - 1).find("-Xcudafe") != std::string_view::npos;
}

}  // namespace detail

#ifdef __clang__
/// Whether there is nothing to say; clang says the rest.
template <std::size_t N>
constexpr bool correct(said<N> const& s) {
  return N == 1 || !detail::is_told_here(s);
}
#else
template <std::size_t N>
constexpr bool correct(said<N> const&) {
  return true;  // the type without members will tell
}
#endif

/// Has the member `nothing` only if nothing is wrong.
template <auto Sentence>
struct wrong_model {};
template <>
struct wrong_model<said<1>{}> {
  using nothing = void;
};

/// The same for objects and functions of a program that runs.
template <auto Sentence>
struct wrong_use : std::conditional_t<detail::is_told_here(Sentence), wrong_model<Sentence>,
                                      wrong_model<said<1>{}>> {};

/// The type of a constant, T, if nothing is wrong.
template <class T, auto Sentence>
using constant_of =
    std::conditional_t<std::is_void_v<typename wrong_model<Sentence>::nothing>, T, void>;

/// void if nothing is wrong: for the body of a function whose overloads would be called, or told
/// of, instead of it if it had the constraint itself.
template <auto Sentence>
requires(correct(Sentence))
using nothing_wrong = typename wrong_use<Sentence>::nothing;

/// Never true: for a `static_assert` with a sentence that is always the same, in a function that
/// is there to be called wrongly: `static_assert(is_right<sizeof(X)>, "...")`. Of the wrong type
/// only the size is told, which is shorter than its name.
template <std::size_t>
inline constexpr bool is_right = false;

/// `Source::sentence()`, a text made during constant evaluation, as a template argument.
template <class Source>
constexpr auto say() {
  constexpr auto t = Source::sentence();
  said<t.length + 1> s;
  // with the zero at the end: clang shows an array as a string only if it was written
  for (std::size_t i = 0; i <= t.length; ++i) s.sentence[i] = t.characters[i];
  return s;
}

}  // namespace typegrad
