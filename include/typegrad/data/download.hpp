// SPDX-License-Identifier: BSL-1.0
// Fetches published files into the user's cache, with the `curl` program.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typegrad/data/md5.hpp>
#include <typegrad/data/message.hpp>
#include <vector>

#if __has_include(<spawn.h>) && __has_include(<sys/wait.h>)
#define TYPEGRAD_CAN_SPAWN 1
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#else
#define TYPEGRAD_CAN_SPAWN 0
#endif

#if TYPEGRAD_CAN_SPAWN
extern "C" char** environ;
#endif

namespace typegrad::data_detail {

/// An environment variable, if it is set and not empty.
template <int = 0>
std::optional<std::string> environment(char const* name) {
  char const* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

/// `$XDG_CACHE_HOME/typegrad`, else `~/.cache/typegrad`; nothing where neither is known.
template <int = 0>
std::optional<std::filesystem::path> cache_folder() {
  if (auto const xdg = environment("XDG_CACHE_HOME"); xdg && xdg->front() == '/') {
    return std::filesystem::path(*xdg) / "typegrad";
  }
  if (auto const home = environment("HOME")) {
    return std::filesystem::path(*home) / ".cache" / "typegrad";
  }
  return std::nullopt;
}

/// `TYPEGRAD_OFFLINE` set to anything but 0: nothing is downloaded.
template <int = 0>
bool offline() {
  auto const value = environment("TYPEGRAD_OFFLINE");
  return value && *value != "0";
}

/// Runs a program found on the PATH, without a shell, and waits for it: its exit status, or -1
/// where it could not be run or was killed.
template <int = 0>
int run_program(std::vector<std::string> arguments) {
#if TYPEGRAD_CAN_SPAWN
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), ::environ) != 0) return -1;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
#else
  static_cast<void>(arguments);
  return -1;
#endif
}

/// A published file: its name below a mirror's address, its MD5, and a bound on its size.
struct published_file {
  std::string_view name;
  std::string_view md5;
  std::size_t most_bytes = 100'000'000;
};

// One file into `folder`, whole and right or not at all; says why not.
template <int = 0>
std::optional<std::string> download_file(published_file const& file,
                                         std::span<std::string_view const> mirrors,
                                         std::filesystem::path const& folder) {
  static unsigned serial = 0;
#if TYPEGRAD_CAN_SPAWN
  auto const process = static_cast<long>(::getpid());
#else
  long const process = 0;
#endif
  auto const part = folder / message('.', file.name, '.', process, '.', serial++, ".part");
  struct remover {
    std::filesystem::path const& path;
    ~remover() {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  } const remove_part{part};
  std::string reason = "there is no mirror";
  for (std::string_view const mirror : mirrors) {
    std::string const address = message(mirror, file.name);
    int const status = run_program({"curl",
                                    "--silent",
                                    "--fail",
                                    "--location",
                                    "--proto",
                                    "=http,https",
                                    "--connect-timeout",
                                    "5",
                                    "--speed-time",
                                    "15",
                                    "--speed-limit",
                                    "1000",
                                    "--max-time",
                                    message(80 + file.most_bytes / 1'000'000),
                                    "--max-filesize",
                                    message(file.most_bytes),
                                    "--output",
                                    part.string(),
                                    "--",
                                    address});
    if (status != 0) {
      reason = status == -1 || status == 127
                   ? std::string("the program curl could not be run")
                   : message("curl ended with status ", status, " for ", address);
      continue;
    }
    std::error_code error;
    if (!std::filesystem::exists(part, error)) {
      reason = message("curl wrote nothing for ", address);
      continue;
    }
    if (std::string const sum = md5_of_file(part); sum != file.md5) {
      reason = message(address, " has the MD5 ", sum, ", not ", file.md5);
      continue;
    }
    std::filesystem::rename(part, folder / file.name, error);
    if (error)
      return message("cannot write ", (folder / file.name).string(), ": ", error.message());
    return std::nullopt;
  }
  return reason;
}

/// Fetches those files that `folder` does not have yet from the first mirror that has them. Each
/// is checked against its MD5 before it gets its name. Nothing, or the reason why it failed.
template <int = 0>
std::optional<std::string> download(std::span<published_file const> files,
                                    std::span<std::string_view const> mirrors,
                                    std::filesystem::path const& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return message("cannot create ", folder.string(), ": ", error.message());
  for (auto const& file : files) {
    if (std::filesystem::exists(folder / file.name, error)) continue;
    if (auto reason = download_file(file, mirrors, folder)) return reason;
  }
  return std::nullopt;
}

}  // namespace typegrad::data_detail
