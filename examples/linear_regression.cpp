// SPDX-License-Identifier: BSL-1.0
// Linear regression from scratch: no model, no optimizer, just variables, an expression and its
// gradients. Writes the data with the fitted line, and the descent on the error's surface.
#include <typegrad/plot.hpp>
#include <typegrad/typegrad.hpp>

#include <cstdio>
#include <vector>

namespace tg = typegrad;

int main() {
  // y = 0.1 x + 0.3 + noise
  tg::random random{17};
  auto const x = random.uniform<float, 100>(0, 1);
  tg::tensor<float, 100> const y = 0.1f * x + 0.3f + random.normal<float, 100>(0, 0.01f);

  auto m = tg::variable<"m">(-0.5f);
  auto b = tg::variable<"b">(-0.75f);
  auto const loss = tg::mean(tg::square(m * x + b - y));
  auto const [dm, db] = tg::gradient(loss, m, b);

  std::vector<float> ms{m.value()}, bs{b.value()};
  for (int step = 0; step < 200; ++step) {
    if (step % 20 == 0) std::printf("step %3d, loss %f\n", step, tg::evaluate(loss));
    tg::assign(m, b)(m - 0.1f * dm, b - 0.1f * db);  // together: both read the old values
    ms.push_back(m.value());
    bs.push_back(b.value());
  }
  std::printf("y = %.3f x + %.3f\n", m.value(), b.value());

  tg::plot::figure fit;
  tg::tensor<float, 2> const ends{0, 1};
  tg::tensor<float, 2> const line = m * ends + b;
  fit.panel("a line through 100 points")
      .x_label("x")
      .y_label("y")
      .points("data", x, y)
      .line("fitted", ends, line);
  fit.save("linear_regression.svg");

  // The same loss over (m, b): an expression stays attached to its variables.
  auto const error = [&](double at_m, double at_b) {
    m.assign(static_cast<float>(at_m));
    b.assign(static_cast<float>(at_b));
    return static_cast<double>(tg::evaluate(loss));
  };
  tg::plot::figure surface;
  surface
      .surface("mean squared error", tg::linspace<double, 41>(-1, 1), tg::linspace<double, 41>(-1, 1),
               error)
      .x_label("m")
      .y_label("b")
      .path("gradient descent", ms, bs);
  surface.save("error_surface.svg");
  std::puts("see linear_regression.svg and error_surface.svg");
}
