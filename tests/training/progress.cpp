// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <typegrad/training/progress.hpp>
#include <vector>

namespace tg = typegrad;

namespace {

double now = 0;  // the tests' clock, in seconds

struct closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Collects what is printed.
class paper {
 public:
  tg::progress_options options(bool terminal, std::size_t columns = 200) {
    return {.stream = file_.get(), .terminal = terminal, .columns = columns, .clock = [] {
              return now;
            }};
  }
  std::string take() {
    std::fflush(file_.get());
    std::rewind(file_.get());
    std::string text;
    for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get())) {
      text += static_cast<char>(c);
    }
    file_.reset(std::tmpfile());
    return text;
  }

 private:
  std::unique_ptr<std::FILE, closer> file_{std::tmpfile()};
};

std::string number(double value) {
  tg::training_detail::text_line line;
  tg::training_detail::add_number(line, value);
  return std::string(line.text());
}

std::string duration(double seconds) {
  tg::training_detail::text_line line;
  tg::training_detail::add_duration(line, seconds);
  return std::string(line.text());
}

std::array<tg::log_entry, 2> const logs{{{"loss", 0.29512}, {"accuracy", 0.91456}}};

}  // namespace

TEST_CASE("progress: numbers and times as Keras prints them") {
  CHECK(number(0.29512) == "0.2951");
  CHECK(number(123.456789) == "123.4568");
  CHECK(number(-2) == "-2.0000");
  CHECK(number(0.001) == "1.0000e-03");
  CHECK(number(-5e-7) == "-5.0000e-07");
  CHECK(number(0) == "0.0000e+00");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(duration(0.4) == "0s");
  CHECK(duration(59) == "59s");
  CHECK(duration(61) == "1:01");
  CHECK(duration(7207) == "2:00:07");
  CHECK(duration(-1) == "0s");
  CHECK(duration(std::numeric_limits<double>::infinity()) == "100000:00:00");
}

TEST_CASE("progress: elsewhere, one line when the epoch ends") {
  now = 100;
  paper out;
  auto const options = out.options(false);
  tg::progress_bar bar(2, 5, 1875, options);
  for (std::size_t step = 1; step <= 1875; ++step) {
    now += 0.0016;
    bar.update(step, logs);
  }
  bar.finish(logs);
  CHECK(out.take() == "Epoch 2/5: 1875/1875 - 3s - 2ms/step - loss: 0.2951 - accuracy: 0.9146\n");
}

TEST_CASE("progress: elsewhere, a line every ten seconds of a long epoch") {
  now = 0;
  paper out;
  tg::progress_bar bar(1, 1, 30, out.options(false));
  for (std::size_t step = 1; step <= 30; ++step) {
    now += 1;
    bar.update(step, logs);
  }
  bar.finish({});
  CHECK(out.take() ==
        "Epoch 1/1: 10/30 - 10s - ETA: 20s - 1s/step - loss: 0.2951 - accuracy: 0.9146\n"
        "Epoch 1/1: 20/30 - 20s - ETA: 10s - 1s/step - loss: 0.2951 - accuracy: 0.9146\n"
        "Epoch 1/1: 30/30 - 30s - ETA: 0s - 1s/step - loss: 0.2951 - accuracy: 0.9146\n"
        "Epoch 1/1: 30/30 - 30s - 1s/step\n");
}

TEST_CASE("progress: on a terminal, a bar that is redrawn in place") {
  now = 0;
  paper out;
  auto const options = out.options(true);
  tg::progress_bar bar(1, 5, 1875, options);
  now = 0.25;
  bar.update(500, logs);
  now = 0.3;
  bar.update(700, logs);  // too soon
  now = 3.2;
  bar.update(1874, logs);
  bar.finish(logs);
  CHECK(out.take() ==
        "Epoch 1/5\n"
        "\r 500/1875 [========>.....................] - ETA: 1s 500us/step - loss: 0.2951"
        " - accuracy: 0.9146\x1b[K"
        "\r1874/1875 [=============================>] - ETA: 0s 2ms/step - loss: 0.2951"
        " - accuracy: 0.9146\x1b[K"
        "\r1874/1875 [=============================>] - 3s 2ms/step - loss: 0.2951"
        " - accuracy: 0.9146\x1b[K\n");
}

TEST_CASE("progress: on a terminal, at most ten pictures a second, each within its width") {
  now = 0;
  paper out;
  tg::progress_bar bar(1, 1, 100000, out.options(true, 40));
  for (std::size_t step = 1; step <= 100000; ++step) {
    now += 1e-5;
    bar.update(step, logs);
  }
  auto const text = out.take();
  std::size_t pictures = 0;
  for (std::size_t at = text.find('\r'); at != std::string::npos;) {
    auto const end = text.find("\x1b[K", at);
    REQUIRE(end != std::string::npos);
    CHECK(end - at - 1 <= 39);
    ++pictures;
    at = text.find('\r', end);
  }
  CHECK(pictures >= 9);
  CHECK(pictures <= 11);
}

TEST_CASE("progress: an unknown number of steps, no steps, too many numbers") {
  now = 0;
  paper out;
  {
    tg::progress_bar bar(1, 1, 0, out.options(true));
    now = 1;
    bar.update(4, {});
    bar.finish({});
  }
  CHECK(out.take() ==
        "Epoch 1/1\n\r4/Unknown - 250ms/step\x1b[K\r4/Unknown - 1s 250ms/step\x1b[K\n");
  {
    tg::progress_bar bar(1, 1, 3, out.options(false));
    bar.finish({});
  }
  CHECK(out.take() == "Epoch 1/1: 3/3 - 0s - 0us/step\n");
  std::vector<tg::log_entry> const many(1000, {"a_metric", 0.5});
  {
    tg::progress_bar bar(1, 1, 3, out.options(false));
    bar.finish(many);
  }
  auto const text = out.take();
  CHECK(text.size() < 2100);
  CHECK(text.back() == '\n');
}
