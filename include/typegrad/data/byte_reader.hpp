// SPDX-License-Identifier: BSL-1.0
// A file's content as a stream of bytes, inflated on the way if the file is gzip.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <typegrad/data/message.hpp>
#include <typegrad/data/zlib.hpp>
#include <vector>

namespace typegrad::data_detail {

/// Reads a regular file from its beginning. A file that starts with gzip's magic bytes is inflated
/// (several members in a row too), and its checksums are verified; without zlib it is refused with
/// a sentence.
/// Throws std::runtime_error with the file's name and, for a damaged file, the byte.
template <int = 0>
class basic_byte_reader {
 public:
  explicit basic_byte_reader(std::filesystem::path const& path) : name_(file_name(path.string())) {
    std::error_code error;
    auto const status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
      throw std::runtime_error(message(name_, ": there is no such file"));
    }
    if (!std::filesystem::is_regular_file(status)) {
      throw std::runtime_error(message(name_, ": not a regular file"));
    }
    file_.reset(std::fopen(name_.c_str(), "rb"));
    if (!file_) throw std::runtime_error(message(name_, ": cannot open: ", std::strerror(errno)));
    file_size_ = std::filesystem::file_size(path, error);
    if (error) throw std::runtime_error(message(name_, ": cannot read its size"));
    buffer_.resize(buffer_size);
    refill();
    gzip_ = available_ >= 2 && buffer_[0] == 0x1f && buffer_[1] == 0x8b;
    if (gzip_ && !TYPEGRAD_HAS_ZLIB) {
      throw std::runtime_error(message(name_, ": a gzip file, and this program was built without",
                                       " zlib; unpack it, or build with zlib"));
    }
#if TYPEGRAD_HAS_ZLIB
    if (gzip_) {
      stream_ = std::make_unique<inflater>();
      if (!stream_->good) throw std::runtime_error(message(name_, ": zlib could not be started"));
    }
#endif
  }

  /// Reads up to `size` bytes; fewer only at the end of the content.
  std::size_t read(void* to, std::size_t size) {
    auto* out = static_cast<unsigned char*>(to);
    std::size_t const got = gzip_ ? inflate_some(out, size) : copy_some(out, size);
    position_ += got;
    return got;
  }

  /// Whether nothing is left to read. For gzip this also checks the last member's checksum.
  bool at_end() {
    if (have_peeked_) return false;
    return read_peek() == 0;
  }

  std::string const& name() const { return name_; }
  bool gzip() const { return gzip_; }
  /// Bytes of content (after inflation) read so far.
  std::uint64_t position() const { return position_; }
  /// The most bytes of content that the file can hold; deflate shrinks at most 1032 times.
  std::uint64_t most_content() const { return gzip_ ? file_size_ * 1032 : file_size_; }

 private:
  static constexpr std::size_t buffer_size = 1 << 16;

  struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
#if TYPEGRAD_HAS_ZLIB
  struct inflater {
    inflater() : good(inflateInit2(&z, 15 + 16) == Z_OK) {}
    inflater(inflater const&) = delete;
    inflater& operator=(inflater const&) = delete;
    ~inflater() {
      if (good) inflateEnd(&z);
    }
    z_stream z{};
    bool good;
  };
#endif

  void refill() {
    file_position_ += available_;
    used_ = 0;
    available_ = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    if (available_ == 0 && std::ferror(file_.get()) != 0) {
      throw std::runtime_error(message(name_, ": reading failed after byte ", file_position_, ": ",
                                       std::strerror(errno)));
    }
  }

  std::size_t take_peeked(unsigned char* out, std::size_t size) {
    if (!have_peeked_ || size == 0) return 0;
    have_peeked_ = false;
    out[0] = peeked_;
    return 1;
  }

  std::size_t copy_some(unsigned char* out, std::size_t size) {
    std::size_t got = take_peeked(out, size);
    while (got < size) {
      if (used_ == available_) refill();
      if (available_ == 0) break;
      std::size_t const count = std::min(size - got, available_ - used_);
      std::memcpy(out + got, buffer_.data() + used_, count);
      used_ += count;
      got += count;
    }
    return got;
  }

#if TYPEGRAD_HAS_ZLIB
  std::size_t inflate_some(unsigned char* out, std::size_t size) {
    std::size_t got = take_peeked(out, size);
    z_stream& z = stream_->z;
    while (got < size) {
      if (used_ == available_) refill();
      if (between_members_) {
        if (available_ == 0) break;
        next_member();
      } else if (available_ == 0) {
        throw std::runtime_error(message(name_, ": the gzip data ends too early, at byte ",
                                         file_position_, "; the file is truncated"));
      }
      std::size_t const room = std::min<std::size_t>(size - got, 1U << 30U);
      z.next_in = buffer_.data() + used_;
      z.avail_in = static_cast<uInt>(available_ - used_);
      z.next_out = out + got;
      z.avail_out = static_cast<uInt>(room);
      int const state = inflate(&z, Z_NO_FLUSH);
      used_ = available_ - z.avail_in;
      got += room - z.avail_out;
      if (state == Z_STREAM_END) {
        between_members_ = true;
      } else if (state != Z_OK && state != Z_BUF_ERROR) {
        throw std::runtime_error(message(name_, ": the gzip data is damaged near byte ",
                                         file_position_ + used_, " (",
                                         z.msg != nullptr ? z.msg : "zlib gives no reason", ')'));
      }
    }
    return got;
  }

  // After a gzip member: another member, or bytes that do not belong there.
  void next_member() {
    if (buffer_[used_] != 0x1f) {
      throw std::runtime_error(message(name_,
                                       ": bytes that are not gzip follow the gzip data, at byte ",
                                       file_position_ + used_));
    }
    inflateReset(&stream_->z);
    between_members_ = false;
  }
#else
  std::size_t inflate_some(unsigned char*, std::size_t) { return 0; }
#endif

  std::size_t read_peek() {
    have_peeked_ = false;
    std::size_t const got = gzip_ ? inflate_some(&peeked_, 1) : copy_some(&peeked_, 1);
    have_peeked_ = got == 1;
    return got;
  }

  std::string name_;
  std::unique_ptr<std::FILE, closer> file_;
#if TYPEGRAD_HAS_ZLIB
  std::unique_ptr<inflater> stream_;
  bool between_members_ = false;
#endif
  std::vector<unsigned char> buffer_;
  std::size_t used_ = 0, available_ = 0;
  std::uint64_t file_size_ = 0, file_position_ = 0, position_ = 0;
  unsigned char peeked_ = 0;
  bool gzip_ = false, have_peeked_ = false;
};
using byte_reader = basic_byte_reader<>;

/// The whole content of a file, inflated if it is gzip.
template <int = 0>
std::string read_text(std::filesystem::path const& path) {
  byte_reader reader(path);
  std::string text;
  std::size_t const chunk = 1 << 18;
  for (;;) {
    std::size_t const before = text.size();
    text.resize(before + chunk);
    std::size_t const got = reader.read(text.data() + before, chunk);
    text.resize(before + got);
    if (got < chunk) return text;
  }
}

}  // namespace typegrad::data_detail
