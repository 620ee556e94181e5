// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace typegrad::io_detail {

/// Bytes as text of 64 letters, padded with `=` to a multiple of four (RFC 4648).
template <int = 0>
std::string base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    auto const byte = [&](std::size_t i) -> unsigned {
      return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
    };
    unsigned const three = byte(0) << 16U | byte(1) << 8U | byte(2);
    std::size_t const left = bytes.size() - at;
    out += letters[three >> 18U];
    out += letters[three >> 12U & 63U];
    out += left > 1 ? letters[three >> 6U & 63U] : '=';
    out += left > 2 ? letters[three & 63U] : '=';
  }
  return out;
}

}  // namespace typegrad::io_detail
