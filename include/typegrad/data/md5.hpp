// SPDX-License-Identifier: BSL-1.0
// MD5, for recognising a published file (it is no protection against a forger).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <typegrad/data/message.hpp>

namespace typegrad::data_detail {

/// The MD5 of bytes fed in pieces. Source: RFC 1321.
template <int = 0>
class basic_md5 {
 public:
  void update(void const* data, std::size_t size) {
    auto const* bytes = static_cast<unsigned char const*>(data);
    while (size != 0) {
      std::size_t const held = static_cast<std::size_t>(length_ % 64);
      std::size_t const count = size < 64 - held ? size : 64 - held;
      std::memcpy(block_.data() + held, bytes, count);
      length_ += count;
      bytes += count;
      size -= count;
      if (length_ % 64 == 0) digest_block();
    }
  }

  /// The checksum as 32 hexadecimal digits; ends the computation.
  std::string finish() {
    std::uint64_t const bits = length_ * 8;
    unsigned char const one = 0x80, zero = 0;
    update(&one, 1);
    while (length_ % 64 != 56) update(&zero, 1);
    std::array<unsigned char, 8> tail{};
    for (std::size_t i = 0; i < 8; ++i) tail[i] = static_cast<unsigned char>(bits >> (8 * i));
    update(tail.data(), tail.size());
    std::string text;
    for (std::uint32_t const word : state_) {
      for (unsigned i = 0; i < 4; ++i) {
        unsigned const byte = (word >> (8 * i)) & 0xffU;
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
      }
    }
    return text;
  }

 private:
  // floor(2^32 * |sin(i + 1)|)
  static constexpr std::array<std::uint32_t, 64> sines{
      0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
      0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
      0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
      0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
      0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
      0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
      0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
      0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
      0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
      0xeb86d391};
  static constexpr std::array<int, 16> shifts{7, 12, 17, 22, 5, 9,  14, 20,
                                              4, 11, 16, 23, 6, 10, 15, 21};

  void digest_block() {
    std::array<std::uint32_t, 16> words{};
    for (std::size_t i = 0; i < 64; ++i) {
      words[i / 4] |= static_cast<std::uint32_t>(block_[i]) << (8 * (i % 4));
    }
    auto [a, b, c, d] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
      std::uint32_t mixed = 0;
      std::size_t word = 0;
      if (i < 16) {
        mixed = (b & c) | (~b & d);
        word = i;
      } else if (i < 32) {
        mixed = (d & b) | (~d & c);
        word = (5 * i + 1) % 16;
      } else if (i < 48) {
        mixed = b ^ c ^ d;
        word = (3 * i + 5) % 16;
      } else {
        mixed = c ^ (b | ~d);
        word = (7 * i) % 16;
      }
      std::uint32_t const turned =
          std::rotl(a + mixed + sines[i] + words[word], shifts[4 * (i / 16) + i % 4]);
      a = d;
      d = c;
      c = b;
      b += turned;
    }
    state_[0] += a;
    state_[1] += b;
    state_[2] += c;
    state_[3] += d;
  }

  std::array<std::uint32_t, 4> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<unsigned char, 64> block_{};
  std::uint64_t length_ = 0;
};
using md5 = basic_md5<>;

template <int = 0>
std::string md5_of_file(std::filesystem::path const& path) {
  struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, closer> const file(std::fopen(path.c_str(), "rb"));
  if (!file) throw std::runtime_error(message(path.string(), ": cannot open"));
  md5 sum;
  std::array<char, 1 << 14> chunk;
  while (std::size_t const got = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    sum.update(chunk.data(), got);
  }
  if (std::ferror(file.get()) != 0) {
    throw std::runtime_error(message(path.string(), ": reading failed"));
  }
  return sum.finish();
}

}  // namespace typegrad::data_detail
