// SPDX-License-Identifier: BSL-1.0
// IDX and gzip files made for tests.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace test {

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) {
    out += static_cast<char>((value >> (8 * i)) & 0xffU);
  }
  return out;
}

inline std::string idx(int code, std::vector<std::uint32_t> const& dims, std::string_view values) {
  std::string out{'\0', '\0', static_cast<char>(code), static_cast<char>(dims.size())};
  for (auto const dim : dims) out += big_endian(dim, 4);
  out += values;
  return out;
}

inline std::string gzip(std::string_view content) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, static_cast<uLong>(content.size())), '\0');
  std::vector<unsigned char> in(content.begin(), content.end());
  in.push_back(0);
  z.next_in = in.data();
  z.avail_in = static_cast<uInt>(content.size());
  z.next_out = reinterpret_cast<unsigned char*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

}  // namespace test
