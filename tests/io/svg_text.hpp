// SPDX-License-Identifier: BSL-1.0
// Help for tests that read SVG.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace test {

inline std::size_t count(std::string const& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// Every opened element is closed in order, and attributes are quoted: what a strict XML reader
/// would stumble over.
inline bool well_formed(std::string const& text) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '>') return false;
    if (text[at] == '&' && text.find(';', at) > at + 6) return false;
    if (text[at] != '<') continue;
    auto const end = text.find('>', at);
    if (end == std::string::npos) return false;
    auto const tag = text.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos || count(tag, "\"") % 2 != 0) return false;
    auto const name = tag.substr(tag[0] == '/', tag.find_first_of(" /", 1) - (tag[0] == '/'));
    if (tag[0] == '/') {
      if (open.empty() || "/" + open.back() != tag) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty();
}

}  // namespace test
