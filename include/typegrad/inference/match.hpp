// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/data/message.hpp>
#include <typegrad/inference/array_view.hpp>

#include <cmath>
#include <cstdint>
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

/// What to do about an array that does not match, where its numbers would: "; reshape it to 6x2x2".
template <int = 0>
std::string advice_for(array_shape const& array, extents const& wanted) {
  array_shape one;  // the array as a single sample
  one.rank = array.rank < max_rank ? array.rank + 1 : array.rank;
  one.dims[0] = 1;
  for (int i = 1; i < one.rank; ++i) one.dims[i] = array[i - 1];
  if (wanted.rank > 0 && matches(one, wanted))
    return data_detail::message("; the first axis counts the samples: a single one is ",
                                to_string(one));
  std::int64_t const size = wanted.count();
  bool const flat = array.rank == 1 && size > 0 && array.rows() % size == 0;
  if (array.rank == 0 || wanted.rank == 0 || !(flat || array.row_size() == size)) return {};
  return data_detail::message("; reshape it to ", flat ? array.rows() / size : array.rows(), 'x',
                              to_text(wanted).view());
}

/// std::invalid_argument unless `array` holds at least one sample of the extents. With an `advice`
/// the message ends with it.
template <int = 0>
void require_match(std::string_view who, std::string_view name, array_view const& array,
                   extents const& wanted, std::string_view advice = {}) {
  using data_detail::message;
  if (!array.given()) throw std::invalid_argument(message(who, ": ", name, " is missing"));
  if (array.shape().rank > 0 && array.shape().rows() == 0)
    throw std::invalid_argument(
        message(who, ": ", name, " has no samples, its shape is ", to_string(array.shape())));
  if (matches(array.shape(), wanted)) return;
  std::string const shape =
      message(to_string(array.shape()),
              advice.empty() ? advice_for(array.shape(), wanted) : std::string(advice));
  if (wanted.rank == 0)
    throw std::invalid_argument(
        message(who, ": ", name, " needs one number a sample, got an array of shape ", shape));
  throw std::invalid_argument(message(who, ": ", name, " needs samples of extents ",
                                      to_text(wanted).view(), ", got an array of shape ", shape));
}

/// The position of the first value that is no int32, -1 if there is none.
template <int = 0>
std::int64_t find_no_int32(array_view const& a) {
  if (a.type().is_int32 || (!a.type().is_floating && a.type().size < 4)) return -1;
  for (std::int64_t i = 0; i < a.shape().rows() * a.shape().row_size(); ++i) {
    double const value = a.type().value(a.data(), i);
    if (!(value >= -2147483648.0 && value <= 2147483647.0 && value == std::floor(value))) return i;
  }
  return -1;
}

/// std::invalid_argument that names the row of the first value that is no int32.
template <int = 0>
[[noreturn]] void refuse_no_int32(std::string_view who, std::string_view name, array_view const& a,
                                  std::int64_t at) {
  throw std::invalid_argument(data_detail::message(
      who, ": ", name, " has ", a.type().value(a.data(), at), " in row ", at / a.shape().row_size(),
      "; whole numbers from -2147483648 to 2147483647 are read"));
}

}  // namespace typegrad::inference_detail
