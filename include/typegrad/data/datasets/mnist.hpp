// SPDX-License-Identifier: BSL-1.0
// MNIST and Fashion-MNIST: 28x28 grey images in ten classes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/dataset.hpp>
#include <typegrad/data/datasets/announce.hpp>
#include <typegrad/data/datasets/synthetic_digits.hpp>
#include <typegrad/data/download.hpp>
#include <typegrad/data/idx.hpp>
#include <typegrad/data/message.hpp>
#include <utility>

namespace typegrad {

/// Images n x 28 x 28 with values in [0, 1], and their classes 0 to 9.
using image_dataset = split_dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>>;

namespace data_detail {

// A data set in MNIST's four-file form, and where it is published.
struct mnist_family {
  std::string_view title, folder;
  std::array<published_file, 4> files;
  std::array<std::string_view, 2> mirrors;
};

inline constexpr std::array<std::string_view, 4> mnist_stems{"train-images", "train-labels",
                                                             "t10k-images", "t10k-labels"};

inline constexpr mnist_family mnist_digits{
    "MNIST",
    "mnist",
    {{{"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"},
      {"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"},
      {"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"},
      {"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"}}},
    {"https://ossci-datasets.s3.amazonaws.com/mnist/",
     "https://storage.googleapis.com/cvdf-datasets/mnist/"}};

inline constexpr mnist_family mnist_fashion{
    "Fashion-MNIST",
    "fashion_mnist",
    {{{"train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
      {"train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"},
      {"t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"},
      {"t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"}}},
    {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
     "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"}};

struct mnist_paths {
  std::array<std::filesystem::path, 4> paths;  // as mnist_stems; empty where there is none
  std::size_t found = 0;
};

// The four files in a folder: `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, .gz or not.
template <int = 0>
mnist_paths find_mnist(std::filesystem::path const& folder) {
  mnist_paths result;
  for (std::size_t i = 0; i < 4; ++i) {
    std::string_view const rank = i % 2 == 0 ? "idx3-ubyte" : "idx1-ubyte";
    for (char const joint : {'-', '.'}) {
      for (std::string_view const end : {"", ".gz"}) {
        auto path = folder / message(mnist_stems[i], joint, rank, end);
        std::error_code ignored;
        if (!result.paths[i].empty() || !std::filesystem::is_regular_file(path, ignored)) continue;
        result.paths[i] = std::move(path);
        ++result.found;
      }
    }
  }
  return result;
}

template <int = 0>
[[noreturn]] void fail_missing(std::string_view title, std::filesystem::path const& folder,
                               mnist_paths const& found) {
  std::size_t i = 0;
  while (!found.paths[i].empty()) ++i;
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw std::runtime_error(message(folder.string(), ": there is no such folder; ", title,
                                     " needs one with its four idx files"));
  }
  throw std::runtime_error(message(folder.string(), ": the folder lacks ", mnist_stems[i], "-idx",
                                   i % 2 == 0 ? 3 : 1, "-ubyte (or the same with .gz), one of the ",
                                   title, " files"));
}

template <int = 0>
dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>> read_mnist_part(
    std::filesystem::path const& images_path, std::filesystem::path const& labels_path) {
  auto const images = read_idx<std::uint8_t>(images_path);
  if (images.dimension() != 3 || images.shape(1) != 28 || images.shape(2) != 28) {
    throw std::runtime_error(message(images_path.string(),
                                     ": images of n x 28 x 28 are needed, the",
                                     " header (byte 4 on) says ", dims_text(images.shape())));
  }
  auto const labels = read_idx<std::uint8_t>(labels_path);
  if (labels.dimension() != 1) {
    throw std::runtime_error(message(labels_path.string(), ": a vector of labels is needed, the",
                                     " header (byte 4 on) says ", dims_text(labels.shape())));
  }
  if (labels.size() != images.shape(0)) {
    throw std::runtime_error(message(labels_path.string(), ": holds ", labels.size(),
                                     " labels for the ", images.shape(0), " images of ",
                                     images_path.string()));
  }
  std::array<float, 256> grey{};
  for (std::size_t i = 0; i < 256; ++i) grey[i] = static_cast<float>(i) / 255.0f;
  xt::xtensor<float, 3> x(std::array<std::size_t, 3>{images.shape(0), 28, 28});
  auto const* const pixels = images.data();
  float* const out = x.data();
  for (std::size_t i = 0, n = images.size(); i < n; ++i) out[i] = grey[pixels[i]];
  xt::xtensor<std::int32_t, 1> y(std::array<std::size_t, 1>{labels.size()});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::uint8_t const label = labels.data()[i];
    if (label > 9) {
      throw std::runtime_error(message(labels_path.string(), ": byte ", 8 + i,
                                       " of the content is the label ", label,
                                       ", which is not a class from 0 to 9"));
    }
    y.data()[i] = label;
  }
  return {std::move(x), std::move(y)};
}

template <int = 0>
image_dataset read_mnist(mnist_paths const& files, std::string source) {
  return {read_mnist_part(files.paths[0], files.paths[1]),
          read_mnist_part(files.paths[2], files.paths[3]), std::move(source)};
}

template <int = 0>
image_dataset mnist_from(mnist_family const& family, std::filesystem::path const& folder) {
  auto const files = find_mnist(folder);
  if (files.found != 4) fail_missing(family.title, folder, files);
  return announced(family.title, read_mnist(files, folder.string()));
}

// The folders where a user may keep the files. One that holds some of the four files is an error.
template <int = 0>
std::optional<image_dataset> mnist_kept(mnist_family const& family) {
  if (auto const data = environment("TYPEGRAD_DATA")) {
    std::filesystem::path const base(*data);
    auto const below = find_mnist(base / family.folder);
    if (below.found == 4) {
      return read_mnist(below, (base / family.folder).string() + " (TYPEGRAD_DATA)");
    }
    if (below.found != 0) fail_missing(family.title, base / family.folder, below);
    // The folder itself may be anyone's: it counts if it is complete. Both families' files have the
    // same names, so only the folder's own name tells whether they are fashion.
    auto const own = base.has_filename() ? base.filename() : base.parent_path().filename();
    bool const fashion = own.string().find("fashion") != std::string::npos;
    auto const here = find_mnist(base);
    if (here.found == 4 && fashion == (family.folder == mnist_fashion.folder)) {
      return read_mnist(here, base.string() + " (TYPEGRAD_DATA)");
    }
  }
  if (auto const cache = cache_folder()) {
    auto const cached = find_mnist(*cache / family.folder);
    if (cached.found == 4) return read_mnist(cached, (*cache / family.folder).string());
  }
  return std::nullopt;
}

template <int = 0>
image_dataset mnist_anywhere(mnist_family const& family) {
  if (auto kept = mnist_kept(family)) return announced(family.title, std::move(*kept));
  std::string reason = "TYPEGRAD_OFFLINE is set";
  if (!offline()) {
    if (auto const cache = cache_folder()) {
      auto const folder = *cache / family.folder;
      auto const failure = download(family.files, family.mirrors, folder);
      if (!failure) {
        auto const files = find_mnist(folder);
        return announced(family.title, read_mnist(files, "a download into " + folder.string()));
      }
      reason = "no download: " + *failure;
    } else {
      reason = "no folder for a download: neither XDG_CACHE_HOME nor HOME is set";
    }
  }
  auto digits = datasets::synthetic_digits();
  digits.source += " (there are no " + std::string(family.title) + " files; " + reason + ")";
  return announced(family.title, std::move(digits));
}

}  // namespace data_detail

namespace datasets {

/// MNIST from a folder with its four idx files, .gz or not. Throws std::runtime_error naming the
/// file that is missing or damaged.
template <int = 0>
image_dataset mnist(std::filesystem::path const& folder) {
  return data_detail::mnist_from(data_detail::mnist_digits, folder);
}

/// MNIST from the first of: $TYPEGRAD_DATA (or its sub-folder mnist), the user's cache
/// ($XDG_CACHE_HOME/typegrad/mnist or ~/.cache/typegrad/mnist), a checksummed download into that
/// cache (not with TYPEGRAD_OFFLINE=1), synthetic digits. Says which on stderr and in `source`.
template <int = 0>
image_dataset mnist() {
  return data_detail::mnist_anywhere(data_detail::mnist_digits);
}

/// As `mnist`, for Fashion-MNIST (sub-folder fashion_mnist). Source: arXiv 1708.07747.
template <int = 0>
image_dataset fashion_mnist(std::filesystem::path const& folder) {
  return data_detail::mnist_from(data_detail::mnist_fashion, folder);
}

template <int = 0>
image_dataset fashion_mnist() {
  return data_detail::mnist_anywhere(data_detail::mnist_fashion);
}

}  // namespace datasets
}  // namespace typegrad
