// SPDX-License-Identifier: BSL-1.0
// Reads the PNG files that typegrad writes, strictly: for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/zlib.hpp>
#include <typegrad/io/png.hpp>

namespace test {

struct png_content {
  std::size_t height = 0, width = 0, channels = 0;
  std::string pixels;
};

inline void must(bool holds, char const* what) {
  if (!holds) throw std::runtime_error(what);
}

inline std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  must(at + 4 <= bytes.size(), "a number past the end");
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8U | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

/// The bytes in a zlib stream of stored blocks.
inline std::string unstore(std::string_view stream) {
  must(stream.size() >= 6 && stream[0] == '\x78', "no zlib header");
  must((static_cast<unsigned>(stream[0]) * 256 + static_cast<unsigned char>(stream[1])) % 31 == 0,
       "a wrong zlib header");
  std::string out;
  std::size_t at = 2;
  for (bool last = false; !last;) {
    must(at + 5 <= stream.size() && (stream[at] & 6) == 0, "not a stored block");
    last = (stream[at] & 1) != 0;
    auto const byte = [&](std::size_t i) -> std::size_t {
      return static_cast<unsigned char>(stream[at + i]);
    };
    std::size_t const length = byte(1) | byte(2) << 8U;
    must(length + (byte(3) | byte(4) << 8U) == 0xffff, "a block's length is wrong");
    out += stream.substr(at + 5, length);
    at += 5 + length;
  }
  must(at + 4 == stream.size(), "bytes after the blocks");
  must(big_endian(stream, at) == typegrad::io_detail::adler32(out), "a wrong checksum");
  return out;
}

/// The bytes in any zlib stream, by zlib itself where it is there.
inline std::string inflate(std::string_view stream, std::size_t size) {
#if TYPEGRAD_HAS_ZLIB
  std::string out(size + 1, '\0');
  auto length = static_cast<uLongf>(out.size());
  must(::uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                    reinterpret_cast<Bytef const*>(stream.data()),
                    static_cast<uLong>(stream.size())) == Z_OK,
       "zlib refuses the stream");
  out.resize(length);
#else
  std::string const out = unstore(stream);
#endif
  must(out.size() == size, "another number of bytes than the picture needs");
  return out;
}

inline png_content read_png(std::string_view bytes) {
  must(bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n", "no PNG");
  png_content out;
  std::string data;
  std::size_t at = 8;
  std::string_view type;
  while (type != "IEND") {
    std::size_t const length = big_endian(bytes, at);
    must(at + 12 + length <= bytes.size(), "a chunk past the end");
    type = bytes.substr(at + 4, 4);
    auto const content = bytes.substr(at + 8, length);
    must(big_endian(bytes, at + 8 + length) ==
             typegrad::io_detail::crc32(bytes.substr(at + 4, length + 4)),
         "a chunk's checksum is wrong");
    if (type == "IHDR") {
      must(length == 13 && content[8] == 8, "not 8 bits");
      out.width = big_endian(content, 0);
      out.height = big_endian(content, 4);
      out.channels = content[9] == 0 ? 1 : 3;
      must(content[9] == 0 || content[9] == 2, "neither grey nor RGB");
    } else if (type == "IDAT") {
      data += content;
    }
    at += 12 + length;
  }
  must(at == bytes.size(), "bytes after the last chunk");
  std::size_t const stride = out.width * out.channels;
  std::string const rows = inflate(data, out.height * (stride + 1));
  for (std::size_t row = 0; row < out.height; ++row) {
    must(rows[row * (stride + 1)] == 0, "a row with a filter");
    out.pixels += rows.substr(row * (stride + 1) + 1, stride);
  }
  return out;
}

/// The bytes that base64 stands for.
inline std::string from_base64(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char const c : text) {
    if (c == '=') break;
    auto const value = letters.find(c);
    must(value != std::string_view::npos, "not base64");
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
    }
  }
  return out;
}

/// The `index`-th picture in an SVG file.
inline png_content picture_in(std::string_view svg, std::size_t index) {
  constexpr std::string_view begin = "data:image/png;base64,";
  std::size_t at = svg.find(begin);
  for (; index > 0 && at != std::string_view::npos; --index) at = svg.find(begin, at + 1);
  must(at != std::string_view::npos, "not so many pictures");
  at += begin.size();
  return read_png(from_base64(svg.substr(at, svg.find('"', at) - at)));
}

}  // namespace test
