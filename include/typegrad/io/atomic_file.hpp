// SPDX-License-Identifier: BSL-1.0
// Replaces a file as a whole or not at all.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typegrad/data/message.hpp>
#include <utility>

namespace typegrad {

/// A file written beside its final place and moved there by `commit`: content and folder are
/// synced to the disk, so a crash at any moment leaves the old file or the new one, never a part.
/// Whatever fails throws std::runtime_error with the file's name and the system's reason, leaves
/// the old file as it was and removes the temporary one. Needs POSIX.
class atomic_file {
 public:
  explicit atomic_file(std::filesystem::path const& path)
      : name_(data_detail::file_name(path.string())) {
    std::error_code error;
    auto const real = std::filesystem::canonical(path, error);  // through a symbolic link
    target_ = (error ? path : real).string();
    auto const folder = std::filesystem::path(target_).parent_path();
    folder_ = folder.empty() ? "." : folder.string();
    open();
  }
  atomic_file(atomic_file const&) = delete;
  atomic_file& operator=(atomic_file const&) = delete;
  ~atomic_file() { abandon(); }

  void write(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
      // Linux writes at most 2 GiB at once.
      std::size_t const count = bytes.size() < (1U << 30U) ? bytes.size() : 1U << 30U;
      auto const written = ::write(file_, bytes.data(), count);
      if (written < 0) {
        if (errno == EINTR) continue;
        fail("cannot write");
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void write(std::string_view characters) { write(std::as_bytes(std::span(characters))); }

  /// Makes what was written the file's content. To be called once, last.
  void commit() {
    if (::fsync(file_) != 0) fail("cannot write to the disk");
    if (::close(std::exchange(file_, -1)) != 0) fail("cannot close");
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot replace the file");
    temporary_.clear();
    sync_folder();
  }

 private:
  void open() {
    static std::atomic<unsigned> serial{0};
    auto const file_name = std::filesystem::path(target_).filename().string();
    struct stat old{};
    bool const replaces = ::stat(target_.c_str(), &old) == 0;
    if (replaces && S_ISDIR(old.st_mode)) {
      throw std::runtime_error(data_detail::message(name_, ": cannot write: it is a folder"));
    }
    if (file_name.empty() && !replaces)
      throw std::runtime_error(data_detail::message(name_, ": cannot write: it names no file"));
    for (int attempt = 0; file_ < 0; ++attempt) {
      temporary_ = data_detail::message(folder_, "/.", file_name.substr(0, 200), '.', ::getpid(),
                                        '.', serial++, ".part");
      file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file_ < 0 && (errno != EEXIST || attempt == 100)) {
        temporary_.clear();
        fail("cannot create a file beside it");
      }
    }
    // The new file may be read by whom the old one may.
    if (replaces) static_cast<void>(::fchmod(file_, old.st_mode & 07777U));
  }

  void sync_folder() {
    int const folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool const synced = folder >= 0 && ::fsync(folder) == 0;
    int const reason = errno;
    if (folder >= 0) ::close(folder);
    // EINVAL: a file system that cannot sync folders. EACCES: a folder one may not list.
    if (!synced && reason != EINVAL && reason != EACCES) {
      throw std::runtime_error(data_detail::message(
          name_, ": written, but its folder could not be synced: ", std::strerror(reason)));
    }
  }

  [[noreturn]] void fail(std::string_view what) {
    int const reason = errno;
    abandon();
    throw std::runtime_error(data_detail::message(name_, ": ", what, ": ", std::strerror(reason)));
  }

  void abandon() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
  }

  std::string name_, target_, folder_, temporary_;
  int file_ = -1;
};

/// std::invalid_argument for a path whose extension is another than that of what will be written,
/// ".svg"; it may have none.
template <int = 0>
void require_extension(std::string_view who, std::filesystem::path const& path,
                       std::string_view extension) {
  std::string has = path.extension().string();
  for (char& c : has) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (!has.empty() && has != extension)
    throw std::invalid_argument(data_detail::message(who, ": ", path.string(), " is written as ",
                                                     extension.substr(1),
                                                     "; give it the extension ", extension));
}

/// Writes the parts one after another as the file's new content, as a whole or not at all.
template <int = 0>
void write_atomically(std::filesystem::path const& path,
                      std::span<std::span<std::byte const> const> parts) {
  atomic_file file(path);
  for (auto const part : parts) file.write(part);
  file.commit();
}

template <int = 0>
void write_atomically(std::filesystem::path const& path, std::string_view characters) {
  atomic_file file(path);
  file.write(characters);
  file.commit();
}

}  // namespace typegrad
