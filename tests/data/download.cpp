// SPDX-License-Identifier: BSL-1.0
// The network is played by a `curl` of our own, first on the PATH.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <typegrad/data/datasets/mnist.hpp>
#include <typegrad/data/download.hpp>

#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string sum_of(std::string_view text) {
  tg::data_detail::md5 sum;
  sum.update(text.data(), text.size());
  return sum.finish();
}

// A machine whose curl copies what `good/` has, fails for `bad/`, and cheats for `forged/`.
struct network {
  test::folder at;
  test::environment path;

  network() : path("PATH", (at / "bin").string() + ":" + std::getenv("PATH")) {
    std::filesystem::create_directories(at / "bin");
    auto const curl = at / "bin/curl";
    test::write_file(curl, R"(#!/bin/sh
echo "$@" >> ")" + (at / "calls").string() +
                               R"("
while [ $# -gt 1 ]; do
  if [ "$1" = --output ]; then out=$2; fi
  shift
done
case "$1" in
  */good/*) printf 'content of %s' "${1##*/}" > "$out" ;;
  */forged/*) printf 'something else' > "$out" ;;
  *) printf 'half' > "$out"; exit 22 ;;
esac
)");
    std::filesystem::permissions(curl, std::filesystem::perms::owner_all);
  }
};

}  // namespace

TEST_CASE("md5: the examples of RFC 1321") {
  CHECK(sum_of("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(sum_of("abc") == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(sum_of("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(
      sum_of("12345678901234567890123456789012345678901234567890123456789012345678901234567890") ==
      "57edf4a22be3c955ac49da2e2107b67a");
  std::string const text(1000, 'x');
  tg::data_detail::md5 pieces;
  for (std::size_t i = 0; i < 1000; i += 7) {
    pieces.update(text.data() + i, std::min<std::size_t>(7, 1000 - i));
  }
  CHECK(pieces.finish() == sum_of(text));
}

TEST_CASE("download: the first mirror with the right file") {
  network const net;
  std::string const a = sum_of("content of a"), b = sum_of("content of b");
  std::array<tg::data_detail::published_file, 2> const files{{{"a", a}, {"b", b}}};
  std::array<std::string_view, 3> const mirrors{"http://x/bad/", "http://x/forged/",
                                                "http://x/good/"};
  auto const folder = net.at / "cache/typegrad/set";
  CHECK(tg::data_detail::download(files, mirrors, folder) == std::nullopt);
  CHECK(test::read_file(folder / "a") == "content of a");
  CHECK(test::read_file(folder / "b") == "content of b");
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  // What is there is not fetched again.
  std::filesystem::remove(net.at / "calls");
  CHECK(tg::data_detail::download(files, mirrors, folder) == std::nullopt);
  CHECK(!std::filesystem::exists(net.at / "calls"));
}

TEST_CASE("download: no mirror, a wrong file, no curl") {
  network const net;
  std::string const a = sum_of("content of a");
  std::array<tg::data_detail::published_file, 1> const files{{{"a", a}}};
  auto const folder = net.at / "cache";
  auto const reason = [&](std::string_view mirror) {
    std::array<std::string_view, 1> const mirrors{mirror};
    return tg::data_detail::download(files, mirrors, folder).value_or("");
  };
  CHECK_THAT(reason("http://x/bad/"),
             ContainsSubstring("curl ended with status 22 for http://x/bad/a"));
  CHECK_THAT(reason("http://x/forged/"), ContainsSubstring("has the MD5 "));
  // No shell reads the address.
  CHECK_THAT(reason("http://x/$(touch pwned);`touch pwned`/"), ContainsSubstring("status 22"));
  CHECK(std::filesystem::is_empty(folder));  // nothing partial is left
  {
    test::environment const nothing("PATH", (net.at / "none").string());
    CHECK_THAT(reason("http://x/good/"), ContainsSubstring("the program curl could not be run"));
  }
  test::write_file(net.at / "file", "");
  std::array<std::string_view, 1> const mirrors{"http://x/good/"};
  CHECK_THAT(tg::data_detail::download(files, mirrors, net.at / "file/cache").value_or(""),
             ContainsSubstring("cannot create"));
}

TEST_CASE("download: mnist() without files and with a broken network makes digits and says why") {
  network const net;
  test::environment const data("TYPEGRAD_DATA", std::nullopt);
  test::environment const cache("XDG_CACHE_HOME", (net.at / "cache").string());
  test::environment const online("TYPEGRAD_OFFLINE", std::nullopt);
  auto const digits = tg::datasets::mnist();
  CHECK_THAT(digits.source, ContainsSubstring("synthetic digits made in code"));
  CHECK_THAT(digits.source,
             ContainsSubstring("no download: curl ended with status 22 for https://"));
  std::string const calls = test::read_file(net.at / "calls");
  CHECK_THAT(calls, ContainsSubstring("--connect-timeout"));
  CHECK_THAT(calls, ContainsSubstring("/mnist/train-images-idx3-ubyte.gz"));
  {
    test::environment const offline("TYPEGRAD_OFFLINE", "1");
    std::filesystem::remove(net.at / "calls");
    tg::datasets::mnist();
    CHECK(!std::filesystem::exists(net.at / "calls"));
  }
}
