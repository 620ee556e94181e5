// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <string>
#include <typegrad/data/csv.hpp>
#include <vector>

#include "idx_files.hpp"
#include "support.hpp"

namespace tg = typegrad;
using Catch::Matchers::ContainsSubstring;
using test::message_of;

namespace {

tg::table read(std::string_view text, tg::csv_options const& options = {}) {
  test::folder const at;
  test::write_file(at / "t.csv", text);
  return tg::read_csv(at / "t.csv", options);
}

std::string error(std::string_view text, tg::csv_options const& options = {}) {
  return message_of([&] { read(text, options); });
}

}  // namespace

TEST_CASE("csv: numbers, categories and missing values") {
  auto const t = read("a,b,c\n1,x,2.5\n,y,-1e3\nNA,,+0.5\n4,x,nan\n");
  REQUIRE(t.rows() == 4);
  REQUIRE(t.columns().size() == 3);
  CHECK(t["a"].type == tg::column_type::number);
  CHECK(t["a"].numbers[0] == 1);
  CHECK(std::isnan(t["a"].numbers[1]));
  CHECK(std::isnan(t["a"].numbers[2]));
  CHECK(t["a"].missing == 2);
  CHECK(t["b"].type == tg::column_type::category);
  CHECK(t["b"].categories == std::vector<std::string>{"x", "y"});
  CHECK(t["b"].codes == std::vector<std::int32_t>{0, 1, -1, 0});
  CHECK(t["b"].missing == 1);
  CHECK(t["c"].missing == 1);
  auto const m = t.numbers({"c", "a"});
  REQUIRE(m.shape(0) == 4);
  REQUIRE(m.shape(1) == 2);
  CHECK(m(1, 0) == -1000.0f);
  CHECK(m(2, 0) == 0.5f);
  CHECK(m(3, 1) == 4.0f);
  CHECK(std::isnan(m(3, 0)));
  CHECK(t.number("a")(3) == 4.0f);
  CHECK(t.codes("b")(1) == 1);
  CHECK(t.number_names() == std::vector<std::string>{"a", "c"});
}

TEST_CASE("csv: quotes, line ends, byte-order mark, separators") {
  auto const t =
      read("\xef\xbb\xbfname,\"no, really\"\r\n\"a \"\"b\"\"\",1\r\n\"two\nlines\",\"2\"\r\n");
  REQUIRE(t.rows() == 2);
  CHECK(t["name"].categories == std::vector<std::string>{"a \"b\"", "two\nlines"});
  CHECK(t["no, really"].numbers == std::vector<double>{1, 2});

  CHECK(read("a;b\n1;2\n\n\n", {.separator = ';'}).numbers({"a", "b"})(0, 1) == 2.0f);
  CHECK(read("1,2\n3,4", {.header = false})["1"].numbers == std::vector<double>{2, 4});
  CHECK(read("a\n1\n\n3\n")["a"].missing == 1);
  CHECK(read("a,b\n").rows() == 0);
  CHECK(read(test::gzip("a\n1\n2\n")).rows() == 2);
}

TEST_CASE("csv: a type can be demanded, what is missing can be said") {
  tg::csv_options const zip{.types = {{"zip", tg::column_type::category}}};
  CHECK(read("zip\n01234\n98765\n", zip)["zip"].categories[0] == "01234");
  tg::csv_options const number{.types = {{"a", tg::column_type::number}}};
  CHECK_THAT(error("a\n1\nx7\n", number),
             ContainsSubstring("line 3, column \"a\": \"x7\" is not a number"));
  CHECK_THAT(error("b\n1\n", number), ContainsSubstring("there is no column \"a\""));
  CHECK(read("a\n1\n-\n", {.missing = {"-"}})["a"].missing == 1);
}

TEST_CASE("csv: errors name file and line") {
  CHECK_THAT(error(""), ContainsSubstring("t.csv: the file is empty"));
  CHECK_THAT(error("a,b\n1,2\n3\n"),
             ContainsSubstring("t.csv, line 3: 1 field, where the first line has 2"));
  CHECK_THAT(error("a,b\n1,2\n\n3,4\n"), ContainsSubstring("line 3: 1 field"));
  CHECK_THAT(error("a\n\"x\nmore\n"), ContainsSubstring("line 2: the quote that opens here"));
  CHECK_THAT(error("a\n\"x\"y\n"), ContainsSubstring("line 2: text follows the closing quote"));
  CHECK_THAT(error("a,a\n1,2\n"), ContainsSubstring("two columns are called \"a\""));
  CHECK_THAT(error("a,\n1,2\n"), ContainsSubstring("the name of column 2 is empty"));
  CHECK_THAT(error("a\n1e999\n"), ContainsSubstring("outside the range of double"));
  CHECK_THAT(error("a\n1\r2\n"), ContainsSubstring("line 2: a carriage return"));
  CHECK_THAT(error(std::string_view("a\n1\0\n", 5)), ContainsSubstring("line 2: a zero byte"));
  CHECK(read("a\n1e-999\n")["a"].numbers[0] == 0);

  auto const t = read("a,b\n1,x\n");
  CHECK_THAT(message_of([&] { t["c"]; }),
             ContainsSubstring("there is no column \"c\"; there are a, b"));
  CHECK_THAT(message_of([&] { t.numbers({"b"}); }),
             ContainsSubstring("column \"b\" holds categories, not numbers (line 2 holds \"x\")"));
  CHECK_THAT(message_of([&] { t.codes("a"); }), ContainsSubstring("holds numbers, not categories"));
}

TEST_CASE("csv: every prefix of a file is a table or a sentence") {
  std::string const text = "a,b\r\n\"q\"\"\",1\r\n\"x\n\",\r\n";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    auto const what = error(text.substr(0, n));
    CHECK((what.empty() || what.find("t.csv") != std::string::npos));
  }
}
