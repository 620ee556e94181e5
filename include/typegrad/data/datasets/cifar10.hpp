// SPDX-License-Identifier: BSL-1.0
// CIFAR-10: 32x32 colour images in ten classes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/byte_reader.hpp>
#include <typegrad/data/datasets/announce.hpp>
#include <typegrad/data/datasets/cifar_records.hpp>
#include <typegrad/data/datasets/synthetic_shapes.hpp>
#include <typegrad/data/download.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/tar.hpp>
#include <utility>
#include <vector>

namespace typegrad {

namespace data_detail {

inline constexpr std::array<std::string_view, 6> cifar_stems{
    "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"};

inline constexpr std::array<published_file, 1> cifar_archive{
    {{"cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 200'000'000}}};
inline constexpr std::array<std::string_view, 1> cifar_mirrors{"https://www.cs.toronto.edu/~kriz/"};

struct cifar_paths {
  std::array<std::filesystem::path, 6> files;  // as cifar_stems; empty where there is none
  std::filesystem::path archive;               // looked for where there is none of them

  bool any() const {
    return !archive.empty() ||
           std::any_of(files.begin(), files.end(), [](auto const& path) { return !path.empty(); });
  }
  bool complete() const {
    return !archive.empty() ||
           (!files[5].empty() && std::any_of(files.begin(), files.begin() + 5,
                                             [](auto const& path) { return !path.empty(); }));
  }
};

// In the folder itself, or as the published archive unpacks: name.bin, or the same with .gz.
template <int = 0>
cifar_paths find_cifar(std::filesystem::path const& folder) {
  std::error_code ignored;
  cifar_paths found;
  for (auto const& where : {folder, folder / "cifar-10-batches-bin"}) {
    if (found.any()) break;
    for (std::size_t i = 0; i < cifar_stems.size(); ++i) {
      for (std::string_view const end : {".bin", ".bin.gz"}) {
        auto path = where / message(cifar_stems[i], end);
        if (!found.files[i].empty() || !std::filesystem::is_regular_file(path, ignored)) continue;
        found.files[i] = std::move(path);
      }
    }
  }
  auto archive = folder / cifar_archive[0].name;
  if (!found.any() && std::filesystem::is_regular_file(archive, ignored))
    found.archive = std::move(archive);
  return found;
}

template <int = 0>
[[noreturn]] void fail_cifar(std::filesystem::path const& folder, cifar_paths const& found) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    throw std::runtime_error(message(folder.string(), ": there is no such folder; CIFAR-10 needs",
                                     " one with data_batch_1.bin and test_batch.bin"));
  throw std::runtime_error(message(folder.string(), ": the folder lacks ",
                                   found.files[5].empty() ? "test_batch" : "data_batch_1",
                                   ".bin (or the same with .gz), one of the CIFAR-10 files"));
}

template <int = 0>
color_image_dataset cifar_dataset(std::array<std::vector<unsigned char>, 6>& records,
                                  std::string source) {
  std::vector<unsigned char> train;
  std::size_t parts = 0, bytes = 0;
  for (std::size_t i = 0; i < 5; ++i) bytes += records[i].size();
  train.reserve(bytes);
  for (std::size_t i = 0; i < 5; ++i) {
    parts += records[i].empty() ? 0 : 1;
    train.insert(train.end(), records[i].begin(), records[i].end());
    records[i] = {};
  }
  if (parts < 5) source += message(", ", parts, " of the 5 training batches");
  return {unpack_cifar_records(train), unpack_cifar_records(records[5]), std::move(source)};
}

template <int = 0>
color_image_dataset read_cifar(cifar_paths const& found, std::string source) {
  std::array<std::vector<unsigned char>, 6> records;
  if (found.archive.empty()) {
    for (std::size_t i = 0; i < cifar_stems.size(); ++i) {
      if (found.files[i].empty()) continue;
      byte_reader reader(found.files[i]);
      append_cifar_records(reader, reader.name(), records[i]);
    }
    return cifar_dataset(records, std::move(source));
  }
  tar_reader archive(found.archive);
  while (auto const name = archive.next()) {
    auto const file = std::filesystem::path(*name).filename().string();
    for (std::size_t i = 0; i < cifar_stems.size(); ++i) {
      if (file != message(cifar_stems[i], ".bin") || !records[i].empty()) continue;
      append_cifar_records(archive, message(found.archive.string(), ", ", *name), records[i]);
    }
  }
  for (std::size_t i = 0; i < cifar_stems.size(); ++i) {
    if (records[i].empty())
      throw std::runtime_error(
          message(found.archive.string(), ": the archive has no ", cifar_stems[i], ".bin"));
  }
  return cifar_dataset(records, std::move(source));
}

// The folders where a user may keep the files. A sub-folder with some of them is an error.
template <int = 0>
std::optional<color_image_dataset> cifar_kept() {
  if (auto const data = environment("TYPEGRAD_DATA")) {
    std::filesystem::path const base(*data);
    auto const below = find_cifar(base / "cifar10");
    if (below.complete())
      return read_cifar(below, (base / "cifar10").string() + " (TYPEGRAD_DATA)");
    if (below.any()) fail_cifar(base / "cifar10", below);
    auto const here = find_cifar(base);
    if (here.complete()) return read_cifar(here, base.string() + " (TYPEGRAD_DATA)");
  }
  if (auto const cache = cache_folder()) {
    auto const cached = find_cifar(*cache / "cifar10");
    if (cached.complete()) return read_cifar(cached, (*cache / "cifar10").string());
  }
  return std::nullopt;
}

template <int = 0>
color_image_dataset cifar_anywhere() {
  if (auto kept = cifar_kept()) return announced("CIFAR-10", std::move(*kept));
  std::string reason = "TYPEGRAD_OFFLINE is set";
  if (!offline()) {
    if (auto const cache = cache_folder()) {
      auto const folder = *cache / "cifar10";
      std::fputs("typegrad: CIFAR-10: downloading 170 MB\n", stderr);
      auto const failure = download(cifar_archive, cifar_mirrors, folder);
      if (!failure)
        return announced("CIFAR-10",
                         read_cifar(find_cifar(folder), "a download into " + folder.string()));
      reason = "no download: " + *failure;
    } else {
      reason = "no folder for a download: neither XDG_CACHE_HOME nor HOME is set";
    }
  }
  auto shapes = datasets::synthetic_shapes();
  shapes.source += " (there are no CIFAR-10 files; " + reason + ")";
  return announced("CIFAR-10", std::move(shapes));
}

}  // namespace data_detail

namespace datasets {

/// What the classes of CIFAR-10 are.
inline constexpr std::array<std::string_view, 10> cifar10_classes{
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

/// CIFAR-10 from a folder with its binary files (data_batch_1.bin to data_batch_5.bin, as many of
/// them as there are but one at least, and test_batch.bin; all may be .gz), with the folder
/// cifar-10-batches-bin, or with the archive cifar-10-binary.tar.gz. Throws std::runtime_error
/// naming the file that is missing or damaged. Source: Krizhevsky, "Learning multiple layers of
/// features from tiny images" (2009).
template <int = 0>
color_image_dataset cifar10(std::filesystem::path const& folder) {
  auto const found = data_detail::find_cifar(folder);
  if (!found.complete()) data_detail::fail_cifar(folder, found);
  return data_detail::announced("CIFAR-10", data_detail::read_cifar(found, folder.string()));
}

/// CIFAR-10 from the first of: $TYPEGRAD_DATA (or its sub-folder cifar10), the user's cache
/// ($XDG_CACHE_HOME/typegrad/cifar10 or ~/.cache/typegrad/cifar10), a checksummed download of 170
/// MB into that cache (not with TYPEGRAD_OFFLINE=1), synthetic shapes. Says which on stderr and in
/// `source`.
template <int = 0>
color_image_dataset cifar10() {
  return data_detail::cifar_anywhere();
}

}  // namespace datasets
}  // namespace typegrad
