// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/body.hpp>

// Elementwise loops: all positions of the domain by themselves. A unit of work is `width`
// neighbours along the innermost axis; of a random value it is one call of Philox, which gives four
// elements.

TYPEGRAD_ON_THRUST_BEGIN

template <class Source>
struct loop_kernel : step_body<Source> {
  using body = step_body<Source>;
  using typename body::arguments;
  using typename body::position;
  static constexpr auto const& info = body::info;
  static constexpr bool random = info.random;
  static constexpr int streams = info.stream_count;
  static constexpr int width = random ? 1 : body::choose_width();

  static constexpr std::int64_t units(std::int64_t batch_size) {
    std::int64_t const elements = body::template positions<0, body::rank>(batch_size);
    if (random) return (elements + 63) / 64 * 16;
    return elements / width;
  }

  TYPEGRAD_DEVICE static void unit(std::int64_t u, arguments const& a) {
    typename body::template cells<width> c;
    if constexpr (random) {
      std::int64_t const elements = body::template positions<0, 1>(a.run.samples);
      std::int64_t const first = u / 16 * 64 + u % 16;
      random_numbers numbers;
      // four elements are a call; within a chain the axis is the samples'
      std::int64_t const calls_before = body::extent_of(0) * a.run.first_sample / 4;
      draw(numbers, static_cast<std::uint64_t>(calls_before + u), a);
      TYPEGRAD_UNROLLED
      for (int word = 0; word < 4; ++word) {
        position p;
        p.along[0] = first + 16 * word;
        if (p.along[0] >= elements) return;
        take(c, numbers, word, typename body::indices{});
        body::compute_all(c, a, p);
        body::store_all(c, a, p);
      }
    } else {
      position p;
      body::template locate<0, body::rank>(u * width, p);
      body::compute_all(c, a, p);
      body::store_all(c, a, p);
    }
  }

 private:
  struct random_numbers {
    float of[body::arguments::stream_count][4];
  };
  TYPEGRAD_DEVICE static void draw(random_numbers& out, std::uint64_t call, arguments const& a) {
    for (int k = 0; k < streams; ++k) {
      auto const words = philox4x32_10(
          random_counter(a.run.state->step, static_cast<std::uint32_t>(a.streams[k]), call),
          random_key(a.run.state->seed, a.run.state->step));
      for (int word = 0; word < 4; ++word)
        out.of[k][word] = unit_float(words[static_cast<std::size_t>(word)]);
    }
  }
  template <std::size_t... I>
  TYPEGRAD_DEVICE static void take(typename body::template cells<width>& c,
                                   random_numbers const& numbers, int word,
                                   std::index_sequence<I...>) {
    (take_one<static_cast<int>(I)>(c, numbers, word), ...);
  }
  template <int I>
  TYPEGRAD_DEVICE static void take_one(typename body::template cells<width>& c,
                                       random_numbers const& numbers, int word) {
    if constexpr (body::at(I).code == op::random_uniform)
      body::template get<I, width>(c).at[0] = numbers.of[body::at(I).slot][word];
  }
};

TYPEGRAD_ON_THRUST_END
