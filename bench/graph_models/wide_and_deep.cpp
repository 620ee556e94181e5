// SPDX-License-Identifier: BSL-1.0
// A training step of a wide & deep model, batch 32, on one thread: one line, "name who
// nanoseconds", the median of many rounds. `run` builds this, adds PyTorch, and prints the ratios.
#include <typegrad/typegrad.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace tg = typegrad;
using namespace tg::literals;

namespace {

struct wide_and_deep : tg::network<wide_and_deep> {
  using inputs = tg::inputs<tg::named<"wide_in", 3>, tg::named<"deep_in", 5>>;
  tg::dense<30, tg::relu> deep_1, deep_2;
  tg::dense<1> head, auxiliary_head;
  constexpr auto call(tg::symbol wide, tg::symbol deep) {
    deep = deep_2(deep_1(deep));
    return tg::outputs(tg::output<"main">(head(tg::concatenate(wide, deep))),
                       tg::output<"auxiliary">(auxiliary_head(deep)));
  }
};

/// Nanoseconds of a step: rounds of at least a millisecond each, once that is steady.
template <class Step>
double measure(Step step) {
  using clock = std::chrono::steady_clock;
  auto const seconds = [&](long times) {
    auto const start = clock::now();
    for (long i = 0; i < times; ++i) step();
    return std::chrono::duration<double>(clock::now() - start).count();
  };
  long times = 1;
  for (int quick = 0; quick < 3;)  // the first runs are slow
    if (seconds(times) < 1e-3)
      times *= 2, quick = 0;
    else
      ++quick;
  std::vector<double> samples(301);
  for (double& s : samples) s = 1e9 * seconds(times) / static_cast<double>(times);
  std::nth_element(samples.begin(), samples.begin() + 150, samples.end());
  return samples[150];
}

}  // namespace

int main() {
  tg::set_threads(1);
  xt::random::seed(1);
  xt::xtensor<float, 2> const wide = xt::random::randn<float>({32, 3});
  xt::xtensor<float, 2> const deep = xt::random::randn<float>({32, 5});
  xt::xtensor<float, 2> const y =
      xt::sum(wide, {1}, xt::keep_dims) - xt::sum(deep, {1}, xt::keep_dims);

  auto model = tg::compile<wide_and_deep>(
      tg::rmsprop{.learning_rate = 1e-3f},
      tg::losses("main"_n = tg::mean_squared_error{}, "auxiliary"_n = tg::mean_squared_error{}),
      tg::loss_weights("main"_n = 0.9f, "auxiliary"_n = 0.1f));
  model.initialize(1);
  auto const step = [&] {
    model.train_on_batch(tg::samples{tg::by_name("wide_in"_n = wide, "deep_in"_n = deep),
                                     tg::by_name("main"_n = y, "auxiliary"_n = y)});
  };
  auto const error = [&] {
    auto const both = model.predict(tg::by_name("wide_in"_n = wide, "deep_in"_n = deep));
    return xt::mean(xt::square(both["main"_n] - y))();
  };
  auto const before = error();
  double const nanoseconds = measure(step);
  if (!(error() < 0.1f * before)) return std::fputs("the model does not learn\n", stderr), 1;
  std::printf("wide_and_deep_step_32 typegrad %.3f\n", nanoseconds);
}
