// SPDX-License-Identifier: BSL-1.0
// expect: the CPU evaluator computes with float32, float64, int32 and bool; this program has values of float16, bfloat16 or int8
// lines: 12
#include <typegrad/evaluators/cpu/run.hpp>

struct recipe {
  static constexpr typegrad::graph build() {
    typegrad::graph g;
    auto const x = typegrad::build::input(g, "x", {4}, typegrad::dtype::float16);
    g.outputs.push_back((x + 1).id());
    return g;
  }
};

int main() { typegrad::on_cpu::run<typegrad::program<recipe>>({}); }
