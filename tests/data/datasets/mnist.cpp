// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>
#include <string>
#include <typegrad/data/datasets/mnist.hpp>

#include "../idx_files.hpp"
#include "../support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using test::bare_machine;
using test::gzip;
using test::idx;
using test::message_of;
using test::write_file;

namespace {

std::string images(std::uint32_t count) {
  std::string pixels;
  for (std::uint32_t i = 0; i < count * 784; ++i) pixels += static_cast<char>(i % 256);
  return idx(0x08, {count, 28, 28}, pixels);
}
std::string labels(std::string_view values) {
  return idx(0x08, {static_cast<std::uint32_t>(values.size())}, values);
}

// Three training and two test images, as the four files of MNIST.
void put_small_mnist(std::filesystem::path const& folder) {
  std::filesystem::create_directories(folder);
  write_file(folder / "train-images-idx3-ubyte.gz", gzip(images(3)));
  write_file(folder / "train-labels.idx1-ubyte", labels(std::string_view("\x05\x00\x09", 3)));
  write_file(folder / "t10k-images.idx3-ubyte.gz", gzip(images(2)));
  write_file(folder / "t10k-labels-idx1-ubyte", labels("\x01\x02"));
}

}  // namespace

TEST_CASE("mnist: from a folder, whatever the files' spelling") {
  test::folder const at;
  put_small_mnist(at / "small");
  auto const data = tg::datasets::mnist(at / "small");
  CHECK(data.source == (at / "small").string());
  REQUIRE(data.train.x.shape(0) == 3);
  REQUIRE(data.train.x.shape(1) == 28);
  REQUIRE(data.train.x.shape(2) == 28);
  CHECK(data.train.size() == 3);
  CHECK(data.test.size() == 2);
  CHECK(data.train.x(0, 0, 0) == 0.0f);
  CHECK(data.train.x(0, 9, 3) == 1.0f);  // pixel 255
  CHECK(data.train.x(0, 0, 1) == 1.0f / 255.0f);
  CHECK(data.train.y == xt::xtensor<std::int32_t, 1>{5, 0, 9});
  CHECK(tg::datasets::fashion_mnist(at / "small").test.y == xt::xtensor<std::int32_t, 1>{1, 2});
}

TEST_CASE("mnist: a given folder that is not complete or not right is an error") {
  test::folder const at;
  auto const folder = at / "m";
  auto const error = [&] { return message_of([&] { tg::datasets::mnist(folder); }); };
  CHECK_THAT(error(), ContainsSubstring("there is no such folder; MNIST needs one"));
  put_small_mnist(folder);
  std::filesystem::remove(folder / "t10k-labels-idx1-ubyte");
  CHECK_THAT(error(), ContainsSubstring("lacks t10k-labels-idx1-ubyte (or the same with .gz)"));
  write_file(folder / "t10k-labels-idx1-ubyte", labels("\x01"));
  CHECK_THAT(error(), ContainsSubstring("holds 1 labels for the 2 images of"));
  write_file(folder / "t10k-labels-idx1-ubyte", labels("\x01\x0a"));
  CHECK_THAT(error(), ContainsSubstring("byte 9 of the content is the label 10"));
  write_file(folder / "t10k-labels-idx1-ubyte", idx(0x08, {1, 2}, "\x01\x02"));
  CHECK_THAT(error(), ContainsSubstring("a vector of labels is needed, the header (byte 4 on)"));
  put_small_mnist(folder);
  write_file(folder / "train-images-idx3-ubyte.gz", idx(0x08, {3, 1, 2}, "abcdef"));
  CHECK_THAT(error(), ContainsSubstring("the header (byte 4 on) says 3x1x2"));
}

TEST_CASE("mnist: where it is looked for, in order") {
  bare_machine const machine;
  auto const made = tg::datasets::mnist();
  CHECK_THAT(made.source, ContainsSubstring("synthetic digits"));
  CHECK_THAT(made.source, ContainsSubstring("TYPEGRAD_OFFLINE is set"));
  CHECK(made.train.size() == 10000);
  CHECK(made.test.size() == 2000);

  auto const cache = machine.home / "cache/typegrad/mnist";
  put_small_mnist(cache);
  CHECK(tg::datasets::mnist().source == cache.string());

  auto const data = machine.home / "data";
  std::filesystem::create_directories(data);
  test::environment const set("TYPEGRAD_DATA", data.string());
  CHECK(tg::datasets::mnist().source == cache.string());  // the data folder has none
  put_small_mnist(data);
  CHECK_THAT(tg::datasets::mnist().source, EndsWith("data (TYPEGRAD_DATA)"));
  CHECK_THAT(tg::datasets::fashion_mnist().source, ContainsSubstring("synthetic"));
  put_small_mnist(data / "fashion/");
  {
    test::environment const fashion("TYPEGRAD_DATA", (data / "fashion/").string());
    CHECK_THAT(tg::datasets::fashion_mnist().source, EndsWith("fashion/ (TYPEGRAD_DATA)"));
    CHECK(tg::datasets::mnist().source == cache.string());
  }
  put_small_mnist(data / "mnist");
  CHECK_THAT(tg::datasets::mnist().source, EndsWith("data/mnist (TYPEGRAD_DATA)"));
  // One file of four is no reason to look elsewhere in silence.
  std::filesystem::remove(data / "mnist" / "train-images-idx3-ubyte.gz");
  CHECK_THAT(message_of([] { tg::datasets::mnist(); }),
             ContainsSubstring("lacks train-images-idx3-ubyte"));
}

TEST_CASE("mnist: the cache is found by HOME where XDG_CACHE_HOME is no absolute path") {
  bare_machine const machine;
  test::environment const relative("XDG_CACHE_HOME", "cache");
  test::environment const home("HOME", machine.home.path().string());
  put_small_mnist(machine.home / ".cache/typegrad/fashion_mnist");
  CHECK_THAT(tg::datasets::fashion_mnist().source, EndsWith(".cache/typegrad/fashion_mnist"));
}

TEST_CASE("mnist: the real files") {
  auto const folder = test::real_data("mnist");
  if (!folder) SKIP("TYPEGRAD_DATA has no folder mnist");
  auto const data = tg::datasets::mnist(*folder);
  CHECK(data.train.size() == 60000);
  CHECK(data.test.size() == 10000);
  CHECK(data.train.y(0) == 5);
  CHECK(data.test.y(0) == 7);
  CHECK(data.train.x(0, 5, 12) == 3.0f / 255.0f);
  double sum = 0;
  for (float const v : data.train.x) sum += static_cast<double>(v);
  CHECK(std::abs(sum / static_cast<double>(data.train.x.size()) - 0.1307) < 1e-4);
}
