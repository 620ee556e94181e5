// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <string>
#include <typegrad/data/tar.hpp>
#include <utility>
#include <vector>

#include "idx_files.hpp"
#include "support.hpp"
#include "tar_files.hpp"

using Catch::Matchers::ContainsSubstring;
using test::message_of;
using test::tar_member;
using typegrad::data_detail::tar_reader;

namespace {

using members = std::vector<std::pair<std::string, std::string>>;

members all_of(std::filesystem::path const& path) {
  members out;
  tar_reader archive(path);
  while (auto const name = archive.next()) {
    std::string content;
    char piece[100];
    while (std::size_t const got = archive.read(piece, sizeof piece)) content.append(piece, got);
    out.emplace_back(*name, content);
  }
  return out;
}

}  // namespace

TEST_CASE("tar: members in order, gzip or not, folders left out") {
  test::folder const at;
  std::string const large(1500, 'x');
  std::string const archive = tar_member("d/", "", '5') + tar_member("d/a", "one") +
                              tar_member("d/empty", "") + tar_member("d/b", large);
  members const expected{{"d/a", "one"}, {"d/empty", ""}, {"d/b", large}};
  test::write_file(at / "plain.tar", archive + test::tar_end());
  test::write_file(at / "packed.tar.gz", test::gzip(archive + test::tar_end()));
  test::write_file(at / "open.tar", archive);
  CHECK(all_of(at / "plain.tar") == expected);
  CHECK(all_of(at / "packed.tar.gz") == expected);
  CHECK(all_of(at / "open.tar") == expected);
  // What is not read is skipped.
  tar_reader reader(at / "plain.tar");
  CHECK(reader.next() == "d/a");
  char letter = 0;
  CHECK(reader.read(&letter, 1) == 1);
  CHECK(letter == 'o');
  CHECK(reader.next() == "d/empty");
  CHECK(reader.read(&letter, 1) == 0);
  CHECK(reader.next() == "d/b");
  CHECK(reader.next() == std::nullopt);
}

TEST_CASE("tar: what the system's tar writes") {
  test::folder const at;
  std::filesystem::create_directories(at / "in/deep");
  test::write_file(at / "in/deep/file.bin", std::string(1000, 'q'));
  std::string const command = "tar -C " + (at / "in").string() + " -czf " +
                              (at / "out.tar.gz").string() + " deep 2>/dev/null";
  if (std::system(command.c_str()) != 0) SKIP("no program tar");
  CHECK(all_of(at / "out.tar.gz") == members{{"deep/file.bin", std::string(1000, 'q')}});
}

TEST_CASE("tar: a damaged archive says so") {
  test::folder const at;
  auto const error = [&](std::string const& content) {
    test::write_file(at / "x.tar", content);
    return message_of([&] { all_of(at / "x.tar"); });
  };
  std::string const whole = tar_member("a", std::string(700, 'x'));
  CHECK_THAT(error(whole.substr(0, 300)), ContainsSubstring("ends in the middle of a header"));
  CHECK_THAT(error(whole.substr(0, 800)), ContainsSubstring("ends in the middle of a file"));
  CHECK_THAT(error(whole.substr(0, 1300)), ContainsSubstring("ends in the middle of a file"));
  std::string wrong = whole;
  wrong[0] = 'b';
  CHECK_THAT(error(wrong), ContainsSubstring("the header at byte 0 has a wrong checksum"));
  wrong = whole;
  wrong[150] = '9';
  CHECK_THAT(error(wrong), ContainsSubstring("byte 150 is no digit of an octal number"));
  CHECK_THAT(error(std::string(512, 'z')), ContainsSubstring("the tar archive is damaged"));
}
