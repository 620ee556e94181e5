// SPDX-License-Identifier: BSL-1.0
// The IDX format of MNIST and its relatives: a magic number, big-endian dims, big-endian values.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typegrad/data/byte_reader.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/xtensor.hpp>
#include <vector>

namespace typegrad {

namespace data_detail {

struct idx_header {
  std::uint8_t code = 0;
  std::vector<std::size_t> dims;
  std::size_t count = 1;
};

struct idx_type {
  std::uint8_t code;
  std::uint8_t bytes;
  std::string_view name;
};

inline constexpr std::array<idx_type, 6> idx_types{{{0x08, 1, "uint8"},
                                                    {0x09, 1, "int8"},
                                                    {0x0b, 2, "int16"},
                                                    {0x0c, 4, "int32"},
                                                    {0x0d, 4, "float32"},
                                                    {0x0e, 8, "float64"}}};

template <int = 0>
idx_type const* find_idx_type(std::uint8_t code) {
  for (auto const& type : idx_types) {
    if (type.code == code) return &type;
  }
  return nullptr;
}

// Reads and checks magic number and dims; the values' bytes are known to fit into the file.
template <int = 0>
idx_header read_idx_header(byte_reader& in) {
  std::array<unsigned char, 4> word{};
  auto const need_word = [&](std::string_view what) {
    auto const at = in.position();
    auto const got = in.read(word.data(), 4);
    if (got != 4) {
      throw std::runtime_error(
          message(in.name(), ": ends at byte ", at + got, ", inside ", what, " of the IDX header"));
    }
  };
  need_word("the magic number");
  auto const* const type = find_idx_type(word[2]);
  if (word[0] != 0 || word[1] != 0 || type == nullptr) {
    char text[16];
    std::snprintf(text, sizeof text, "%02x %02x %02x %02x", word[0], word[1], word[2], word[3]);
    throw std::runtime_error(
        message(in.name(), ": not an IDX file: byte 0 starts with ", text,
                "; 00 00, a type code (08, 09, 0b, 0c, 0d or 0e) and the number"
                " of dims are needed"));
  }
  idx_header header;
  header.code = word[2];
  std::uint64_t bytes = type->bytes;
  bool empty = false, fits = true;
  std::size_t const rank = word[3];
  for (std::size_t axis = 0; axis < rank; ++axis) {
    need_word(message("dim ", axis));
    std::uint64_t const dim = (std::uint64_t{word[0]} << 24U) | (std::uint64_t{word[1]} << 16U) |
                              (std::uint64_t{word[2]} << 8U) | std::uint64_t{word[3]};
    header.dims.push_back(static_cast<std::size_t>(dim));
    empty = empty || dim == 0;
    fits = fits && (dim == 0 || bytes <= in.most_content() / dim);
    if (fits && dim != 0) bytes *= dim;
  }
  auto const begin = 4 + 4 * static_cast<std::uint64_t>(rank);
  if (!empty && (!fits || bytes > in.most_content() - std::min(in.most_content(), begin))) {
    throw std::runtime_error(message(in.name(), ": the header, bytes 0 to ", begin - 1,
                                     ", promises ", dims_text(header.dims), " values of ",
                                     type->name, ", more than the file can hold"));
  }
  header.count = empty ? 0 : static_cast<std::size_t>(bytes / type->bytes);
  return header;
}

// A small gzip file can promise a thousand times its size. Where that is much, the values are
// inflated once only to count them, before memory is taken for them.
template <int = 0>
void check_idx_promise(std::filesystem::path const& path, idx_header const& header) {
  std::uint64_t const much = 1U << 26U;
  if (header.count * std::uint64_t{find_idx_type(header.code)->bytes} <= much) return;
  byte_reader in(path);
  if (!in.gzip()) return;
  std::uint64_t const needed =
      4 + 4 * header.dims.size() + header.count * std::uint64_t{find_idx_type(header.code)->bytes};
  std::vector<unsigned char> sink(1U << 16U);
  while (in.read(sink.data(), sink.size()) == sink.size() && in.position() <= needed) {
  }
  if (in.position() < needed) {
    throw std::runtime_error(message(in.name(), ": the values end at byte ", in.position(), " of ",
                                     needed, "; the file is truncated"));
  }
}

// Whether every value of `From` is a value of `To`.
template <class From, class To>
constexpr bool idx_holds() {
  using from = std::numeric_limits<From>;
  using to = std::numeric_limits<To>;
  if constexpr (std::integral<From> || std::floating_point<To>) {
    return from::digits <= to::digits && (!from::is_signed || to::is_signed);
  } else {
    return false;
  }
}

template <class Stored, class T>
void read_idx_values(byte_reader& in, T* out, std::size_t count) {
  using bits = std::conditional_t<
      sizeof(Stored) == 1, std::uint8_t,
      std::conditional_t<sizeof(Stored) == 2, std::uint16_t,
                         std::conditional_t<sizeof(Stored) == 4, std::uint32_t, std::uint64_t>>>;
  std::vector<unsigned char> chunk(std::min<std::size_t>(count, 1U << 15U) * sizeof(Stored));
  for (std::size_t done = 0; done < count;) {
    std::size_t const wanted = std::min(count - done, chunk.size() / sizeof(Stored));
    auto const at = in.position();
    auto const got = in.read(chunk.data(), wanted * sizeof(Stored));
    if (got != wanted * sizeof(Stored)) {
      throw std::runtime_error(message(in.name(), ": the values end at byte ", at + got, ", after ",
                                       done + got / sizeof(Stored), " of ", count,
                                       "; the file is truncated"));
    }
    for (std::size_t i = 0; i < wanted; ++i) {
      bits word = 0;
      for (std::size_t b = 0; b < sizeof(Stored); ++b) {
        word = static_cast<bits>((static_cast<std::uint64_t>(word) << 8U) |
                                 chunk[i * sizeof(Stored) + b]);
      }
      out[done + i] = static_cast<T>(std::bit_cast<Stored>(word));
    }
    done += wanted;
  }
}

template <class Stored, class T>
void read_idx_values_as(byte_reader& in, idx_header const& header, xt::xarray<T>& out) {
  if constexpr (idx_holds<Stored, T>()) {
    out.resize(header.dims);
    read_idx_values<Stored>(in, out.data(), header.count);
  } else {
    throw std::runtime_error(message(in.name(), ": byte 2 says that the values are ",
                                     find_idx_type(header.code)->name,
                                     ", which the wanted type cannot hold without loss"));
  }
}

}  // namespace data_detail

/// The array in an IDX file, plain or gzip, of any rank and type code.
/// `T` is any arithmetic type that holds the stored type without loss (uint8 pixels as float, say).
/// Throws std::runtime_error, naming file and byte, for a file that is not exactly one IDX array;
/// a header never makes it allocate more than the file can hold.
/// Source: http://yann.lecun.com/exdb/mnist (file formats).
template <class T>
xt::xarray<T> read_idx(std::filesystem::path const& path) {
  data_detail::byte_reader in(path);
  auto const header = data_detail::read_idx_header(in);
  data_detail::check_idx_promise(path, header);
  xt::xarray<T> out;
  switch (header.code) {
    case 0x08:
      data_detail::read_idx_values_as<std::uint8_t>(in, header, out);
      break;
    case 0x09:
      data_detail::read_idx_values_as<std::int8_t>(in, header, out);
      break;
    case 0x0b:
      data_detail::read_idx_values_as<std::int16_t>(in, header, out);
      break;
    case 0x0c:
      data_detail::read_idx_values_as<std::int32_t>(in, header, out);
      break;
    case 0x0d:
      data_detail::read_idx_values_as<float>(in, header, out);
      break;
    default:
      data_detail::read_idx_values_as<double>(in, header, out);
      break;
  }
  auto const end = in.position();
  if (!in.at_end()) {
    throw std::runtime_error(
        data_detail::message(in.name(), ": more bytes follow the ", header.count,
                             " values that the header promises, from byte ", end));
  }
  return out;
}

}  // namespace typegrad
