// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

// What a kernel is made from: a step, its instructions and its stores, as a type.

namespace typegrad {

/// A step of a program. Two programs' kernels are two even where they compute alike.
template <class Program, int Step>
struct step_source {
  static constexpr auto const& info = Program::data.steps[static_cast<std::size_t>(Step)];
  static constexpr instruction const& instruction_at(int i) {
    return Program::data.instructions[static_cast<std::size_t>(info.first_instruction + i)];
  }
  static constexpr store const& store_at(int i) {
    return Program::data.stores[static_cast<std::size_t>(info.first_store + i)];
  }
};

/// A step by its contents alone.
template <int Instructions, int Stores>
struct step_contents {
  step_info info;
  std::array<instruction, static_cast<std::size_t>(Instructions)> instructions;
  std::array<store, static_cast<std::size_t>(Stores)> stores;
};

template <class Program, int Step>
constexpr auto contents_of() {
  using source = step_source<Program, Step>;
  step_contents<source::info.instruction_count, source::info.store_count> out{};
  out.info = source::info;
  out.info.first_instruction = out.info.first_store = 0;  // where it stands does not matter
  out.info.first_buffer = out.info.first_stream = out.info.signature = out.info.chain = 0;
  for (std::size_t i = 0; i < out.instructions.size(); ++i)
    out.instructions[i] = source::instruction_at(static_cast<int>(i));
  for (std::size_t i = 0; i < out.stores.size(); ++i)
    out.stores[i] = source::store_at(static_cast<int>(i));
  return out;
}

/// A step whose kernel serves all programs that have one of the same contents: training, evaluation
/// and prediction of a model share their matrix products, which are what takes long to compile.
template <auto Contents>
struct shared_source {
  static constexpr auto const& info = Contents.info;
  static constexpr instruction const& instruction_at(int i) {
    return Contents.instructions[static_cast<std::size_t>(i)];
  }
  static constexpr store const& store_at(int i) {
    return Contents.stores[static_cast<std::size_t>(i)];
  }
};

namespace detail {

/// Counts, writes or reads words of 32 bits' worth and more; a double is two of them, none
/// negative.
struct step_words {
  std::int64_t* at = nullptr;
  std::int64_t const* from = nullptr;
  int count = 0;

  template <class T>
  constexpr void operator()(T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(value));
      std::int64_t high = static_cast<std::int64_t>(bits >> 32);
      std::int64_t low = static_cast<std::int64_t>(bits & 0xffffffffU);
      word(high);
      word(low);
      bits = static_cast<std::uint64_t>(high) << 32 | static_cast<std::uint64_t>(low);
      value = static_cast<T>(std::bit_cast<double>(bits));
    } else {
      std::int64_t number = static_cast<std::int64_t>(value);
      word(number);
      value = static_cast<T>(number);
    }
  }

 private:
  constexpr void word(std::int64_t& value) {
    if (from != nullptr) value = from[count];
    if (at != nullptr) at[count] = value;
    ++count;
  }
};

template <int Instructions, int Stores>
constexpr void visit(step_words& w, step_contents<Instructions, Stores>& c) {
  visit(w, c.info);
  for (instruction& x : c.instructions) visit(w, x);
  for (store& x : c.stores) visit(w, x);
}

/// What `Maker::make()` returns, as words.
template <class Maker>
struct as_words {
  static constexpr int count = [] {
    auto value = Maker::make();
    step_words w;
    visit(w, value);
    return w.count;
  }();
  static constexpr std::array<std::int64_t, static_cast<std::size_t>(count)> words = [] {
    auto value = Maker::make();
    std::array<std::int64_t, static_cast<std::size_t>(count)> out{};
    step_words w;
    w.at = out.data();
    visit(w, value);
    return out;
  }();
};

/// And back.
template <class T, std::int64_t... Words>
constexpr T from_words() {
  constexpr std::int64_t words[] = {Words...};
  T value{};
  step_words w;
  w.from = words;
  visit(w, value);
  return value;
}

template <class Program, int Step>
struct contents_maker {
  static constexpr auto make() { return contents_of<Program, Step>(); }
};

}  // namespace detail

/// A step whose type has nothing but whole numbers in it: nvcc spells a kernel's type out, and
/// numbers with a fraction (a model's dropout rate) with six digits only. Equal steps are one type,
/// whatever model they are of.
template <int Instructions, int Stores, std::int64_t... Words>
struct encoded_source {
  static constexpr step_contents<Instructions, Stores> contents =
      detail::from_words<step_contents<Instructions, Stores>, Words...>();
  static constexpr auto const& info = contents.info;
  static constexpr instruction const& instruction_at(int i) {
    return contents.instructions[static_cast<std::size_t>(i)];
  }
  static constexpr store const& store_at(int i) {
    return contents.stores[static_cast<std::size_t>(i)];
  }
};

namespace detail {

template <class Program, int Step, std::size_t... I>
constexpr auto encode_step(std::index_sequence<I...>) {
  using source = step_source<Program, Step>;
  return std::type_identity<encoded_source<source::info.instruction_count, source::info.store_count,
                                           as_words<contents_maker<Program, Step>>::words[I]...>>{};
}

}  // namespace detail

/// The type of a step's encoded source, as a std::type_identity: given from function to function as
/// an argument, since nvcc would spell an alias's own arguments out.
template <class Program, int Step>
constexpr auto encoded_step() {
  using words = detail::as_words<detail::contents_maker<Program, Step>>;
  return detail::encode_step<Program, Step>(
      std::make_index_sequence<static_cast<std::size_t>(words::count)>{});
}

}  // namespace typegrad
