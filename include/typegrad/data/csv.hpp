// SPDX-License-Identifier: BSL-1.0
// Reads comma-separated values into a table of typed columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typegrad/data/byte_reader.hpp>
#include <typegrad/data/csv_fields.hpp>
#include <typegrad/data/message.hpp>
#include <typegrad/data/table.hpp>
#include <utility>
#include <vector>

namespace typegrad {

/// How a CSV file is to be read.
struct csv_options {
  char separator = ',';
  char quote = '"';
  bool header = true;  ///< without one, columns are called "0", "1", ...
  /// Fields (without the white space around them) that mean "no value".
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null"};
  /// Columns whose type is not to be guessed. Else a column is of numbers if all its fields are.
  std::vector<std::pair<std::string, column_type>> types = {};
};

namespace data_detail {

template <int = 0>
std::vector<std::string> csv_names(csv_fields const& fields, csv_options const& options) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < fields.columns; ++c) {
    names.push_back(options.header ? std::string(trimmed(fields.at(0, c))) : std::to_string(c));
    if (names.back().empty()) {
      throw std::runtime_error(message(fields.name, ", line ", fields.lines[0],
                                       ": the name of column ", c + 1, " is empty"));
    }
    if (std::find(names.begin(), names.end() - 1, names.back()) != names.end() - 1) {
      throw std::runtime_error(message(fields.name, ", line ", fields.lines[0], ": two columns are",
                                       " called ", in_quotes(names.back())));
    }
  }
  for (auto const& [name, type] : options.types) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw std::runtime_error(message(
          fields.name, ", line ", fields.lines[0], ": there is no column ", in_quotes(name),
          "; there are ",
          first_names(names.size(), [&](std::size_t i) -> std::string_view { return names[i]; })));
    }
  }
  return names;
}

// Column c as numbers; false, with the record that is none, where a field is not a number.
template <int = 0>
bool csv_numbers(csv_fields const& fields, std::size_t c, std::size_t first,
                 csv_options const& options, column& out, std::size_t& culprit) {
  out.numbers.reserve(fields.records() - first);
  for (std::size_t r = first; r < fields.records(); ++r) {
    std::string_view const text = trimmed(fields.at(r, c));
    if (std::find(options.missing.begin(), options.missing.end(), text) != options.missing.end()) {
      out.numbers.push_back(std::numeric_limits<double>::quiet_NaN());
      ++out.missing;
      continue;
    }
    double value = 0;
    auto const parsed = parse_number(text, value);
    if (parsed == number_text::too_large) {
      throw std::runtime_error(message(fields.name, ", line ", fields.lines[r], ", column ",
                                       in_quotes(out.name), ": ", in_quotes(text),
                                       " is outside the range of double"));
    }
    if (parsed == number_text::none) {
      culprit = r;
      return false;
    }
    out.numbers.push_back(value);
  }
  return true;
}

template <int = 0>
void csv_categories(csv_fields const& fields, std::size_t c, std::size_t first,
                    csv_options const& options, column& out) {
  out.numbers.clear();
  out.missing = 0;
  std::vector<std::string_view> texts;
  for (std::size_t r = first; r < fields.records(); ++r) texts.push_back(trimmed(fields.at(r, c)));
  auto const is_missing = [&](std::string_view text) {
    return std::find(options.missing.begin(), options.missing.end(), text) != options.missing.end();
  };
  std::vector<std::string_view> values;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(values),
               [&](std::string_view text) { return !is_missing(text); });
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  out.categories.assign(values.begin(), values.end());
  for (std::string_view const text : texts) {
    bool const missing = is_missing(text);
    auto const at = std::lower_bound(values.begin(), values.end(), text) - values.begin();
    out.codes.push_back(missing ? -1 : static_cast<std::int32_t>(at));
    out.missing += missing ? 1 : 0;
  }
}

}  // namespace data_detail

/// The table in a CSV file (plain or gzip; quoted fields, doubled quotes and line breaks in quotes
/// as in RFC 4180; LF or CRLF; a UTF-8 byte-order mark is skipped, empty lines at the end too).
/// Missing values are NaN (numbers) or code -1 (categories) and are counted in each column.
/// Throws std::runtime_error, naming file and line, for anything that is not such a table, and
/// std::invalid_argument for a separator that cannot be one.
template <int = 0>
table read_csv(std::filesystem::path const& path, csv_options const& options = {}) {
  std::string const text = data_detail::read_text(path);
  auto const fields = data_detail::split_csv(text, path.string(), options.separator, options.quote);
  std::size_t const first = options.header ? 1 : 0;
  std::vector<column> columns;
  for (auto& name : data_detail::csv_names(fields, options)) {
    std::size_t const c = columns.size();
    column out;
    out.name = std::move(name);
    auto const forced = std::find_if(options.types.begin(), options.types.end(),
                                     [&](auto const& type) { return type.first == out.name; });
    bool const guess = forced == options.types.end();
    std::size_t culprit = 0;
    bool const numbers = (guess || forced->second == column_type::number) &&
                         data_detail::csv_numbers(fields, c, first, options, out, culprit);
    if (!numbers) {
      if (!guess && forced->second == column_type::number) {
        throw std::runtime_error(data_detail::message(
            fields.name, ", line ", fields.lines[culprit], ", column ",
            data_detail::in_quotes(out.name), ": ", data_detail::in_quotes(fields.at(culprit, c)),
            " is not a number"));
      }
      out.type = column_type::category;
      data_detail::csv_categories(fields, c, first, options, out);
      if (guess) {
        out.why = data_detail::message("line ", fields.lines[culprit], " holds ",
                                       data_detail::in_quotes(fields.at(culprit, c)));
      }
    }
    columns.push_back(std::move(out));
  }
  return table(path.string(), std::move(columns));
}

}  // namespace typegrad
