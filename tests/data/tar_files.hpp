// SPDX-License-Identifier: BSL-1.0
// Tar archives made for tests.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace test {

/// One member: header, content, padding. `type` is '0' for a file, '5' for a folder.
inline std::string tar_member(std::string_view name, std::string_view content, char type = '0') {
  std::string header(512, '\0');
  auto const put = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  put(0, name);
  put(100, "0000644");
  put(124, size);
  put(148, "        ");
  header[156] = type;
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (char const c : header) sum += static_cast<unsigned char>(c);
  char checksum[8];
  std::snprintf(checksum, sizeof checksum, "%06o", sum);
  put(148, std::string_view(checksum, 7));
  std::string out = header + std::string(content);
  out.resize((out.size() + 511) / 512 * 512, '\0');
  return out;
}

/// The blocks that end an archive.
inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace test
