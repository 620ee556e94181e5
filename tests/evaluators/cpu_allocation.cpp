// SPDX-License-Identifier: BSL-1.0
#include "compiler/random_graph.hpp"
#include "evaluators/run_cpu.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

// A run allocates nothing: operator new is counted. (Not for the thread sanitizer, which brings an
// operator new of its own.)

namespace {

std::atomic<int> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const p = std::malloc(size > 0 ? size : 1)) return p;
  throw std::bad_alloc{};
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace typegrad;

struct everything {  // a step of every kind, products large enough to be packed
  static constexpr graph build() {
    graph g;
    symbol const x = build::input(g, "x", {300});
    weights make{g};
    symbol const w = make("kernel", {300, 300}, initializer{});
    symbol const h = build::unary(op::tanh, matmul(x, w));
    symbol const e = exp(h - max(h, {-1}, true));
    symbol const y = where(build::random_uniform(g, {300}, true) < 0.5, e / sum(e, {-1}, true), 0);
    symbol const rows = sum(build::reshape(cumsum(y), {10, 30}), {1});
    symbol const states = scan([](symbol s, symbol part)
                                   -> scan_step { return {{sin(s + part)}, {s}}; },
                               sum(sort(h)), rows)
                              .ys[0];
    symbol const halved = while_loop([](symbol v) { return v > 1; },
                                     [](symbol v) { return 0.5 * v; }, batch_mean(sum(y)));
    list<int> const gradients = differentiate(
        g, batch_mean(sum(y * y) + sum(states)) + stop_gradient(halved), {w.id()});
    g.outputs.push_back(y.id());
    g.outputs.push_back(gradients[0]);
    return g;
  }
};

}  // namespace

TEST_CASE("cpu: a run allocates nothing", "[cpu]") {
  using finished = program<everything>;
  constexpr std::int64_t batch = 64;
  support::raw_memory x{batch * 300 * 4},
      w{static_cast<std::size_t>(finished::weight_elements) * 4};
  support::raw_memory y{batch * 300 * 4}, dw{300 * 300 * 4};
  std::fill_n(reinterpret_cast<float*>(x.data()), batch * 300, 0.5F);
  std::fill_n(reinterpret_cast<float*>(w.data()), 300 * 300, 0.01F);
  void const* const inputs[] = {x.data()};
  void* const outputs[] = {y.data(), dw.data()};
  support::raw_memory arena{on_cpu::arena_bytes<finished>(batch, 2)};
  for (int const threads : {1, 2}) {
    on_cpu::bindings const b{
        batch, inputs, reinterpret_cast<float*>(w.data()), outputs, arena.data(), 1, 2, threads};
    on_cpu::run<finished>(b);  // the first one may start threads
    int const before = allocations;
    for (int i = 0; i < 3; ++i) on_cpu::run<finished>(b);
    CHECK(allocations == before);
  }
}
