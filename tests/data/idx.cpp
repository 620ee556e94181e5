// SPDX-License-Identifier: BSL-1.0
#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <string>
#include <typegrad/data/idx.hpp>

#include "idx_files.hpp"
#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::big_endian;
using test::gzip;
using test::idx;
using test::message_of;
using test::write_file;

TEST_CASE("idx: every type code, plain and gzip") {
  test::folder const at;
  auto const file = at / "a.idx";
  for (bool const zipped : {false, true}) {
    auto const put = [&](std::string const& content) {
      write_file(file, zipped ? gzip(content) : content);
    };
    put(idx(0x08, {2, 3}, std::string("\x00\x01\x02\x03\x04\xff", 6)));
    auto const bytes = tg::read_idx<std::uint8_t>(file);
    REQUIRE(bytes.dimension() == 2);
    REQUIRE(bytes.shape(0) == 2);
    REQUIRE(bytes.shape(1) == 3);
    CHECK(bytes(0, 1) == 1);
    CHECK(bytes(1, 2) == 255);
    CHECK(tg::read_idx<float>(file)(1, 2) == 255.0f);
    CHECK(tg::read_idx<std::int32_t>(file)(1, 2) == 255);

    put(idx(0x09, {2}, "\xff\x7f"));
    CHECK(tg::read_idx<std::int8_t>(file)(0) == -1);
    CHECK(tg::read_idx<double>(file)(1) == 127.0);

    put(idx(0x0b, {2}, big_endian(0xfffe, 2) + big_endian(258, 2)));
    CHECK(tg::read_idx<std::int16_t>(file)(0) == -2);
    CHECK(tg::read_idx<float>(file)(1) == 258.0f);

    put(idx(0x0c, {1, 1, 1, 1}, big_endian(0x80000001, 4)));
    CHECK(tg::read_idx<std::int32_t>(file)(0, 0, 0, 0) == -2147483647);

    put(idx(0x0d, {1}, big_endian(std::bit_cast<std::uint32_t>(-1.5f), 4)));
    CHECK(tg::read_idx<float>(file)(0) == -1.5f);

    put(idx(0x0e, {1}, big_endian(std::bit_cast<std::uint64_t>(0.1), 8)));
    CHECK(tg::read_idx<double>(file)(0) == 0.1);
  }
}

TEST_CASE("idx: no dims, a dim of 0, many values") {
  test::folder const at;
  auto const file = at / "a.idx";
  write_file(file, idx(0x08, {}, "\x07"));
  CHECK(tg::read_idx<std::uint8_t>(file)() == 7);

  write_file(file, idx(0x08, {0, 28, 28}, ""));
  CHECK(tg::read_idx<std::uint8_t>(file).size() == 0);

  std::string values;
  for (unsigned i = 0; i < 100000; ++i) values += big_endian(i, 4);
  write_file(file, gzip(idx(0x0c, {100, 1000}, values)));
  auto const many = tg::read_idx<std::int32_t>(file);
  bool all = true;
  for (std::size_t i = 0; i < many.size(); ++i) {
    all = all && many.data()[i] == static_cast<std::int32_t>(i);
  }
  CHECK(all);
}

TEST_CASE("idx: gzip members in a row are one content") {
  test::folder const at;
  auto const whole = idx(0x08, {6}, "abcdef");
  write_file(at / "a.gz", gzip(whole.substr(0, 5)) + gzip(whole.substr(5)));
  CHECK(tg::read_idx<std::uint8_t>(at / "a.gz")(5) == 'f');
}

TEST_CASE("idx: a damaged file is a sentence with its name and the byte") {
  test::folder const at;
  auto const file = at / "bad.idx";
  auto const error = [&](std::string const& content) {
    write_file(file, content);
    auto const text = message_of([&] { tg::read_idx<std::uint8_t>(file); });
    CHECK_THAT(text, ContainsSubstring(file.string()));
    return text;
  };
  CHECK_THAT(error(""), ContainsSubstring("ends at byte 0, inside the magic number"));
  CHECK_THAT(error(std::string("\0\0\x08", 3)), ContainsSubstring("ends at byte 3"));
  CHECK_THAT(error("hello world"), ContainsSubstring("byte 0 starts with 68 65 6c 6c"));
  CHECK_THAT(error(idx(0x0a, {1}, "x")), ContainsSubstring("not an IDX file"));
  CHECK_THAT(error(idx(0x08, {1, 1}, "x").substr(0, 9)),
             ContainsSubstring("ends at byte 9, inside dim 1"));
  CHECK_THAT(error(idx(0x08, {3}, "ab")), ContainsSubstring("more than the file can hold"));
  CHECK_THAT(error(idx(0x08, {3}, "abcd")), ContainsSubstring("more bytes follow the 3 values"));
  CHECK_THAT(error(idx(0x08, {3}, "abcd")), ContainsSubstring("from byte 11"));
  CHECK_THAT(error(idx(0x0e, {1}, big_endian(0, 8))), ContainsSubstring("float64"));
  // 2^32 - 1 in each of 4 dims: more than 64 bits can count.
  CHECK_THAT(error(idx(0x08, std::vector<std::uint32_t>(4, 0xffffffff), "x")),
             ContainsSubstring("4294967295x4294967295x4294967295x4294967295"));
  CHECK_THAT(error(idx(0x0e, std::vector<std::uint32_t>(255, 0xffffffff), "x")),
             ContainsSubstring("more than the file can hold"));

  CHECK_THAT(message_of([&] { tg::read_idx<std::uint8_t>(at / "none"); }),
             ContainsSubstring("there is no such file"));
  CHECK_THAT(message_of([&] { tg::read_idx<std::uint8_t>(at.path()); }),
             ContainsSubstring("not a regular file"));
}

TEST_CASE("idx: damaged gzip") {
  test::folder const at;
  auto const file = at / "bad.gz";
  std::string values;
  for (int i = 0; i < 1000; ++i) values += static_cast<char>(i * i % 251);
  auto const good = gzip(idx(0x08, {1000}, values));
  auto const error = [&](std::string const& content) {
    write_file(file, content);
    return message_of([&] { tg::read_idx<std::uint8_t>(file); });
  };
  REQUIRE(error(good).empty());
  for (std::size_t cut = 2; cut < good.size(); ++cut) {
    CHECK_THAT(error(good.substr(0, cut)), ContainsSubstring("truncated"));
  }
  CHECK_THAT(error(good + "tail"), ContainsSubstring("bytes that are not gzip follow"));
  auto flipped = good;
  flipped[flipped.size() - 6] ^= 1;  // in the checksum
  CHECK_THAT(error(flipped), ContainsSubstring("damaged near byte"));
  // A small file that promises a thousand times its size takes no memory for it.
  CHECK_THAT(error(gzip(idx(0x08, {4000000000U}, "x"))), ContainsSubstring("more than the file"));
  auto const zeros = gzip(idx(0x08, {80'050'000U}, std::string(80'000'000, '\0')));
  CHECK_THAT(error(zeros), ContainsSubstring("the values end at byte 80000008 of 80050008"));
}
