// SPDX-License-Identifier: BSL-1.0
// expect: a matrix product on the CPU needs float32 or float64 values; cast them first
// lines: 12
#include <typegrad/evaluators/cpu/run.hpp>

struct recipe {
  static constexpr typegrad::graph build() {
    typegrad::graph g;
    auto const x = typegrad::build::input(g, "x", {4}, typegrad::dtype::int32);
    auto const k = typegrad::build::input(g, "k", {4, 3}, typegrad::dtype::int32, false);
    g.outputs.push_back(typegrad::matmul(x, k).id());
    return g;
  }
};

int main() { typegrad::on_cpu::run<typegrad::program<recipe>>({}); }
