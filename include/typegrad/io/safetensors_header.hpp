// SPDX-License-Identifier: BSL-1.0
// The header of a safetensors file: its JSON text, and the rules it must keep.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <typegrad/data/message.hpp>
#include <typegrad/io/json_cursor.hpp>
#include <typegrad/io/safetensors_dtype.hpp>
#include <utility>
#include <vector>

namespace typegrad::safetensors {

using metadata_map = std::map<std::string, std::string, std::less<>>;

/// A tensor's place: bytes `begin` to `end` of the buffer behind the header.
struct tensor_info {
  std::string name;
  dtype type = dtype::f32;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

namespace io_detail {

using data_detail::dims_text;
using data_detail::in_quotes;
using data_detail::message;
using typegrad::io_detail::json_cursor;

inline constexpr std::uint64_t longest_header = 100'000'000;

struct safetensors_header {
  std::vector<tensor_info> tensors;  // by place
  std::vector<std::size_t> by_name;  // indices into tensors
  metadata_map metadata;
};

/// The header's length from the file's first 8 bytes, known to lie inside the file.
template <int = 0>
std::uint64_t header_length(std::span<std::byte const> prefix, std::uint64_t file_size,
                            std::string_view name) {
  if (prefix.size() < 8) {
    throw std::runtime_error(message(name, ": ends at byte ", prefix.size(),
                                     ", inside the 8 bytes that give the header's length"));
  }
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;)
    length = (length << 8U) | std::to_integer<std::uint64_t>(prefix[i]);
  if (length > longest_header) {
    throw std::runtime_error(message(name, ": bytes 0 to 7 give the header ", length,
                                     " bytes, more than the format's ", longest_header,
                                     "; this is not a safetensors file"));
  }
  if (length > file_size - 8) {
    throw std::runtime_error(message(name, ": the header needs ", length, " bytes from byte 8, the",
                                     " file has ", file_size - 8, "; it is truncated"));
  }
  return length;
}

/// The bytes that a tensor needs; nothing, with a reason, if they cannot be counted.
template <int = 0>
std::uint64_t bytes_needed(tensor_info const& info, std::string& reason) {
  std::uint64_t const most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t total = bits(info.type);
  for (std::uint64_t const dim : info.shape) {
    if (dim != 0 && total > most / dim) {
      reason = "has more bytes than 64 bits can count";
      return 0;
    }
    total *= dim;
  }
  if (total % 8 != 0) reason = "does not end on a byte";
  return total / 8;
}

template <int = 0>
tensor_info parse_tensor(json_cursor& json, std::string name) {
  tensor_info info;
  bool has_type = false, has_shape = false, has_offsets = false;
  std::size_t const begin = json.position();
  auto const once = [&](bool& seen, std::string_view key) {
    if (std::exchange(seen, true)) {
      json.fail(message("tensor ", in_quotes(name), " has two entries ", in_quotes(key)));
    }
  };
  json.need('{');
  json.items('}', [&] {
    std::string const key = json.string();
    json.need(':');
    if (key == "dtype") {
      once(has_type, key);
      std::string const type = json.string();
      auto const* const fact = std::find_if(dtype_facts.begin(), dtype_facts.end(),
                                            [&](auto const& one) { return one.name == type; });
      if (fact == dtype_facts.end()) {
        json.fail(message("tensor ", in_quotes(name), " has the unknown dtype ", in_quotes(type)));
      }
      info.type = static_cast<dtype>(fact - dtype_facts.begin());
    } else if (key == "shape") {
      once(has_shape, key);
      json.need('[');
      json.items(']', [&] { info.shape.push_back(json.whole_number()); });
    } else if (key == "data_offsets") {
      once(has_offsets, key);
      json.need('[');
      info.begin = json.whole_number();
      json.need(',');
      info.end = json.whole_number();
      json.need(']');
    } else {
      json.fail(message("tensor ", in_quotes(name), " has the unknown entry ", in_quotes(key)));
    }
  });
  if (!has_type || !has_shape || !has_offsets) {
    json.fail_at(begin, message("tensor ", in_quotes(name), " lacks its ",
                                !has_type    ? "dtype"
                                : !has_shape ? "shape"
                                             : "data_offsets"));
  }
  info.name = std::move(name);
  return info;
}

template <int = 0>
void parse_metadata(json_cursor& json, metadata_map& metadata) {
  json.need('{');
  json.items('}', [&] {
    std::string key = json.string();
    json.need(':');
    std::string value = json.string();
    if (!metadata.emplace(key, std::move(value)).second) {
      json.fail(message("__metadata__ has two entries ", in_quotes(key)));
    }
  });
}

// The tensors, by place, fill the buffer without hole or overlap, each with its shape's bytes.
template <int = 0>
void check_places(std::vector<tensor_info> const& tensors, std::uint64_t buffer,
                  std::string_view name) {
  std::uint64_t at = 0;
  for (auto const& info : tensors) {
    auto const fail = [&](std::string const& what) {
      throw std::runtime_error(message(name, ": tensor ", in_quotes(info.name), " at bytes ",
                                       info.begin, " to ", info.end, " of the buffer ", what));
    };
    if (info.begin > info.end) fail("ends before it begins");
    if (info.begin < at) fail(message("overlaps the tensor before it, which ends at ", at));
    if (info.begin > at)
      fail(message("leaves a hole behind the tensor before it, which ends at ", at));
    std::string reason;
    std::uint64_t const needed = bytes_needed(info, reason);
    if (!reason.empty()) fail(reason);
    if (needed != info.end - info.begin) {
      fail(message("needs ", needed, " bytes for ", dims_text(info.shape), " values of ",
                   name_of(info.type)));
    }
    if (info.end > buffer) {
      fail(message("lies beyond the buffer's ", buffer, " bytes; the file is truncated"));
    }
    at = info.end;
  }
  if (at != buffer) {
    throw std::runtime_error(message(name, ": the tensors end at byte ", at,
                                     " of the buffer, which", " has ", buffer,
                                     " bytes; something follows them"));
  }
}

/// The header in `text`, checked against every rule of the format. `buffer` is the number of bytes
/// behind it, `name` the file's in messages.
template <int = 0>
safetensors_header parse_header(std::string_view text, std::uint64_t buffer,
                                std::string_view name) {
  safetensors_header header;
  json_cursor json(text, name, 8);
  if (text.substr(0, 1) != "{") json.fail("the header must begin with '{'");
  json.need('{');
  bool has_metadata = false;
  json.items('}', [&] {
    std::size_t const at = json.position();
    std::string key = json.string();
    json.need(':');
    if (key == "__metadata__") {
      if (std::exchange(has_metadata, true)) json.fail_at(at, "a second __metadata__");
      parse_metadata(json, header.metadata);
    } else {
      header.tensors.push_back(parse_tensor(json, std::move(key)));
    }
  });
  json.need_end();
  auto& tensors = header.tensors;
  std::sort(tensors.begin(), tensors.end(), [](tensor_info const& a, tensor_info const& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  header.by_name.resize(tensors.size());
  std::iota(header.by_name.begin(), header.by_name.end(), std::size_t{0});
  std::sort(header.by_name.begin(), header.by_name.end(),
            [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; });
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    auto const& one = tensors[header.by_name[i]].name;
    if (one == tensors[header.by_name[i - 1]].name) {
      throw std::runtime_error(message(name, ": two tensors are called ", in_quotes(one)));
    }
  }
  check_places(tensors, buffer, name);
  return header;
}

/// Length and JSON text of a header, padded to a multiple of 8; `infos` in the order of the buffer.
template <int = 0>
std::string header_text(std::span<tensor_info const> infos, metadata_map const& metadata) {
  using typegrad::io_detail::append_json_string;
  std::vector<std::string_view> names;
  std::string text = "{";
  auto const need_utf8 = [](std::string_view part) {
    if (!typegrad::io_detail::is_utf8(part)) {
      throw std::invalid_argument(message("safetensors: ", in_quotes(part), " is not UTF-8"));
    }
  };
  if (!metadata.empty()) {
    text += "\"__metadata__\":{";
    for (auto const& [key, value] : metadata) {
      need_utf8(key);
      need_utf8(value);
      if (text.back() != '{') text += ',';
      append_json_string(text, key);
      text += ':';
      append_json_string(text, value);
    }
    text += '}';
  }
  for (auto const& info : infos) {
    auto const fail = [&](std::string const& what) {
      throw std::invalid_argument(message("safetensors: tensor ", in_quotes(info.name), ' ', what));
    };
    need_utf8(info.name);
    if (info.name == "__metadata__") fail("has a name that the format keeps for itself");
    std::string reason;
    std::uint64_t const needed = bytes_needed(info, reason);
    if (!reason.empty()) fail(reason);
    if (needed != info.end - info.begin) {
      fail(message("has ", info.end - info.begin, " bytes, ", dims_text(info.shape), " values of ",
                   name_of(info.type), " need ", needed));
    }
    names.push_back(info.name);
    if (text.size() > 1) text += ',';
    append_json_string(text, info.name);
    text += message(":{\"dtype\":\"", name_of(info.type), "\",\"shape\":[");
    for (std::size_t i = 0; i < info.shape.size(); ++i) {
      text += message(i == 0 ? "" : ",", info.shape[i]);
    }
    text += message("],\"data_offsets\":[", info.begin, ',', info.end, "]}");
  }
  text += '}';
  std::sort(names.begin(), names.end());
  auto const twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw std::invalid_argument(message("safetensors: two tensors are called ", in_quotes(*twice)));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > longest_header) {
    throw std::invalid_argument(message("safetensors: the header would have ", text.size(),
                                        " bytes, the format allows ", longest_header));
  }
  std::string out;
  for (unsigned i = 0; i < 8; ++i) {
    out += static_cast<char>((static_cast<std::uint64_t>(text.size()) >> (8 * i)) & 0xffU);
  }
  return out + text;
}

}  // namespace io_detail
}  // namespace typegrad::safetensors
