// SPDX-License-Identifier: BSL-1.0
// Help for tests that read files: a folder that goes away, environment variables, messages.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace test {

/// A new folder that is removed with all that is in it.
class folder {
 public:
  folder() {
    static std::atomic<int> serial{0};
    path_ = std::filesystem::temp_directory_path() /
            ("typegrad-test-" + std::to_string(::getpid()) + "-" + std::to_string(serial++));
    std::filesystem::create_directories(path_);
  }
  folder(folder const&) = delete;
  folder& operator=(folder const&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::filesystem::path const& path() const { return path_; }
  std::size_t entries() const {
    std::size_t count = 0;
    for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::filesystem::path path_;
};

/// An environment variable with another value (or none) for a while.
class environment {
 public:
  environment(char const* name, std::optional<std::string> value) : name_(name) {
    if (char const* const old = std::getenv(name)) old_ = old;
    set(value);
  }
  environment(environment const&) = delete;
  environment& operator=(environment const&) = delete;
  ~environment() { set(old_); }

 private:
  void set(std::optional<std::string> const& value) {
    if (value) {
      ::setenv(name_, value->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  char const* name_;
  std::optional<std::string> old_;
};

inline void write_file(std::filesystem::path const& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string read_file(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The message of what `action` throws; empty if it throws nothing.
template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (std::exception const& error) {
    return error.what();
  }
  return {};
}

/// `$TYPEGRAD_DATA`, if it is set and holds `name`.
inline std::optional<std::filesystem::path> real_data(std::string_view name) {
  char const* const data = std::getenv("TYPEGRAD_DATA");
  if (data == nullptr || *data == '\0') return std::nullopt;
  auto path = std::filesystem::path(data) / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

/// No data folder, an empty cache, no network: what a test does not set is not there.
struct bare_machine {
  folder home;
  environment data{"TYPEGRAD_DATA", std::nullopt};
  environment cache{"XDG_CACHE_HOME", (home / "cache").string()};
  environment offline{"TYPEGRAD_OFFLINE", "1"};
};

}  // namespace test
