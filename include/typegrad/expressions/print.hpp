// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/expressions/variable.hpp>

#include <charconv>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

// Tensors, variables and expressions as text, as TensorFlow and NumPy show them:
//   tensor([[1. 2.]
//           [3. 4.]], shape=(2, 2), dtype=float32)

namespace typegrad {

namespace expressions {

/// Arrays of more elements show the first and last three along each axis.
inline constexpr std::size_t most_shown = 1000;
inline constexpr std::int64_t edge_shown = 3;

/// Numbers in one form, as NumPy aligns them: each with as many digits as tell it from its
/// neighbours, at most 8 behind the point.
template <class T>
class number_printer {
 public:
  /// The values that will be shown.
  explicit number_printer(std::vector<T> const& values) {
    double least = 0, greatest = 0;
    for (T const v : values) {
      auto const size = static_cast<double>(std::abs(v));
      if (!std::isfinite(size) || size == 0) continue;
      if (least == 0 || size < least) least = size;
      if (size > greatest) greatest = size;
    }
    scientific_ = greatest >= 1e8 || (least > 0 && (least < 1e-4 || greatest / least > 1000));
    for (T const v : values) {
      if (!std::isfinite(v)) continue;
      std::string const t = text(v);
      std::size_t const n = mantissa(t) - t.find('.') - 1;
      if (n > fraction_) fraction_ = n;
    }
    for (T const v : values) {
      std::size_t const n = padded(v).size();
      if (n > width_) width_ = n;
    }
  }
  std::string operator()(T v) const {
    std::string t = padded(v);
    return std::string(width_ > t.size() ? width_ - t.size() : 0, ' ') + t;
  }

 private:
  static constexpr int precision = 8;

  /// Where the digits end.
  static std::size_t mantissa(std::string const& t) {
    auto const e = t.find('e');
    return e == t.npos ? t.size() : e;
  }
  /// With a point, and no zeros behind it that are not needed.
  std::string text(T v) const {
    if (std::isnan(v)) return "nan";
    if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
    char buffer[400];
    auto const format = scientific_ ? std::chars_format::scientific : std::chars_format::fixed;
    auto end = std::to_chars(buffer, buffer + sizeof buffer, v, format).ptr;
    std::string t(buffer, end);
    auto const point = t.find('.');
    if (point != t.npos && mantissa(t) - point - 1 > std::size_t{precision}) {
      end = std::to_chars(buffer, buffer + sizeof buffer, v, format, precision).ptr;
      t.assign(buffer, end);
    }
    if (t.find('.') == t.npos) return t.insert(mantissa(t), 1, '.');
    std::size_t last = mantissa(t);
    while (t[last - 1] == '0') --last;
    return t.erase(last, mantissa(t) - last);
  }
  /// The points of all below each other.
  std::string padded(T v) const {
    std::string t = text(v);
    if (!std::isfinite(v)) return t;
    std::size_t const n = mantissa(t) - t.find('.') - 1;
    std::size_t const missing = fraction_ > n ? fraction_ - n : 0;
    return t.insert(mantissa(t), missing, scientific_ ? '0' : ' ');
  }

  bool scientific_ = false;
  std::size_t fraction_ = 0;
  std::size_t width_ = 0;
};

/// Nested brackets of an array.
template <class T>
class array_text {
 public:
  array_text(T const* data, std::vector<std::int64_t> dims, std::size_t indent)
      : data_{data}, dims_(std::move(dims)), indent_{indent} {
    std::size_t count = 1;
    for (std::int64_t const n : dims_) count *= static_cast<std::size_t>(n);
    shortened_ = count > most_shown;
    if constexpr (std::is_floating_point_v<T>) {
      std::vector<T> shown;
      each_shown(0, 0, [&](std::int64_t i) { shown.push_back(data_[i]); });
      numbers_ = std::make_unique<number_printer<T>>(shown);
    } else {
      each_shown(0, 0, [&](std::int64_t i) {
        std::size_t const n = plain(data_[i]).size();
        if (n > width_) width_ = n;
      });
    }
  }

  std::string operator()() const {
    std::string out;
    write(out, 0, 0);
    return out;
  }

 private:
  static std::string plain(T v) {
    if constexpr (std::is_same_v<T, bool>)
      return v ? "True" : "False";
    else
      return std::to_string(v);
  }
  std::string one(T v) const {
    if constexpr (std::is_floating_point_v<T>) {
      return (*numbers_)(v);
    } else {
      std::string const t = plain(v);
      return std::string(width_ > t.size() ? width_ - t.size() : 0, ' ') + t;
    }
  }
  std::int64_t stride(std::size_t axis) const {
    std::int64_t n = 1;
    for (std::size_t i = axis + 1; i < dims_.size(); ++i) n *= dims_[i];
    return n;
  }
  bool leaves_out(std::size_t axis) const { return shortened_ && dims_[axis] > 2 * edge_shown; }

  template <class F>
  void each_shown(std::size_t axis, std::int64_t at, F const& f) const {
    if (axis == dims_.size()) return f(at);
    for (std::int64_t i = 0; i < dims_[axis]; ++i) {
      if (leaves_out(axis) && i == edge_shown) i = dims_[axis] - edge_shown;
      each_shown(axis + 1, at + i * stride(axis), f);
    }
  }
  void write(std::string& out, std::size_t axis, std::int64_t at) const {
    if (axis == dims_.size()) {
      out += one(data_[at]);
      return;
    }
    bool const last = axis + 1 == dims_.size();
    std::string const between =
        last ? " "
             : std::string(dims_.size() - axis - 1, '\n') + std::string(indent_ + axis + 1, ' ');
    out += '[';
    for (std::int64_t i = 0; i < dims_[axis]; ++i) {
      if (i > 0) out += between;
      if (leaves_out(axis) && i == edge_shown) {
        out += "..." + between;
        i = dims_[axis] - edge_shown;
      }
      write(out, axis + 1, at + i * stride(axis));
    }
    out += ']';
  }

  T const* data_;
  std::vector<std::int64_t> dims_;
  std::size_t indent_;
  bool shortened_ = false;
  std::unique_ptr<number_printer<std::conditional_t<std::is_floating_point_v<T>, T, float>>>
      numbers_;
  std::size_t width_ = 0;
};

inline std::string shape_text(std::vector<std::int64_t> const& dims) {
  std::string out = "(";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) out += ", ";
    out += std::to_string(dims[i]);
  }
  return out + (dims.size() == 1 ? ",)" : ")");
}

template <class Tensor>
std::string text_of(Tensor const& t, std::string_view head) {
  std::vector<std::int64_t> dims;
  for (std::size_t const n : t.shape()) dims.push_back(static_cast<std::int64_t>(n));
  std::string out(head);
  if (dims.empty()) {
    std::string one = array_text<typename Tensor::value_type>(t.data(), dims, 0)();
    auto const point = one.find('.');
    if (point != one.npos && (point + 1 == one.size() || one[point + 1] == 'e'))
      one.insert(point + 1, 1, '0');
    out += one;
  } else {
    out += array_text<typename Tensor::value_type>(t.data(), dims, head.size())();
  }
  return out + ", shape=" + shape_text(dims) +
         ", dtype=" + std::string(to_text(Tensor::facts.type)) + ")";
}

}  // namespace expressions

/// "tensor([1. 2.], shape=(2,), dtype=float32)"
template <class T, std::int64_t... Dims>
std::string to_string(tensor<T, Dims...> const& t) {
  return expressions::text_of(t, "tensor(");
}
template <class T, std::int64_t... Dims>
std::ostream& operator<<(std::ostream& to, tensor<T, Dims...> const& t) {
  return to << to_string(t);
}

/// "variable("m", 0.5, shape=(), dtype=float32)"
template <fixed_string Name, class Shape, class T, auto... Options>
std::string to_string(variable<Name, Shape, T, Options...> const& v) {
  std::string const head = "variable(\"" + std::string(Name.view()) + "\", ";
  using tensor_type = typename variable<Name, Shape, T, Options...>::tensor_type;
  if constexpr (tensor_type::rank == 0)
    return expressions::text_of(tensor_type(v.value()), head);
  else
    return expressions::text_of(v.value(), head);
}
template <fixed_string Name, class Shape, class T, auto... Options>
std::ostream& operator<<(std::ostream& to, variable<Name, Shape, T, Options...> const& v) {
  return to << to_string(v);
}

/// An expression prints the values that it has now.
template <expressions::expression E>
std::string to_string(E const& e) {
  return to_string(expressions::tensor_for<E>(e));
}
template <expressions::expression E>
std::ostream& operator<<(std::ostream& to, E const& e) {
  return to << to_string(e);
}

}  // namespace typegrad
