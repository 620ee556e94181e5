// SPDX-License-Identifier: BSL-1.0
// The safetensors format: named arrays in one file. https://github.com/huggingface/safetensors
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/io/atomic_file.hpp>
#include <typegrad/io/safetensors_header.hpp>
#include <utility>
#include <vector>

namespace typegrad::safetensors {

/// A tensor with its values, which belong to somebody else: row-major, little-endian.
struct tensor_view {
  std::string_view name;
  dtype type = dtype::f32;
  std::span<std::uint64_t const> shape;
  std::span<std::byte const> bytes;

  /// The number of values.
  std::uint64_t size() const { return std::uint64_t{bytes.size()} * 8 / bits(type); }

  /// Copies the values out. `T` must be the C++ type of the dtype and `to` have `size()` places:
  /// std::invalid_argument else. Works at any alignment.
  template <class T>
  void copy_to(std::span<T> to) const {
    static_assert(std::endian::native == std::endian::little);
    if (dtype_of<T> != type || to.size() != size()) {
      throw std::invalid_argument(data_detail::message(
          "tensor ", data_detail::in_quotes(name), " is ", size(), " values of ", name_of(type),
          ", wanted are ", to.size(), " of ", name_of(dtype_of<T>)));
    }
    if (!to.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
  }
};

/// A view of `values` as a tensor to write; name, shape and values must outlive it.
template <class T>
tensor_view view_of(std::string_view name, std::span<std::uint64_t const> shape,
                    std::span<T const> values) {
  static_assert(std::endian::native == std::endian::little);
  return {name, dtype_of<T>, shape, std::as_bytes(values)};
}

class file;
template <int = 0>
file parse(std::span<std::byte const> bytes, std::string name);
template <int = 0>
file read(std::filesystem::path const& path);

/// A file that has been read and found valid; it owns the bytes that its views show.
class file {
 public:
  /// What the file calls itself in messages: the path it was read from.
  std::string const& name() const { return name_; }
  metadata_map const& metadata() const { return header_.metadata; }
  std::size_t size() const { return header_.tensors.size(); }

  /// The i-th tensor in the order of the file's bytes.
  tensor_view operator[](std::size_t i) const {
    auto const& info = header_.tensors[i];
    return {info.name, info.type, info.shape,
            std::span<std::byte const>(bytes_.get() + info.begin, info.end - info.begin)};
  }

  bool contains(std::string_view tensor) const { return find(tensor) != size(); }

  /// The tensor of this name; std::runtime_error with the file's names else.
  tensor_view at(std::string_view tensor) const {
    std::size_t const i = find(tensor);
    if (i != size()) return (*this)[i];
    std::string names;
    for (std::size_t k = 0; k < std::min<std::size_t>(size(), 10); ++k) {
      names += (k == 0 ? "" : ", ") + header_.tensors[k].name;
    }
    if (size() > 10) names += data_detail::message(" and ", size() - 10, " more");
    throw std::runtime_error(data_detail::message(name_, ": there is no tensor ",
                                                  data_detail::in_quotes(tensor), "; there are ",
                                                  names.empty() ? "none" : names));
  }

 private:
  template <int>
  friend file parse(std::span<std::byte const>, std::string);
  template <int>
  friend file read(std::filesystem::path const&);

  std::size_t find(std::string_view tensor) const {
    auto const at = std::lower_bound(
        header_.by_name.begin(), header_.by_name.end(), tensor,
        [&](std::size_t i, std::string_view key) { return header_.tensors[i].name < key; });
    return at != header_.by_name.end() && header_.tensors[*at].name == tensor ? *at : size();
  }

  std::string name_;
  io_detail::safetensors_header header_;
  std::unique_ptr<std::byte[]> bytes_;  // the buffer behind the header
};

/// The file in `bytes` (copied). Whatever the format forbids throws std::runtime_error with `name`
/// and the byte or the tensor: short or long buffers, holes, overlaps, unknown dtypes, duplicate
/// names, sizes that do not fit their shapes, text that is not JSON or not UTF-8.
template <int>
file parse(std::span<std::byte const> bytes, std::string name) {
  file out;
  out.name_ = std::move(name);
  std::uint64_t const length = io_detail::header_length(
      bytes.first(std::min<std::size_t>(bytes.size(), 8)), bytes.size(), out.name_);
  auto const text = bytes.subspan(8, static_cast<std::size_t>(length));
  auto const buffer = bytes.subspan(8 + text.size());
  out.header_ = io_detail::parse_header({reinterpret_cast<char const*>(text.data()), text.size()},
                                        buffer.size(), out.name_);
  out.bytes_.reset(new std::byte[buffer.size() + 1]);
  if (!buffer.empty()) std::memcpy(out.bytes_.get(), buffer.data(), buffer.size());
  return out;
}

/// The file at `path`, wholly read and checked as in `parse`. The header is checked against the
/// file's size before memory is taken for the values.
template <int>
file read(std::filesystem::path const& path) {
  struct closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  file out;
  out.name_ = data_detail::file_name(path.string());
  auto const fail = [&](std::string_view what) {
    throw std::runtime_error(data_detail::message(out.name_, ": ", what));
  };
  std::error_code error;
  auto const status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail("there is no such file");
  if (!std::filesystem::is_regular_file(status)) fail("not a regular file");
  std::unique_ptr<std::FILE, closer> const stream(std::fopen(path.c_str(), "rb"));
  if (!stream) fail(data_detail::message("cannot open: ", std::strerror(errno)));
  auto const size = std::filesystem::file_size(path, error);
  if (error) fail("cannot read its size");
  auto const read_exactly = [&](void* to, std::size_t count) {
    if (count != 0 && std::fread(to, 1, count, stream.get()) != count) {
      fail("reading failed, or the file has become shorter meanwhile");
    }
  };
  std::array<std::byte, 8> prefix{};
  std::size_t const first = std::fread(prefix.data(), 1, prefix.size(), stream.get());
  auto const length = io_detail::header_length(std::span(prefix).first(first), size, out.name_);
  std::string text(static_cast<std::size_t>(length), ' ');
  read_exactly(text.data(), text.size());
  std::uint64_t const buffer = size - 8 - length;
  out.header_ = io_detail::parse_header(text, buffer, out.name_);
  out.bytes_.reset(new std::byte[static_cast<std::size_t>(buffer) + 1]);
  read_exactly(out.bytes_.get(), static_cast<std::size_t>(buffer));
  return out;
}

/// The tensors' order in a file: by descending dtype, then by name, as the reference writer does.
template <int = 0>
std::vector<tensor_view> in_file_order(std::span<tensor_view const> tensors) {
  std::vector<tensor_view> order(tensors.begin(), tensors.end());
  std::sort(order.begin(), order.end(), [](tensor_view const& a, tensor_view const& b) {
    return a.type != b.type ? a.type > b.type : a.name < b.name;
  });
  return order;
}

/// Writes the tensors and texts as a safetensors file, atomically; the bytes are those of the
/// reference writer (which writes the texts in no order of their own; here they are sorted).
/// std::invalid_argument for what the format cannot hold: names twice, not UTF-8, or
/// `__metadata__`; bytes that do not fit their shape.
template <int = 0>
void write(std::filesystem::path const& path, std::span<tensor_view const> tensors,
           metadata_map const& metadata = {}) {
  auto const order = in_file_order(tensors);
  std::vector<tensor_info> infos;
  std::uint64_t at = 0;
  for (auto const& tensor : order) {
    infos.push_back({std::string(tensor.name),
                     tensor.type,
                     {tensor.shape.begin(), tensor.shape.end()},
                     at,
                     at + tensor.bytes.size()});
    at += tensor.bytes.size();
  }
  std::string const header = io_detail::header_text(infos, metadata);
  atomic_file out(path);
  out.write(header);
  for (auto const& tensor : order) out.write(tensor.bytes);
  out.commit();
}

}  // namespace typegrad::safetensors
