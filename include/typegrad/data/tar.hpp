// SPDX-License-Identifier: BSL-1.0
// The files in a tar archive, one after another.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/byte_reader.hpp>
#include <typegrad/data/message.hpp>

namespace typegrad::data_detail {

/// Walks through a tar archive (POSIX ustar, or the older form without its magic), which may be
/// gzip. Throws std::runtime_error with the archive's name for what is damaged or cut off.
template <int = 0>
class basic_tar_reader {
 public:
  explicit basic_tar_reader(std::filesystem::path const& path) : bytes_(path) {}

  /// The name of the next regular file, none at the end. What was not read of the last is skipped.
  std::optional<std::string> next() {
    skip(left_ + padding_);
    left_ = padding_ = 0;
    for (;;) {
      std::uint64_t const at = bytes_.position();
      std::size_t const got = bytes_.read(header_.data(), header_.size());
      if (got == 0) return std::nullopt;  // the closing blocks of zeros may be missing
      if (got < header_.size()) fail("ends in the middle of a header");
      if (std::all_of(header_.begin(), header_.end(), [](unsigned char c) { return c == 0; }))
        return std::nullopt;
      if (checksum() != number(148, 8, at))
        fail(message("the header at byte ", at, " has a wrong checksum"));
      left_ = number(124, 12, at);
      padding_ = (header_.size() - left_ % header_.size()) % header_.size();
      char const type = static_cast<char>(header_[156]);
      if (type == '0' || type == '\0') return name();
      skip(left_ + padding_);  // a folder, a link, or attributes of the next
    }
  }

  /// Reads up to `size` bytes of the file; fewer only at its end.
  std::size_t read(void* to, std::size_t size) {
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    if (bytes_.read(to, wanted) < wanted) fail("ends in the middle of a file");
    left_ -= wanted;
    return wanted;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw std::runtime_error(message(bytes_.name(), ": the tar archive is damaged: ", what));
  }

  std::string text(std::size_t begin, std::size_t size) const {
    auto const* const first = header_.data() + begin;
    return {first, std::find(first, first + size, 0)};
  }
  std::string name() const {
    std::string const prefix = text(257, 5) == "ustar" ? text(345, 155) : "";
    return prefix.empty() ? text(0, 100) : prefix + '/' + text(0, 100);
  }

  // An octal number, with spaces before it and a space or zero after it.
  std::uint64_t number(std::size_t begin, std::size_t size, std::uint64_t at) const {
    std::uint64_t value = 0;
    std::size_t i = begin;
    while (i < begin + size && header_[i] == ' ') ++i;
    for (; i < begin + size && header_[i] != ' ' && header_[i] != 0; ++i) {
      if (header_[i] < '0' || header_[i] > '7')
        fail(message("byte ", at + i, " is no digit of an octal number"));
      value = value * 8 + (header_[i] - '0');
    }
    return value;
  }
  // The sum of all bytes, those of the checksum itself taken as spaces.
  std::uint64_t checksum() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header_.size(); ++i)
      sum += i >= 148 && i < 156 ? static_cast<unsigned char>(' ') : header_[i];
    return sum;
  }

  void skip(std::uint64_t count) {
    std::array<unsigned char, 4096> dropped;
    while (count > 0) {
      auto const piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, dropped.size()));
      if (bytes_.read(dropped.data(), piece) < piece) fail("ends in the middle of a file");
      count -= piece;
    }
  }

  byte_reader bytes_;
  std::array<unsigned char, 512> header_{};
  std::uint64_t left_ = 0, padding_ = 0;
};
using tar_reader = basic_tar_reader<>;

}  // namespace typegrad::data_detail
