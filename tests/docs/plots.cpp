// SPDX-License-Identifier: BSL-1.0
// What docs/plots.md shows; built and run by the tests.
#include <typegrad/data.hpp>
#include <typegrad/plot.hpp>
#include <typegrad/xtensor.hpp>

#include <random>
#include <string>
#include <vector>

namespace tg = typegrad;

// A line fitted to samples of y = 0.1 x + 0.3 + noise.
struct regression {
  std::vector<double> x, y;

  regression() {
    std::mt19937 random(17);
    std::uniform_real_distribution<double> place(0, 1);
    std::normal_distribution<double> noise(0, 0.01);
    for (int i = 0; i < 100; ++i) {
      x.push_back(place(random));
      y.push_back(0.1 * x.back() + 0.3 + noise(random));
    }
  }

  double error(double m, double b) const {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const off = m * x[i] + b - y[i];
      sum += off * off;
    }
    return sum / static_cast<double>(x.size());
  }
};

int main() {
  regression const data;
  double m = -0.5, b = -0.75;
  std::vector<double> ms{m}, bs{b};
  for (int step = 0; step < 1000; ++step) {
    double dm = 0, db = 0;
    for (std::size_t i = 0; i < data.x.size(); ++i) {
      double const off = 2 * (m * data.x[i] + b - data.y[i]) / static_cast<double>(data.x.size());
      dm += off * data.x[i];
      db += off;
    }
    m -= 0.1 * dm;
    b -= 0.1 * db;
    ms.push_back(m);
    bs.push_back(b);
  }

  tg::plot::figure line;
  line.panel("linear regression").x_label("x").y_label("y")
      .points("samples", data.x, data.y)
      .curve("m x + b", tg::plot::linspace(0, 1, 2), [&](double x) { return m * x + b; });
  line.save("plot_line.svg");

  auto const error = [&](double slope, double offset) { return data.error(slope, offset); };
  auto const range = tg::plot::linspace(-1, 1, 31);

  tg::plot::figure surface;
  surface.surface("mean squared error", range, range, error)
      .x_label("m").y_label("b").z_label("error")
      .path("gradient descent", ms, bs);
  surface.save("plot_surface.svg");

  auto const digits = tg::datasets::synthetic_digits(200, 10).train;
  xt::xtensor<float, 2> const mean = xt::mean(digits.x, {0});

  tg::plot::figure pictures;
  auto& images = pictures.images("");
  images.row("digit");
  for (std::size_t i = 0; i < 8; ++i) {
    images.image(xt::view(digits.x, i), std::to_string(digits.y(i)));
  }
  images.row("less the mean");
  for (std::size_t i = 0; i < 8; ++i) images.signed_image(xt::view(digits.x, i) - mean);
  pictures.save("plot_images.svg");
}
