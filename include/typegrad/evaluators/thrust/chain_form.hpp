// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/plan.hpp>
#include <typegrad/compiler/source.hpp>
#include <typegrad/evaluators/thrust/system.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

// How a chain (compiler/chains.hpp) is run by a block, which has a tile of samples at a time: what
// it keeps in its own memory, and where.

TYPEGRAD_ON_THRUST_BEGIN

/// What a block's products need, at the beginning of its memory: two stages of operands, or the
/// sums of a tile (chain_kernel checks it).
constexpr std::int64_t chain_workspace(int rows) {  // on host systems too: forms are the same
  return (rows >= 64 ? 32 : 22) * 1024;
}
/// What a block may take so that a processor has room for two, or for one.
inline constexpr std::int64_t chain_memory_of_two = 100 * 1024, chain_memory = 160 * 1024;

/// The value of a step's slot, for a block.
struct chain_slot {
  std::int64_t bytes = 0;  ///< of a sample, or of what is the same for all
  bool per_sample = false;
  std::int64_t near = -1;  ///< where it is in the block's memory; -1: it is in the device's alone
  bool held = false;       ///< it is brought there once, before the first tile
  bool copied = false;     ///< the step writes it, and it is needed after the chain
};

template <int Steps, int Slots>
struct chain_form {
  int rows = 0;            ///< samples of a tile; 0 if the block's memory is too small
  std::int64_t bytes = 0;  ///< of the block's memory
  int first_slot[Steps + 1] = {};
  int first_stream[Steps + 1] = {};
  chain_slot slots[Slots > 0 ? Slots : 1] = {};  ///< of all steps, one after the other
};

template <class Words, int Steps, int Slots>
constexpr void visit(Words& w, chain_form<Steps, Slots>& f) {
  w(f.rows);
  w(f.bytes);
  for (int& x : f.first_slot) w(x);
  for (int& x : f.first_stream) w(x);
  for (chain_slot& s : f.slots) {
    w(s.bytes);
    w(s.per_sample);
    w(s.near);
    w(s.held);
    w(s.copied);
  }
}

/// The form of the chain that begins with step First of a program.
template <class Program, int First>
struct chain_former {
  static constexpr auto const& data = Program::data;
  static constexpr int steps = data.steps[static_cast<std::size_t>(First)].chain;
  static constexpr step_info const& step_at(int i) {
    return data.steps[static_cast<std::size_t>(First + i)];
  }
  static constexpr int first_slot = step_at(0).first_buffer;
  static constexpr int slots =
      step_at(steps - 1).first_buffer + step_at(steps - 1).buffer_count - first_slot;
  using form_type = chain_form<steps, slots>;

  /// The best form that fits: so that a processor has room for two blocks, else for one.
  static constexpr form_type best() {
    struct wish {
      int rows;
      bool weights;
      std::int64_t most;
    };
    constexpr std::int64_t half = chain_memory_of_two, whole = chain_memory;
    form_type f;
    for (wish const& w : {wish{64, true, half}, wish{32, true, half}, wish{64, true, whole},
                          wish{32, true, whole}, wish{64, false, half}, wish{32, false, half},
                          wish{32, false, whole}, wish{16, false, whole}}) {
      f = of(w.rows, w.weights);
      if (f.bytes <= w.most) return f;
    }
    f.rows = 0;
    return f;
  }
  static constexpr form_type form = best();
  static constexpr form_type make() { return form; }

 private:
  /// With so many samples a tile, and the weights in the block's memory or not.
  static constexpr form_type of(int rows, bool weights) {
    int const buffers = Program::sizes.buffers;
    list<int> writer(buffers, -1), last_reader(buffers, -1);  // steps of the chain
    for (int i = 0; i < steps; ++i)
      each_slot(i, [&](int at, int slot) {
        (writes_slot(data.stores.data(), step_at(i), slot) ? writer : last_reader)[buffer_at(at)] =
            i;
      });
    list<bool> outlives(buffers, false);
    for (int b = 0; b < buffers; ++b) outlives[b] = buffer_of(b).where == buffer::place::output;
    for (int s = 0; s < Program::step_count; ++s) {
      step_info const& info = data.steps[static_cast<std::size_t>(s)];
      for (int i = 0; i < info.buffer_count && (s < First || s >= First + steps); ++i)
        outlives[data.slots[static_cast<std::size_t>(info.first_buffer + i)]] = true;
    }
    form_type f;
    f.rows = rows;
    typegrad::detail::address_space memory;
    memory.take(chain_workspace(rows));
    auto const bytes = [&](int b) {
      buffer const& x = buffer_of(b);
      return (x.elements * bytes_of(x.type) * (x.per_sample ? rows : 1) + 15) / 16 * 16;
    };
    list<std::int64_t> near(buffers, -1);
    for (int at = 0; at < slots; ++at) {  // first of all, since weights are there all the time
      int const b = buffer_at(at);
      f.slots[at].held = weights && !buffer_of(b).per_sample && near[b] < 0;
      if (f.slots[at].held) near[b] = memory.take(bytes(b));
    }
    for (int i = 0; i < steps; ++i) {
      f.first_slot[i] = step_at(i).first_buffer - first_slot;
      f.first_stream[i] = step_at(i).first_stream - step_at(0).first_stream;
      each_slot(i, [&](int at, int) {
        int const b = buffer_at(at);
        buffer const& x = buffer_of(b);
        chain_slot& s = f.slots[at];
        if (writer[b] == i && last_reader[b] > i) near[b] = memory.take(bytes(b));
        s.bytes = x.elements * bytes_of(x.type);
        s.per_sample = x.per_sample;
        s.near = near[b];
        s.copied = s.near >= 0 && writer[b] == i && outlives[b];
      });
      each_slot(i, [&](int at, int) {
        int const b = buffer_at(at);
        if (near[b] >= 0 && writer[b] >= 0 && last_reader[b] == i)
          memory.give_back(near[b], bytes(b));
      });
    }
    f.first_slot[steps] = slots;
    f.first_stream[steps] = f.first_stream[steps - 1] + step_at(steps - 1).stream_count;
    f.bytes = memory.end();
    return f;
  }
  static constexpr int buffer_at(int at) {
    return data.slots[static_cast<std::size_t>(first_slot + at)];
  }
  static constexpr buffer const& buffer_of(int b) {
    return data.buffers[static_cast<std::size_t>(b)];
  }
  template <class F>
  static constexpr void each_slot(int step, F const& f) {
    step_info const& s = step_at(step);
    for (int i = 0; i < s.buffer_count; ++i) f(s.first_buffer - first_slot + i, i);
  }
};

/// A form as a type of whole numbers, as `encoded_source` is one of a step.
template <int Steps, int Slots, std::int64_t... Words>
struct encoded_form {
  static constexpr chain_form<Steps, Slots> form =
      typegrad::detail::from_words<chain_form<Steps, Slots>, Words...>();
  // functions, since device code does not read a host's constants
  static constexpr chain_slot slot(int i) { return form.slots[i]; }
  static constexpr int first_slot(int step) { return form.first_slot[step]; }
  static constexpr int first_stream(int step) { return form.first_stream[step]; }
  /// Whether weights are held.
  static constexpr bool holds() {
    for (chain_slot const& s : form.slots)
      if (s.held) return true;
    return false;
  }
};

namespace detail {

template <class Former, std::size_t... I>
constexpr auto encode_form(std::index_sequence<I...>) {
  return std::type_identity<encoded_form<Former::steps, Former::slots,
                                         typegrad::detail::as_words<Former>::words[I]...>>{};
}

}  // namespace detail

/// The type of a chain's encoded form, as a std::type_identity (see `encoded_step`).
template <class Program, int First>
constexpr auto form_of_chain() {
  using former = chain_former<Program, First>;
  return detail::encode_form<former>(std::make_index_sequence<static_cast<std::size_t>(
                                         typegrad::detail::as_words<former>::count)>{});
}

TYPEGRAD_ON_THRUST_END
