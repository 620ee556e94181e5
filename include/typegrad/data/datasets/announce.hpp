// SPDX-License-Identifier: BSL-1.0
// Data sets say where they came from.
#pragma once

#include <cstdio>
#include <string_view>
#include <typegrad/data/dataset.hpp>

namespace typegrad::data_detail {

/// `data` itself, after a line on stderr that tells how much it is, and its source.
template <class X, class Y>
split_dataset<X, Y> announced(std::string_view title, split_dataset<X, Y> data) {
  std::fprintf(stderr, "typegrad: %.*s: %zu + %zu images from %s\n", static_cast<int>(title.size()),
               title.data(), data.train.size(), data.test.size(), data.source.c_str());
  return data;
}

}  // namespace typegrad::data_detail
