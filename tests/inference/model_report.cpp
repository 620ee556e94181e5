// SPDX-License-Identifier: BSL-1.0
// What a model takes, layer by layer and kernel by kernel.
#include <catch2/catch_test_macros.hpp>
#include <typegrad/inference/explain.hpp>
#include <typegrad/inference/figures.hpp>
#include <typegrad/nn.hpp>

namespace tg = typegrad;

namespace {

template <int Units>
struct residual : tg::layer<residual<Units>> {
  static constexpr std::string_view name = "residual";
  tg::dense<Units, tg::relu> first;
  tg::dense<Units> second;
  constexpr tg::symbol call(tg::symbol x) { return x + second(first(x)); }
};
using blocks = tg::sequential<tg::input<8>, residual<8>, residual<8>, tg::dense<3, tg::softmax>>;

// While compiling as at run time.
static_assert([] {
  tg::model_report const r = tg::report_on<blocks>();
  return r.parameters == 4 * (8 * 8 + 8) + 8 * 3 + 3 && r.layers.size() == 7 &&
         r.kernels.size() == tg::kernel_count<blocks> &&
         r.takes.multiply_adds.at(1) == tg::multiply_adds<blocks>;
}());

TEST_CASE("model report: a layer's figures include those of the layers within it") {
  tg::model_report const r = tg::report_on<blocks>();
  REQUIRE(r.layers.size() == 7);
  tg::layer_report const& outer = r.layers[0];
  CHECK(outer.path.view() == "residual");
  CHECK(outer.depth == 0);
  CHECK(outer.parameters == 2 * (8 * 8 + 8));
  CHECK(outer.takes.multiply_adds.per_sample == 2 * 8 * 8);
  CHECK(outer.kernels == 2);
  tg::layer_report const& inner = r.layers[1];
  CHECK(inner.path.view() == "residual/dense");
  CHECK(inner.depth == 1);
  CHECK(inner.parameters == 8 * 8 + 8);
  CHECK(inner.takes.multiply_adds.per_sample == 8 * 8);
  CHECK(inner.kernels == 1);
  CHECK(r.layers[6].path.view() == "dense");
  CHECK(r.layers[6].kernels == 2);  // the product, and softmax
}

TEST_CASE("model report: kernels, their names, bytes and sharing") {
  tg::model_report const r = tg::report_on<blocks>();
  REQUIRE(r.kernels.size() == 6);
  // The second block's kernels compute as the first one's do.
  CHECK(r.different_kernels == 4);
  CHECK(r.kernels[0].name.view() == "matmul + add + maximum");
  CHECK(r.layers[r.kernels[0].layer].path.view() == "residual/dense");
  CHECK(r.kernels[0].takes.read.per_sample == 8 * 4);
  CHECK(r.kernels[0].takes.read.shared == (8 * 8 + 8) * 4);
  CHECK(r.kernels[0].takes.written.per_sample == 8 * 4);
  CHECK(r.kernels[0].takes.flops(10) == 10 * (2 * 8 * 8 + 2 * 8));
  // The residual sum rides behind the second product, which is the outer layer's last value.
  CHECK(r.kernels[1].takes.read.per_sample == 2 * 8 * 4);
  CHECK(r.layers[r.kernels[1].layer].path.view() == "residual");
  CHECK(r.kernels[5].kind == tg::step_kind::row);
  CHECK(r.takes.bytes().at(1) > 0);
  CHECK(r.arena_bytes.at(5) == tg::arena_bytes<blocks, tg::batch<5>>);
}

using pooled = tg::sequential<tg::input<8, 8, 2>, tg::max_pooling2d<2>, tg::flatten, tg::dense<2>>;

TEST_CASE("model report: windows compare, they do not multiply") {
  tg::model_report const r = tg::report_on<pooled>();
  CHECK(r.takes.multiply_adds.at(1) == 4 * 4 * 2 * 2);
  CHECK(r.layers[0].takes.operations.at(1) == 4 * 4 * 2 * 4);
}

TEST_CASE("explanation: a line a layer, and one for the whole") {
  auto const lines = tg::inference_detail::explanation_of(tg::report_on<blocks>());
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].view() ==
        "residual: gives 8, parameters 144, multiply-adds 128, bytes moved 736, kernels 2");
  CHECK(lines[3].view().starts_with("the model: parameters 315, multiply-adds 280, bytes moved "));
  CHECK(lines[3].view().find("kernels 6 (4 different), arena bytes 0 + batch * ") !=
        std::string_view::npos);
  tg::diagnosis t;
  tg::inference_detail::append_grouped(t, 1'002'003);
  CHECK(t.view() == "1,002,003");
}

}  // namespace
