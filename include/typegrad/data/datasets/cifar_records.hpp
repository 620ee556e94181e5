// SPDX-License-Identifier: BSL-1.0
// CIFAR-10's binary format: records of a label and a planar colour image.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <typegrad/data/dataset.hpp>
#include <typegrad/data/message.hpp>
#include <vector>

namespace typegrad {

/// Images n x 32 x 32 x 3 (red, green, blue) with values in [0, 1], and their classes 0 to 9.
using color_image_dataset = split_dataset<xt::xtensor<float, 4>, xt::xtensor<std::int32_t, 1>>;

namespace data_detail {

inline constexpr std::size_t cifar_plane = 32 * 32;
inline constexpr std::size_t cifar_record = 1 + 3 * cifar_plane;

/// Appends all records that `from` (anything with `read` as byte_reader's) still has. Throws
/// std::runtime_error for a file that is empty, ends within a record, or has a label above 9.
template <class Reader>
void append_cifar_records(Reader& from, std::string_view name, std::vector<unsigned char>& to) {
  for (std::size_t number = 0;; ++number) {
    std::size_t const begin = to.size();
    to.resize(begin + cifar_record);
    std::size_t const got = from.read(to.data() + begin, cifar_record);
    if (got == cifar_record && to[begin] <= 9) continue;
    if (got == 0 && number > 0) {
      to.resize(begin);
      return;
    }
    if (got == 0)
      throw std::runtime_error(message(name, ": the file is empty; CIFAR-10's hold records of ",
                                       cifar_record, " bytes"));
    if (got < cifar_record)
      throw std::runtime_error(message(name, ": holds ", number, " records of ", cifar_record,
                                       " bytes (a label and 3072 values", " of pixels) and then ",
                                       got, " bytes; it is cut off, or no file of CIFAR-10"));
    throw std::runtime_error(message(name, ": byte ", number * cifar_record,
                                     " of the content is the label ", to[begin],
                                     ", which is not a class from 0 to 9"));
  }
}

/// Records as arrays: planes of bytes become channels-last values in [0, 1].
template <int = 0>
dataset<xt::xtensor<float, 4>, xt::xtensor<std::int32_t, 1>> unpack_cifar_records(
    std::vector<unsigned char> const& records) {
  std::array<float, 256> grey{};
  for (std::size_t i = 0; i < 256; ++i) grey[i] = static_cast<float>(i) / 255.0f;
  std::size_t const count = records.size() / cifar_record;
  auto x = xt::xtensor<float, 4>::from_shape({count, 32, 32, 3});
  auto y = xt::xtensor<std::int32_t, 1>::from_shape({count});
  float* out = x.data();
  for (std::size_t i = 0; i < count; ++i) {
    unsigned char const* const record = records.data() + i * cifar_record;
    y.data()[i] = record[0];
    for (std::size_t p = 1; p <= cifar_plane; ++p)
      for (std::size_t plane = 0; plane < 3; ++plane)
        *out++ = grey[record[p + plane * cifar_plane]];
  }
  return {std::move(x), std::move(y)};
}

}  // namespace data_detail
}  // namespace typegrad
