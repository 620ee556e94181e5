// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/dtype.hpp>
#include <typegrad/core/half.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

// Values as they lie in memory.

namespace typegrad::reference::detail {

using bytes = std::vector<unsigned char>;

template <class T>
T load(unsigned char const* p) {
  T x;
  std::memcpy(&x, p, sizeof(T));
  return x;
}
template <class T>
void save(unsigned char* p, T x) {
  std::memcpy(p, &x, sizeof(T));
}
inline double read(unsigned char const* p, dtype type) {
  switch (type) {
    case dtype::float32:
      return static_cast<double>(load<float>(p));
    case dtype::float64:
      return load<double>(p);
    case dtype::int32:
      return static_cast<double>(load<std::int32_t>(p));
    case dtype::int8:
      return static_cast<double>(load<std::int8_t>(p));
    case dtype::boolean:
      return static_cast<double>(*p != 0);
    case dtype::float16:
      return static_cast<double>(static_cast<float>(load<float16>(p)));
    case dtype::bfloat16:
      return static_cast<double>(static_cast<float>(load<bfloat16>(p)));
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}
inline void write(unsigned char* p, dtype type, double x) {
  switch (type) {
    case dtype::float32:
      return save(p, static_cast<float>(x));
    case dtype::float64:
      return save(p, x);
    case dtype::int32:
      return save(p, static_cast<std::int32_t>(x));
    case dtype::int8:
      return save(p, static_cast<std::int8_t>(x));
    case dtype::boolean:
      *p = x != 0 ? 1 : 0;
      return;
    case dtype::float16:
      return save(p, float16{static_cast<float>(x)});
    case dtype::bfloat16:
      return save(p, bfloat16{static_cast<float>(x)});
    default:
      return;
  }
}
inline bytes packed(values const& v, dtype type) {
  bytes out(v.size() * static_cast<std::size_t>(bytes_of(type)));
  for (std::size_t i = 0; i < v.size(); ++i)
    write(out.data() + i * static_cast<std::size_t>(bytes_of(type)), type, v[i]);
  return out;
}
inline values unpacked(bytes const& b, dtype type) {
  values out(b.size() / static_cast<std::size_t>(bytes_of(type)));
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = read(b.data() + i * static_cast<std::size_t>(bytes_of(type)), type);
  return out;
}

}  // namespace typegrad::reference::detail
