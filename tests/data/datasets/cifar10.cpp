// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <typegrad/data/datasets/cifar10.hpp>

#include "../idx_files.hpp"
#include "../support.hpp"
#include "../tar_files.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using test::bare_machine;
using test::gzip;
using test::message_of;
using test::write_file;
using labels = xt::xtensor<std::int32_t, 1>;

namespace {

// One record a label; value p of channel c is (3 label + 7 p + c) modulo 256.
std::string records(std::string_view of_labels) {
  std::string out;
  for (char const label : of_labels) {
    out += label;
    for (int c = 0; c < 3; ++c)
      for (int p = 0; p < 1024; ++p) out += static_cast<char>((3 * label + 7 * p + c) % 256);
  }
  return out;
}

void put_small_cifar(std::filesystem::path const& folder) {
  std::filesystem::create_directories(folder);
  write_file(folder / "data_batch_1.bin.gz", gzip(records(std::string_view("\x06\x00\x09", 3))));
  write_file(folder / "data_batch_3.bin", records("\x01"));
  write_file(folder / "test_batch.bin", records("\x03\x08"));
}

}  // namespace

TEST_CASE("cifar10: from a folder, as many batches as there are, gzip or not") {
  test::folder const at;
  put_small_cifar(at / "c");
  auto const data = tg::datasets::cifar10(at / "c");
  CHECK(data.source == (at / "c").string() + ", 2 of the 5 training batches");
  CHECK(data.train.y == labels{6, 0, 9, 1});
  CHECK(data.test.y == labels{3, 8});
  REQUIRE(data.train.x.dimension() == 4);
  CHECK(data.train.x.shape(0) == 4);
  CHECK(data.train.x.shape(1) == 32);
  CHECK(data.train.x.shape(2) == 32);
  CHECK(data.train.x.shape(3) == 3);
  CHECK(data.test.x.shape(0) == 2);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t y = 0; y < 32; ++y)
      for (std::size_t x = 0; x < 32; ++x)
        for (std::size_t c = 0; c < 3; ++c) {
          auto const label = static_cast<std::size_t>(data.train.y(i));
          auto const byte = (3 * label + 7 * (32 * y + x) + c) % 256;
          wrong += data.train.x(i, y, x, c) == static_cast<float>(byte) / 255.0f ? 0 : 1;
        }
  CHECK(wrong == 0);
  for (auto const* const name : {"data_batch_2.bin", "data_batch_4.bin", "data_batch_5.bin"})
    write_file(at / "c" / name, records("\x02"));
  auto const whole = tg::datasets::cifar10(at / "c");
  CHECK(whole.source == (at / "c").string());
  CHECK(whole.train.y == labels{6, 0, 9, 2, 1, 2, 2});
}

TEST_CASE("cifar10: as it is published, packed or unpacked") {
  test::folder const at;
  std::string archive = test::tar_member("cifar-10-batches-bin/", "", '5') +
                        test::tar_member("cifar-10-batches-bin/readme.html", "hello");
  // in no order, as in the real one
  for (int const i : {4, 2, 5, 1, 3}) {
    auto const name = "cifar-10-batches-bin/data_batch_" + std::to_string(i) + ".bin";
    archive += test::tar_member(name, records(std::string(1, static_cast<char>(i))));
  }
  std::string const test_batch =
      test::tar_member("cifar-10-batches-bin/test_batch.bin", records("\x07"));
  write_file(at / "cifar-10-binary.tar.gz", gzip(archive + test_batch + test::tar_end()));
  auto const data = tg::datasets::cifar10(at.path());
  CHECK(data.source == at.path().string());
  CHECK(data.train.y == labels{1, 2, 3, 4, 5});
  CHECK(data.test.y == labels{7});
  CHECK(data.test.x(0, 0, 1, 2) == 30.0f / 255.0f);

  write_file(at / "cifar-10-binary.tar.gz", gzip(archive + test::tar_end()));
  CHECK_THAT(message_of([&] { tg::datasets::cifar10(at.path()); }),
             EndsWith("cifar-10-binary.tar.gz: the archive has no test_batch.bin"));
  // unpacked files come first
  put_small_cifar(at / "cifar-10-batches-bin");
  CHECK(tg::datasets::cifar10(at.path()).train.size() == 4);
}

TEST_CASE("cifar10: a given folder that is not complete or not right is an error") {
  test::folder const at;
  auto const folder = at / "c";
  auto const error = [&] { return message_of([&] { tg::datasets::cifar10(folder); }); };
  CHECK_THAT(error(), ContainsSubstring("there is no such folder; CIFAR-10 needs one"));
  std::filesystem::create_directories(folder);
  CHECK_THAT(error(), ContainsSubstring("lacks test_batch.bin (or the same with .gz)"));
  write_file(folder / "test_batch.bin", records("\x03"));
  CHECK_THAT(error(), ContainsSubstring("lacks data_batch_1.bin (or the same with .gz)"));
  write_file(folder / "data_batch_1.bin", "");
  CHECK_THAT(error(), EndsWith("data_batch_1.bin: the file is empty; CIFAR-10's hold records of"
                               " 3073 bytes"));
  std::string content = records("\x03\x04\x05");
  write_file(folder / "data_batch_1.bin", std::string_view(content).substr(0, 2 * 3073 + 100));
  CHECK_THAT(error(),
             EndsWith("data_batch_1.bin: holds 2 records of 3073 bytes (a label and 3072 values of"
                      " pixels) and then 100 bytes; it is cut off, or no file of CIFAR-10"));
  content[2 * 3073] = 10;
  write_file(folder / "data_batch_1.bin", content);
  CHECK_THAT(error(), EndsWith("data_batch_1.bin: byte 6146 of the content is the label 10, which"
                               " is not a class from 0 to 9"));
  std::filesystem::remove(folder / "data_batch_1.bin");
  std::string const packed = gzip(content);
  write_file(folder / "data_batch_1.bin.gz", std::string_view(packed).substr(0, packed.size() / 2));
  CHECK_THAT(error(), ContainsSubstring("the gzip data ends too early"));
  std::string damaged = gzip(records("\x03"));
  damaged[damaged.size() - 6] ^= 1;  // its checksum
  write_file(folder / "data_batch_1.bin.gz", damaged);
  CHECK_THAT(error(), ContainsSubstring("the gzip data is damaged"));
}

TEST_CASE("cifar10: where it is looked for, in order") {
  bare_machine const machine;
  auto const made = tg::datasets::cifar10();
  CHECK_THAT(made.source, ContainsSubstring("synthetic shapes"));
  CHECK_THAT(made.source, ContainsSubstring("no CIFAR-10 files; TYPEGRAD_OFFLINE is set"));
  CHECK(made.train.size() == 10000);
  CHECK(made.test.size() == 2000);
  CHECK(made.train.x.shape(3) == 3);

  auto const cache = machine.home / "cache/typegrad/cifar10";
  put_small_cifar(cache);
  CHECK_THAT(tg::datasets::cifar10().source, ContainsSubstring(cache.string()));

  auto const data = machine.home / "data";
  std::filesystem::create_directories(data);
  test::environment const set("TYPEGRAD_DATA", data.string());
  CHECK_THAT(tg::datasets::cifar10().source, ContainsSubstring(cache.string()));
  put_small_cifar(data);
  CHECK_THAT(tg::datasets::cifar10().source, ContainsSubstring("data (TYPEGRAD_DATA)"));
  put_small_cifar(data / "cifar10");
  CHECK_THAT(tg::datasets::cifar10().source, ContainsSubstring("cifar10 (TYPEGRAD_DATA), 2 of"));
  // Some of the files are no reason to look elsewhere in silence.
  std::filesystem::remove(data / "cifar10" / "test_batch.bin");
  CHECK_THAT(message_of([] { tg::datasets::cifar10(); }), ContainsSubstring("lacks test_batch"));
}

TEST_CASE("cifar10: without files and with a broken network there are shapes, and a reason") {
  bare_machine const machine;
  test::environment const online("TYPEGRAD_OFFLINE", std::nullopt);
  test::environment const nothing("PATH", (machine.home / "none").string());
  CHECK_THAT(tg::datasets::cifar10().source,
             ContainsSubstring("no download: the program curl could not be run"));
}

TEST_CASE("cifar10: the real files") {
  auto const folder = test::real_data("cifar10");
  if (!folder) SKIP("TYPEGRAD_DATA has no folder cifar10");
  auto const data = tg::datasets::cifar10(*folder);
  CHECK(data.train.size() >= 10000);
  CHECK(data.train.size() % 10000 == 0);
  CHECK(data.test.size() >= 5000);
  CHECK(xt::amin(data.train.y)() == 0);
  CHECK(xt::amax(data.train.y)() == 9);
  // the means of red, green and blue over the whole set, as published everywhere
  double sums[3] = {};
  for (std::size_t i = 0; i < data.train.x.size(); ++i)
    sums[i % 3] += static_cast<double>(data.train.x.data()[i]);
  double const published[] = {0.4914, 0.4822, 0.4465};
  for (int c = 0; c < 3; ++c)
    CHECK(std::abs(3 * sums[c] / static_cast<double>(data.train.x.size()) - published[c]) < 0.01);
}
