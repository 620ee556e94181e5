// SPDX-License-Identifier: BSL-1.0
#include <typegrad/compiler/program.hpp>
#include <typegrad/graph/weights.hpp>

#include <catch2/catch_test_macros.hpp>

// Chains: which steps are gathered, and that their memory allows some samples to be ahead of
// others.

namespace {

using namespace typegrad;

constexpr symbol layer(weights& make, symbol x, std::int64_t units) {
  return maximum(matmul(x, make("kernel", {x.shape()[0], units}, initializer{})), 0);
}

// Between two layers of the chain, something that is summed up over the batch.
struct interrupted {
  static constexpr graph build() {
    graph g;
    weights make{g};
    symbol const a = layer(make, build::input(g, "x", {12}), 20);
    symbol const total = batch_sum(a);
    symbol const b = layer(make, a, 16);
    g.outputs.push_back(total.id());
    g.outputs.push_back(batch_sum(b).id());
    g.outputs.push_back(layer(make, b, 3).id());
    return g;
  }
};

// A value from before the chain is needed by its first step alone, and lies where a larger one of a
// later step would find room.
struct making_room {
  static constexpr graph build() {
    graph g;
    weights make{g};
    symbol const before = layer(make, layer(make, build::input(g, "x", {150}), 140), 20);
    symbol const a = layer(make, before, 20);
    symbol const b = layer(make, a, 128);
    g.outputs.push_back(batch_sum(b).id());
    g.outputs.push_back(layer(make, b, 3).id());
    return g;
  }
};

// One step that needs the sum over the batch of another.
struct with_a_mean {
  static constexpr graph build() {
    graph g;
    weights make{g};
    symbol const a = layer(make, layer(make, build::input(g, "x", {8}), 8), 8);
    symbol const centred = a - batch_mean(a);
    g.outputs.push_back(layer(make, layer(make, centred, 8), 8).id());
    return g;
  }
};

// A row longer than a chain's steps may read, and products in float64.
struct too_large {
  static constexpr graph build() {
    graph g;
    weights make{g};
    symbol const a = layer(make, layer(make, build::input(g, "x", {8}), 8), 8);
    symbol const long_row = build::input(g, "long_row", {2000});
    g.outputs.push_back(sum(square(long_row), {-1}).id());
    symbol const b = cast(a, dtype::float64);
    g.outputs.push_back(
        matmul(b, cast(make("double", {8, 8}, initializer{}), dtype::float64)).id());
    g.outputs.push_back(layer(make, a, 8).id());
    return g;
  }
};

template <class Recipe>
using chained = program<with_chains<Recipe>>;

template <class Program>
constexpr step_info const& step_of(int i) {
  return Program::data.steps[static_cast<std::size_t>(i)];
}

/// Whether, of what a chain's steps write and what they read from before it, nothing shares memory
/// but the same bytes of the same samples.
template <class Program>
constexpr bool apart(int first) {
  auto const touches = [](int step, bool writes, auto const& f) {
    step_info const& s = step_of<Program>(step);
    for (int i = 0; i < s.buffer_count; ++i) {
      buffer const& b = Program::data.buffers[static_cast<std::size_t>(
          Program::data.slots[static_cast<std::size_t>(s.first_buffer + i)])];
      if (writes_slot(Program::data.stores.data(), s, i) == writes &&
          b.where == buffer::place::arena && b.per_sample)
        f(b);
    }
  };
  bool out = true;
  int const end = first + step_of<Program>(first).chain;
  for (int w = first; w < end; ++w)
    touches(w, true, [&](buffer const& a) {
      for (int r = first; r < end; ++r)
        touches(r, false, [&](buffer const& b) {
          std::int64_t const a_bytes = a.elements * bytes_of(a.type);
          std::int64_t const b_bytes = b.elements * bytes_of(b.type);
          bool const same = a.offset == b.offset && a_bytes == b_bytes;
          bool const overlap = a.offset < b.offset + b_bytes && b.offset < a.offset + a_bytes;
          out = out && (same || !overlap);
        });
    });
  return out;
}

}  // namespace

TEST_CASE("chains: sums over the batch wait until they are done") {
  using given = program<interrupted>;
  STATIC_REQUIRE(step_of<given>(1).kind == step_kind::column);
  for (int i = 0; i < given::step_count; ++i) CHECK(step_of<given>(i).chain == 0);
  using gathered = chained<interrupted>;
  STATIC_REQUIRE(gathered::step_count == given::step_count);
  STATIC_REQUIRE(step_of<gathered>(0).chain == 3);
  STATIC_REQUIRE(step_of<gathered>(3).kind == step_kind::column);
  STATIC_REQUIRE(apart<gathered>(0));
}

TEST_CASE("chains: no step's result lies where another sample's operand does") {
  using gathered = chained<making_room>;
  STATIC_REQUIRE(step_of<gathered>(0).chain == 0);  // it sums up 150 products
  STATIC_REQUIRE(step_of<gathered>(1).chain == 0);  // and this one 140
  STATIC_REQUIRE(step_of<gathered>(2).chain == 3);
  STATIC_REQUIRE(apart<gathered>(2));
}

TEST_CASE("chains: one ends where the whole batch is needed") {
  using gathered = chained<with_a_mean>;
  STATIC_REQUIRE(step_of<gathered>(0).chain == 2);
  STATIC_REQUIRE(step_of<gathered>(2).kind == step_kind::column);
  bool another = false;
  for (int i = 3; i < gathered::step_count; ++i)
    another = another || step_of<gathered>(i).chain >= 2;
  CHECK(another);
}

TEST_CASE("chains: neither long rows nor products of float64") {
  using gathered = chained<too_large>;
  int chains = 0;
  for (int i = 0; i < gathered::step_count; ++i) {
    if (step_of<gathered>(i).chain == 0) continue;
    ++chains;
    for (int k = i; k < i + step_of<gathered>(i).chain; ++k) {
      step_info const& s = step_of<gathered>(k);
      CHECK(s.axes[s.rank - 1].extent <= 128);
      for (int n = 0; n < s.instruction_count; ++n) {
        auto const& x =
            gathered::data.instructions[static_cast<std::size_t>(s.first_instruction + n)];
        CHECK(!(is_contraction(x.code) && x.type == dtype::float64));
      }
    }
  }
  CHECK(chains == 1);
}
