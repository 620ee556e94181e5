// SPDX-License-Identifier: BSL-1.0
// Writes Portable Network Graphics: grey and RGB pictures of 8 bits a channel.
// Source: PNG (ISO/IEC 15948), zlib (RFC 1950), deflate (RFC 1951).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/data/zlib.hpp>

namespace typegrad::io_detail {

template <int = 0>
void append_big_endian(std::string& out, std::uint32_t value) {
  for (int const shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 0xffU);
}

/// The checksum of a PNG's chunk.
template <int = 0>
std::uint32_t crc32(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      out[i] = i;
      for (int bit = 0; bit < 8; ++bit) out[i] = out[i] >> 1U ^ (out[i] & 1U) * 0xedb88320U;
    }
    return out;
  }();
  std::uint32_t sum = 0xffffffffU;
  for (char const c : bytes) sum = sum >> 8U ^ table[(sum ^ static_cast<unsigned char>(c)) & 0xffU];
  return ~sum;
}

/// The checksum of a zlib stream.
template <int = 0>
std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t low = 1, high = 0;
  for (char const c : bytes) {
    low = (low + static_cast<unsigned char>(c)) % 65521U;
    high = (high + low) % 65521U;
  }
  return high << 16U | low;
}

/// A zlib stream of blocks that hold the bytes as they are.
template <int = 0>
std::string store(std::string_view bytes) {
  std::string out = "\x78\x01";
  std::size_t at = 0;
  do {
    std::size_t const length = std::min<std::size_t>(bytes.size() - at, 0xffff);
    out += at + length == bytes.size() ? '\1' : '\0';
    for (std::size_t const part : {length, ~length}) {
      out += static_cast<char>(part & 0xffU);
      out += static_cast<char>(part >> 8U & 0xffU);
    }
    out += bytes.substr(at, length);
    at += length;
  } while (at < bytes.size());
  append_big_endian(out, adler32(bytes));
  return out;
}

/// A zlib stream, as small as zlib makes it where there is zlib.
template <int = 0>
std::string deflate(std::string_view bytes) {
#if TYPEGRAD_HAS_ZLIB
  if (bytes.size() <= std::numeric_limits<uLong>::max() / 2) {
    uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
    std::string out(size, '\0');
    if (::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                    reinterpret_cast<Bytef const*>(bytes.data()), static_cast<uLong>(bytes.size()),
                    Z_BEST_COMPRESSION) == Z_OK) {
      out.resize(size);
      return out;
    }
  }
#endif
  return store(bytes);
}

}  // namespace typegrad::io_detail

namespace typegrad {

/// A PNG file's bytes for a picture of height x width pixels of 1 (grey) or 3 (red, green, blue)
/// channels, row by row, channels innermost. std::invalid_argument for other channels, for a
/// picture without pixels, and unless there are height x width x channels bytes.
template <int = 0>
std::string png(std::string_view pixels, std::size_t height, std::size_t width,
                std::size_t channels) {
  using data_detail::message;
  if (channels != 1 && channels != 3) {
    throw std::invalid_argument(
        message("png: an image has 1 (grey) or 3 (RGB) channels, not ", channels));
  }
  constexpr std::size_t most = 0x7fffffff;
  if (height == 0 || width == 0 || height > most || width > most) {
    throw std::invalid_argument(message("png: an image of ", height, "x", width, " pixels"));
  }
  if (pixels.size() / channels / width != height || pixels.size() % (channels * width) != 0) {
    throw std::invalid_argument(message("png: an image of ", height, "x", width, "x", channels,
                                        " needs as many bytes, got ", pixels.size()));
  }
  std::string out = "\x89PNG\r\n\x1a\n";
  auto const chunk = [&](std::string_view type, std::string_view data) {
    io_detail::append_big_endian(out, static_cast<std::uint32_t>(data.size()));
    std::size_t const begin = out.size();
    out += type;
    out += data;
    io_detail::append_big_endian(out, io_detail::crc32(std::string_view(out).substr(begin)));
  };
  std::string header;
  io_detail::append_big_endian(header, static_cast<std::uint32_t>(width));
  io_detail::append_big_endian(header, static_cast<std::uint32_t>(height));
  header += {'\x08', channels == 1 ? '\0' : '\2', '\0', '\0', '\0'};  // 8 bits, grey or RGB
  chunk("IHDR", header);
  std::string rows;
  rows.reserve(pixels.size() + height);
  std::size_t const stride = width * channels;
  for (std::size_t row = 0; row < height; ++row) {
    rows += '\0';  // no filter
    rows += pixels.substr(row * stride, stride);
  }
  std::string const data = io_detail::deflate(rows);
  if (data.size() > most) {
    throw std::invalid_argument(message("png: an image of ", height, "x", width, "x", channels,
                                        " is larger than a PNG can hold"));
  }
  chunk("IDAT", data);
  chunk("IEND", {});
  return out;
}

}  // namespace typegrad
