// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>
#include <typegrad/io/base64.hpp>
#include <typegrad/io/png.hpp>

#include "../data/support.hpp"
#include "png_reader.hpp"

namespace tg = typegrad;
namespace io = typegrad::io_detail;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

namespace {

std::string pixels(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<char>((i * 37 + i / 11) & 0xffU);
  return out;
}

}  // namespace

TEST_CASE("png: base64 and checksums are the published ones") {
  CHECK(io::base64("") == "");
  CHECK(io::base64("f") == "Zg==");
  CHECK(io::base64("fo") == "Zm8=");
  CHECK(io::base64("foo") == "Zm9v");
  CHECK(io::base64("foobar") == "Zm9vYmFy");
  CHECK(io::base64("\xff\xfe\xfd") == "//79");
  CHECK(io::crc32("123456789") == 0xcbf43926U);
  CHECK(io::adler32("Wikipedia") == 0x11e60398U);
}

TEST_CASE("png: pixels come back") {
  for (unsigned const channels : {1U, 3U}) {
    for (auto const& [height, width] :
         {std::pair<std::size_t, std::size_t>{1, 1}, {28, 28}, {3, 200}}) {
      std::string const given = pixels(height * width * channels);
      auto const read = test::read_png(tg::png(given, height, width, channels));
      CHECK(read.height == height);
      CHECK(read.width == width);
      CHECK(read.channels == channels);
      CHECK(read.pixels == given);
    }
  }
}

TEST_CASE("png: stored blocks serve without zlib, also several of them") {
  for (unsigned const size : {0U, 1U, 784U, 0xffffU, 0x10000U, 200'000U}) {
    std::string const bytes = pixels(size);
    std::string const stream = io::store(bytes);
    CHECK(test::unstore(stream) == bytes);
    CHECK(test::inflate(stream, size) == bytes);
    CHECK(stream.size() <= size + 11 + size / 0xffff * 5);
  }
}

TEST_CASE("png: errors") {
  CHECK_THAT(message_of([] { tg::png("abcd", 1, 1, 4); }),
             ContainsSubstring("1 (grey) or 3 (RGB) channels, not 4"));
  CHECK_THAT(message_of([] { tg::png("abc", 2, 2, 1); }),
             ContainsSubstring("an image of 2x2x1 needs as many bytes, got 3"));
  CHECK_THAT(message_of([] { tg::png("", 0, 2, 1); }), ContainsSubstring("0x2 pixels"));
}
