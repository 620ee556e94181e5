// SPDX-License-Identifier: BSL-1.0
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <typegrad/io/atomic_file.hpp>

#include "../data/support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;
using test::read_file;
using test::write_file;

TEST_CASE("atomic_file: a new file, then another content") {
  test::folder const at;
  auto const file = at / "a.bin";
  tg::write_atomically(file, "first");
  CHECK(read_file(file) == "first");
  tg::write_atomically(file, "");
  CHECK(read_file(file).empty());
  std::string const one = "ab", two = "cde";
  std::span<std::byte const> const parts[] = {
      std::as_bytes(std::span(one)), {}, std::as_bytes(std::span(two))};
  tg::write_atomically(file, parts);
  CHECK(read_file(file) == "abcde");
  CHECK(at.entries() == 1);
}

TEST_CASE("atomic_file: nothing is seen before commit, nothing is left without it") {
  test::folder const at;
  auto const file = at / "a.bin";
  write_file(file, "old");
  {
    tg::atomic_file out(file);
    out.write("new");
    CHECK(read_file(file) == "old");
    CHECK(at.entries() == 2);
  }
  CHECK(read_file(file) == "old");
  CHECK(at.entries() == 1);
}

TEST_CASE("atomic_file: a process that dies while it writes leaves the old file") {
  test::folder const at;
  auto const file = at / "a.bin";
  write_file(file, "old");
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    tg::atomic_file out(file);
    out.write("half of the ne");
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(read_file(file) == "old");
  tg::write_atomically(file, "new");  // what the dead process left is not in the way
  CHECK(read_file(file) == "new");
}

TEST_CASE("atomic_file: a full disk is an error with the file's name, and the old file stays") {
  test::folder const at;
  auto const file = at / "a.bin";
  write_file(file, "old");
  // A limit on the size of files fails like a disk without room.
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = old;
  small.rlim_cur = 1000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  auto const text = message_of([&] { tg::write_atomically(file, std::string(5000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK_THAT(text, ContainsSubstring("a.bin: cannot write: File too large"));
  CHECK(read_file(file) == "old");
  CHECK(at.entries() == 1);
}

TEST_CASE("atomic_file: places that cannot be written") {
  test::folder const at;
  CHECK_THAT(
      message_of([&] { tg::write_atomically(at / "none/a", "x"); }),
      ContainsSubstring("none/a: cannot create a file beside it: No such file or directory"));
  std::filesystem::create_directory(at / "dir");
  CHECK_THAT(message_of([&] { tg::write_atomically(at / "dir", "x"); }),
             ContainsSubstring("dir: cannot write: it is a folder"));
  {
    // The target becomes a folder meanwhile: the move fails.
    tg::atomic_file out(at / "late");
    out.write("x");
    std::filesystem::create_directory(at / "late");
    CHECK_THAT(message_of([&] { out.commit(); }), ContainsSubstring("cannot replace the file"));
  }
  CHECK(at.entries() == 2);
}

TEST_CASE("atomic_file: a link stays a link, permissions stay, a bare name works") {
  test::folder const at;
  write_file(at / "real", "old");
  std::filesystem::permissions(at / "real", std::filesystem::perms(0640));
  std::filesystem::create_symlink("real", at / "link");
  tg::write_atomically(at / "link", "new");
  CHECK(std::filesystem::is_symlink(at / "link"));
  CHECK(read_file(at / "real") == "new");
  CHECK(std::filesystem::status(at / "real").permissions() == std::filesystem::perms(0640));

  auto const before = std::filesystem::current_path();
  std::filesystem::current_path(at.path());
  tg::write_atomically("bare", "x");
  std::filesystem::current_path(before);
  CHECK(read_file(at / "bare") == "x");
}
