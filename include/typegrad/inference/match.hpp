// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/message.hpp>
#include <typegrad/inference/array_view.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

// Holding arrays against what a model reads.
namespace typegrad::inference_detail {

/// Whether samples of `array` are values of these extents; axes of length 1 at the end may be
/// missing on either side.
template <int = 0>
bool matches(array_shape const& array, extents const& wanted) {
  if (array.rank == 0) return false;
  int left = array.rank - 1;
  int right = wanted.rank;
  while (left > 0 && array[left] == 1) --left;
  while (right > 0 && wanted[right - 1] == 1) --right;
  if (left != right) return false;
  for (int i = 0; i < left; ++i)
    if (array[i + 1] != wanted[i]) return false;
  return true;
}

/// std::invalid_argument unless `array` holds at least one sample of the extents.
template <int = 0>
void require_match(std::string_view who, std::string_view name, array_view const& array,
                          extents const& wanted) {
  using data_detail::message;
  if (!array.given()) throw std::invalid_argument(message(who, ": ", name, " is missing"));
  if (array.shape().rank > 0 && array.shape().rows() == 0)
    throw std::invalid_argument(message(who, ": ", name, " has no samples, its shape is ",
                                        to_string(array.shape())));
  if (matches(array.shape(), wanted)) return;
  if (wanted.rank == 0)
    throw std::invalid_argument(message(who, ": ", name, " needs one number a sample, got an array",
                                        " of shape ", to_string(array.shape())));
  throw std::invalid_argument(message(who, ": ", name, " needs samples of extents ",
                                      to_text(wanted).view(), ", got an array of shape ",
                                      to_string(array.shape())));
}

}  // namespace typegrad::inference_detail
