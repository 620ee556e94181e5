// SPDX-License-Identifier: BSL-1.0
#include "evaluators/recipes/layers.hpp"
#include "evaluators/thrust/check.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include <typegrad/compiler/step_figures.hpp>

#include <array>
#include <utility>
#include <vector>

// Chains of steps that keep to their samples, as one kernel: small perceptrons, forward and back.

namespace {

namespace tg = typegrad;

template <class Model>
using chained = tg::with_chains<recipes::training_step<Model>>;

template <class Model>
struct prediction_of {
  static constexpr tg::graph build() { return tg::trace<Model>(false); }
};

/// The lengths of a program's chains, in order.
template <class Recipe>
constexpr std::array<int, 4> chains_of() {
  using program = tg::program<Recipe>;
  std::array<int, 4> out{};
  std::size_t n = 0;
  for (int i = 0; i < program::step_count; ++i)
    if (int const length = program::data.steps[static_cast<std::size_t>(i)].chain; length > 0)
      out[n++] = length;
  return out;
}

/// The kernel of a program's chain that begins with its first step.
template <class Recipe>
using first_chain =
    typename decltype(tg::on_thrust::kernel_of_chain<
                      tg::program<Recipe>, tg::on_thrust::arithmetic::float32, 0>())::type;
template <class Recipe>
constexpr bool holds_weights() {
  for (auto const& s : tg::on_thrust::chain_former<tg::program<Recipe>, 0>::form.slots)
    if (s.held) return true;
  return false;
}

// As one kernel, of less than a tile and of several and a part, and step by step.
template <class Recipe>
void check_chains(std::int64_t batch = 333) {
  using tg::on_thrust::chaining;
  tg::graph const& g = support::graph_of<Recipe>();
  auto const few = recipes::uniform_data(g, 1, 5), many = recipes::uniform_data(g, 2, batch);
  CHECK(support::thrust_failure<Recipe>(few, chaining::always) == "");
  CHECK(support::thrust_failure<Recipe>(many, chaining::always) == "");
  CHECK(support::thrust_failure<Recipe>(many, chaining::never) == "");
}

using perceptron =
    tg::sequential<tg::input<12>, tg::dense<20, tg::relu>, tg::dense<16, tg::tanh>, tg::dense<5>>;
using odd_widths = tg::sequential<tg::input<7>, tg::dense<33, tg::gelu>, tg::dense<3>,
                                  tg::dense<70, tg::sigmoid>, tg::dense<5>>;
using with_dropout =
    tg::sequential<tg::input<8>, tg::dense<24, tg::relu>, tg::dropout<0.3F>, tg::dense<24>,
                   tg::layer_normalization<>, tg::activation<tg::silu>, tg::dense<5>>;
// weights and values of 64 samples are more than a block has room for
using of_128 = tg::sequential<tg::input<128>, tg::dense<128, tg::relu>, tg::dense<128, tg::relu>,
                              tg::dense<128, tg::relu>, tg::dense<5>>;
// the values of 16 samples alone are more
using of_128_gelu = tg::dense<128, tg::gelu>;
using deep =
    tg::sequential<tg::input<128>, of_128_gelu, of_128_gelu, of_128_gelu, of_128_gelu, of_128_gelu,
                   of_128_gelu, of_128_gelu, of_128_gelu, of_128_gelu, of_128_gelu, tg::dense<5>>;
// on host systems a row of 64 works in scratch memory
using long_rows = tg::sequential<tg::input<8>, tg::dense<64>, tg::layer_normalization<>,
                                 tg::activation<tg::tanh>, tg::dense<5>>;
// the first layer sums up too much for a chain
using wide_input =
    tg::sequential<tg::input<150>, tg::dense<9, tg::relu>, tg::dense<9, tg::relu>, tg::dense<5>>;
// batch normalisation needs the batch: a chain before it and one behind
using normalized = tg::sequential<tg::input<6>, tg::dense<10, tg::relu>, tg::dense<10>,
                                  tg::batch_normalization<>, tg::dense<10, tg::relu>, tg::dense<5>>;

}  // namespace

TEST_CASE("thrust: which steps are chains", "[thrust]") {
  // Three products forward, the loss with its gradient, two products back.
  STATIC_REQUIRE(chains_of<chained<perceptron>>() == std::array{6, 0, 0, 0});
  STATIC_REQUIRE(chains_of<recipes::training_step<perceptron>>() == std::array{0, 0, 0, 0});
  STATIC_REQUIRE(chains_of<chained<with_dropout>>()[0] == 9);
  STATIC_REQUIRE(chains_of<chained<of_128>>()[0] == 8);
  STATIC_REQUIRE(tg::program<chained<wide_input>>::data.steps[0].chain == 0);
  STATIC_REQUIRE(chains_of<chained<wide_input>>()[0] == 5);
  STATIC_REQUIRE(chains_of<chained<normalized>>()[1] >= 2);
}

TEST_CASE("thrust: what a chain's block keeps in its memory", "[thrust]") {
  using small = first_chain<chained<perceptron>>;
  STATIC_REQUIRE(small::rows == 64);
  STATIC_REQUIRE(holds_weights<chained<perceptron>>());
  CHECK(small::worth(8192));
  using large = first_chain<chained<of_128>>;
  STATIC_REQUIRE(large::rows == 32);
  STATIC_REQUIRE(!holds_weights<chained<of_128>>());
  CHECK(!large::worth(1 << 17));  // by products, which others do better
}

TEMPLATE_TEST_CASE("thrust: chains", "[thrust]", perceptron, odd_widths, with_dropout, long_rows,
                   wide_input, normalized) {
  check_chains<chained<TestType>>();
}

TEST_CASE("thrust: who watches a program is told of each launch, in order", "[thrust]") {
  using recipe = chained<normalized>;
  using program = tg::program<recipe>;
  struct launches {
    std::vector<std::pair<int, int>> all;
    static void note(void* self, int first, int count, void* const* slots) {
      if (slots != nullptr) static_cast<launches*>(self)->all.emplace_back(first, count);
    }
  };
  auto const data = recipes::uniform_data(support::graph_of<recipe>(), 1, 40);
  for (auto const chains : {tg::on_thrust::chaining::always, tg::on_thrust::chaining::never}) {
    launches told;
    auto const watched = support::run_thrust<program>(data, chains, {&launches::note, &told});
    CHECK(support::identical(watched, support::run_thrust<program>(data, chains)));
    REQUIRE(told.all.size() > 1);
    CHECK(told.all[0] == std::pair(-1, 0));
    int next = 0;
    for (std::size_t i = 1; i < told.all.size(); ++i) {
      auto const [first, count] = told.all[i];
      CHECK(first == next);
      int const chain = program::data.steps[static_cast<std::size_t>(first)].chain;
      CHECK(count == (chains == tg::on_thrust::chaining::always && chain > 0 ? chain : 1));
      next += count;
    }
    CHECK(next == program::step_count);
  }
}

TEST_CASE("thrust: a chain's figures leave out what its block keeps", "[thrust]") {
  using program = tg::program<chained<perceptron>>;
  auto const view = tg::view_of<program>();
  int const chain = program::data.steps[0].chain;
  tg::step_figures each, all = tg::figures_of(view, 0, chain);
  for (int i = 0; i < chain; ++i) each += tg::figures_of(view, i, 1);
  CHECK(all.multiply_adds.per_sample == each.multiply_adds.per_sample);
  CHECK(all.operations.per_sample == each.operations.per_sample);
  // x and the target come in, the weights once; the gradients of weights need all that was computed
  CHECK(all.read.per_sample == 4 * (12 + 1));
  CHECK(all.read.shared == 4 * (12 * 20 + 20 + 20 * 16 + 16 + 16 * 5 + 5));
  CHECK(all.read.per_sample < each.read.per_sample);
  CHECK(all.written.per_sample == each.written.per_sample);
  // a prediction alone leaves nothing but the result
  using prediction = tg::program<tg::with_chains<prediction_of<perceptron>>>;
  STATIC_REQUIRE(prediction::data.steps[0].chain == prediction::step_count);
  auto const takes = tg::figures_of(tg::view_of<prediction>(), 0, prediction::step_count);
  CHECK(takes.read.per_sample == 4 * 12);
  CHECK(takes.written.per_sample == 4 * 5);
}

TEST_CASE("thrust: a chain whose weights do not fit", "[thrust]") {
  check_chains<chained<of_128>>(70);
}

TEST_CASE("thrust: a chain whose values do not fit is run step by step", "[thrust]") {
  STATIC_REQUIRE(chains_of<chained<deep>>()[0] > 0);
  STATIC_REQUIRE(tg::on_thrust::chain_former<tg::program<chained<deep>>, 0>::form.rows == 0);
  check_chains<chained<deep>>(7);
}

TEST_CASE("thrust: a chain of more tiles than there are blocks", "[thrust]") {
  using smallest = tg::sequential<tg::input<2>, tg::dense<3, tg::tanh>, tg::dense<5>>;
  check_chains<chained<smallest>>(64 * 289 + 1);
}

TEST_CASE("thrust: a chain in mixed precision", "[thrust]") {
  check_chains<tg::with_chains<recipes::training_step<perceptron, tg::dtype::bfloat16>>>();
}
