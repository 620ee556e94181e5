// SPDX-License-Identifier: BSL-1.0
// Categories as integers: learns which there are from training data.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/message.hpp>
#include <typegrad/data/table.hpp>
#include <typegrad/data/xtensor.hpp>
#include <utility>
#include <vector>

namespace typegrad {

/// The texts of a category column as integers: 1, 2, ... for those of the training data, sorted by
/// byte, and 0 for a missing value or a text that was not among them, as Keras's StringLookup. Made
/// for `embedding<size, ...>` and `one_hot`. Unlike a column's own codes, which number the texts of
/// its file, they mean the same for every table.
class category_encoder {
 public:
  /// Learns the categories that occur in the column. std::invalid_argument for a number column, and
  /// for one without any category.
  category_encoder& fit(column const& from) {
    check(from);
    std::vector<bool> occurs(from.categories.size());
    for (std::int32_t const code : from.codes) {
      if (code >= 0) occurs[static_cast<std::size_t>(code)] = true;
    }
    std::vector<std::string> found;
    for (std::size_t i = 0; i < occurs.size(); ++i) {
      if (occurs[i]) found.push_back(from.categories[i]);
    }
    if (found.empty()) {
      throw std::invalid_argument(
          data_detail::message("category_encoder: column ", data_detail::in_quotes(from.name),
                               " has no categories in ", from.size(), " rows"));
    }
    std::sort(found.begin(), found.end());
    categories_ = std::move(found);
    return *this;
  }

  xt::xtensor<std::int32_t, 1> transform(column const& from) const {
    if (!fitted())
      throw std::invalid_argument(
          "category_encoder: transform before fit; fit it to the training data first");
    check(from);
    std::vector<std::int32_t> number;
    for (auto const& text : from.categories) number.push_back(find(text));
    xt::xtensor<std::int32_t, 1> out(std::array<std::size_t, 1>{from.size()});
    for (std::size_t r = 0; r < from.size(); ++r) {
      std::int32_t const code = from.codes[r];
      out(r) = code < 0 ? 0 : number[static_cast<std::size_t>(code)];
    }
    return out;
  }

  xt::xtensor<std::int32_t, 1> fit_transform(column const& from) {
    return fit(from).transform(from);
  }

  bool fitted() const { return !categories_.empty(); }
  /// How many integers there are, the 0 included.
  std::size_t size() const { return categories_.size() + 1; }
  /// The text of integer i stands at i - 1.
  std::vector<std::string> const& categories() const { return categories_; }

 private:
  static void check(column const& from) {
    using data_detail::message;
    std::string const name =
        message("category_encoder: column ", data_detail::in_quotes(from.name));
    if (from.type != column_type::category)
      throw std::invalid_argument(message(name, " holds numbers, not categories"));
    for (std::size_t r = 0; r < from.size(); ++r)
      if (from.codes[r] < -1 || std::cmp_greater_equal(from.codes[r], from.categories.size()))
        throw std::invalid_argument(message(name, " has code ", from.codes[r], " in row ", r,
                                            ", but ", from.categories.size(), " categories"));
  }
  std::int32_t find(std::string_view text) const {
    auto const at = std::lower_bound(categories_.begin(), categories_.end(), text);
    if (at == categories_.end() || *at != text) return 0;
    return static_cast<std::int32_t>(at - categories_.begin()) + 1;
  }

  std::vector<std::string> categories_;
};

}  // namespace typegrad
