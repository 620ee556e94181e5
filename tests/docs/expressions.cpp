// SPDX-License-Identifier: BSL-1.0
// What docs/expressions.md and the README show of expressions; built and run by the tests.
#include <typegrad/typegrad.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <tuple>
#include <vector>

namespace tg = typegrad;

using net = tg::sequential<tg::input<20>, tg::dense<16, tg::relu>, tg::dense<2>>;

int main() {
  auto a = tg::variable<"a">(1.0f);
  auto b = tg::variable<"b">(2.0f);
  auto const z = 3 * a + a * b + 1;              // nothing is computed yet
  auto const [dz_da, dz_db] = tg::gradient(z, a, b);
  b.assign_sub(0.1f * dz_db);                    // one fused loop; here three instructions
  std::printf("z = %g, dz/da = %g\n", tg::evaluate(z), tg::evaluate(dz_da));

  tg::tensor<float, 2, 3> x{{1, 2, 3}, {4, 5, 6}};
  tg::tensor<float, 2> const row_sums = tg::sum<1>(x * x);
  auto const centered = tg::evaluate(x - tg::mean<0, tg::keep_dims>(x));
  std::cout << centered << '\n';

  auto const f = [](auto v) { return tg::sum(tg::exp(v) * v); };
  auto const point = tg::evaluate(row_sums / 100);
  auto const [value, slope] = tg::value_and_gradient(f)(point);
  auto const curvature = tg::hessian(f)(point);
  std::printf("f = %g, f' = %g, f'' = %g\n", value, slope(0), curvature(0, 0));

  tg::tensor<float, tg::dynamic, 3> rows{{1, 2, 3}};  // as many rows as there are at run time
  tg::tensor<float, tg::dynamic> const lengths = tg::norm<1>(rows);

  std::vector<float> numbers{1, 2, 3, 4};
  auto const view = tg::as_tensor<2, 2>(numbers);  // shows the vector, copies nothing
  view = tg::matmul(view, view);

  auto const [last, all] = tg::scan(
      [](auto carry, auto row) { return std::tuple{carry + row, carry * row}; },
      tg::zeros<float, 3>(), x);
  std::printf("%g %g %g\n", lengths(0), numbers[3], tg::evaluate(tg::sum(all) + tg::sum(last)));

  // A training loop by hand.
  xt::xtensor<float, 2> const samples = xt::random::randn<float>({256, 20});
  xt::xtensor<std::int32_t, 1> const labels =
      xt::cast<std::int32_t>(xt::view(samples, xt::all(), 0) > 0);
  tg::predictor<net> model;
  auto loss = tg::value_and_gradient(model, tg::sparse_categorical_crossentropy<tg::from_logits>{});
  tg::optimizer optimizer{tg::adam{.learning_rate = 1e-2f}};
  for (int epoch = 0; epoch < 5; ++epoch)
    for (auto const& batch :
         tg::batches({samples, labels}, {.batch_size = 32, .seed = 1, .epoch = epoch})) {
      loss(batch.x, batch.y);
      loss.clip_by_global_norm(1.0);
      optimizer.apply(loss);
    }
  std::printf("loss %.3f\n", static_cast<double>(loss(samples, labels)));

  return std::isfinite(value) && row_sums(0) == 14 && loss.value() < 0.3f ? 0 : 1;
}
