// SPDX-License-Identifier: BSL-1.0
#include <typegrad/data.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "data/support.hpp"
#include "support/misuse.hpp"

namespace tg = typegrad;
using namespace std::string_view_literals;

TEST_CASE("misuse: files that are no tables") {
  test::folder const at;
  std::string const folder = at.path().string() + "/";
  auto const csv = [&](std::string_view text, tg::csv_options const& options = {}) {
    test::write_file(at / "t.csv", text);
    return tg::read_csv(at / "t.csv", options);
  };
  tg::csv_options numbers, unknown;
  numbers.types = {{"a", tg::column_type::number}};
  unknown.types = {{"c", tg::column_type::number}};
  support::check<std::runtime_error>(
      {{"a file that is not there", [&] { tg::read_csv(at / "none.csv"); },
        "none.csv: there is no such file"},
       {"no name", [] { tg::read_csv(""); }, "\"\": there is no such file"},
       {"a folder", [&] { tg::read_csv(at / "."); }, ".: not a regular file"},
       {"an empty file", [&] { csv(""); }, "t.csv: the file is empty"},
       {"a line that is too short", [&] { csv("a,b\n1,2\n3\n"); },
        "t.csv, line 3: 1 field, where the first line has 2"},
       {"a line that is too long", [&] { csv("a,b\n1,2\n3,4,5\n"); },
        "t.csv, line 3: 3 fields, where the first line has 2; a field with the separator in it "
        "needs quotes"},
       {"a quote that stays open", [&] { csv("a,b\n1,\"2\n3,4\n"); },
        "t.csv, line 2: the quote that opens here is never closed"},
       {"two columns of one name", [&] { csv("a,a\n1,2\n"); },
        "t.csv, line 1: two columns are called \"a\""},
       {"a column without a name", [&] { csv("a,\n1,2\n"); },
        "t.csv, line 1: the name of column 2 is empty"},
       {"text in a column that is told to hold numbers", [&] { csv("a,b\n1,2\nx,4\n", numbers); },
        "t.csv, line 3, column \"a\": \"x\" is not a number"},
       {"a type for a column that is not there", [&] { csv("a,b\n1,2\n", unknown); },
        "t.csv, line 1: there is no column \"c\"; there are a, b"},
       {"a number too large", [&] { csv("a\n1e999\n"); },
        "t.csv, line 2, column \"a\": \"1e999\" is outside the range of double"},
       {"a file that is no text", [&] { csv("a\n1\0x\n"sv); },
        "t.csv, line 2: a zero byte; the file is not text"}},
      folder);
  support::check<std::invalid_argument>(
      {{"a separator that is the quote", [&] { csv("a\n1\n", {.separator = '"'}); },
        "t.csv: separator and quote must be two different characters, and the separator no end of "
        "a line"},
       {"a column that is not there", [&] { csv("a,b\n1,2\n")["c"]; },
        "t.csv: there is no column \"c\"; there are a, b"},
       {"categories as numbers", [&] { csv("a,b\n1,x\n").numbers({"a", "b"}); },
        "t.csv: column \"b\" holds categories, not numbers (line 2 holds \"x\")"},
       {"numbers as categories", [&] { csv("a,b\n1,x\n").codes("a"); },
        "t.csv: column \"a\" holds numbers, not categories"}},
      folder);
}

TEST_CASE("misuse: files that are no arrays or datasets") {
  test::folder const at;
  std::string const folder = at.path().string() + "/";
  auto const idx = [&]<class T>(std::string_view bytes, T) {
    test::write_file(at / "i.idx", bytes);
    tg::read_idx<T>(at / "i.idx");
  };
  std::filesystem::create_directory(at / "empty");
  support::check<std::runtime_error>(
      {{"a file of another kind", [&] { idx("hello, world", 0.0F); },
        "i.idx: not an IDX file: byte 0 starts with 68 65 6c 6c; 00 00, a type code (08, 09, 0b, "
        "0c, 0d or 0e) and the number of dims are needed"},
       {"an empty file", [&] { idx("", 0.0F); },
        "i.idx: ends at byte 0, inside the magic number of the IDX header"},
       {"a file that is cut", [&] { idx("\0\0\x08\1\0\0\0\5ab"sv, 0.0F); },
        "i.idx: the header, bytes 0 to 7, promises 5 values of uint8, more than the file can hold"},
       {"a file that goes on", [&] { idx("\0\0\x08\1\0\0\0\1ab"sv, 0.0F); },
        "i.idx: more bytes follow the 1 values that the header promises, from byte 9"},
       {"numbers that the wanted type cannot hold",
        [&] { idx("\0\0\x0d\1\0\0\0\1abcd"sv, std::uint8_t{}); },
        "i.idx: byte 2 says that the values are float32, which the wanted type cannot hold without "
        "loss"},
       {"MNIST from a folder that is not there", [&] { tg::datasets::mnist(at / "none"); },
        "none: there is no such folder; MNIST needs one with its four idx files"},
       {"MNIST from a folder without it", [&] { tg::datasets::mnist(at / "empty"); },
        "empty: the folder lacks train-images-idx3-ubyte (or the same with .gz), one of the MNIST "
        "files"},
       {"CIFAR-10 from a folder without it", [&] { tg::datasets::cifar10(at / "empty"); },
        "empty: the folder lacks test_batch.bin (or the same with .gz), one of the CIFAR-10 "
        "files"}},
      folder);
}

TEST_CASE("misuse: preparing data") {
  xt::xtensor<float, 2> const x{{1, 2}, {3, 4}}, narrow{{1}};
  xt::xtensor<float, 2> const no_columns(std::array<std::size_t, 2>{3, 0});
  float const infinity = std::numeric_limits<float>::infinity();
  xt::xtensor<std::int32_t, 1> const labels{0, 1, 2}, negative{0, -1};
  tg::column places, broken, numbers;
  places.name = broken.name = numbers.name = "place";
  places.type = broken.type = tg::column_type::category;
  places.categories = broken.categories = {"x"};
  places.codes = {0};
  broken.codes = {0, 5};
  numbers.numbers = {1};
  tg::standard_scaler scaler;
  scaler.fit(x);
  support::check<std::invalid_argument>(
      {{"a scaler before fit", [&] { tg::min_max_scaler{}.transform(x); },
        "min_max_scaler: transform before fit; fit it to the training data first"},
       {"a scaler for another number of features", [&] { scaler.transform(narrow); },
        "standard_scaler: fitted to 2 features, got 1; they lie along the last axis"},
       {"a scaler of no features", [&] { scaler.fit(no_columns); },
        "standard_scaler: fit needs features, got an array of shape 3x0"},
       {"a scaler of no rows",
        [&] { scaler.fit(xt::xtensor<float, 2>(std::array<std::size_t, 2>{0, 2})); },
        "standard_scaler: feature 0 has no numbers in 0 rows"},
       {"a range that ends before it begins", [] { tg::min_max_scaler(1, 0); },
        "min_max_scaler: low must be less than high, both finite, got 1 and 0"},
       {"a pipeline before fit",
        [&] { tg::pipeline{tg::imputer{}, tg::standard_scaler{}}.transform(x); },
        "imputer: transform before fit; fit it to the training data first"},
       {"an imputer for another number of features",
        [&] { tg::imputer{}.fit(x).transform(narrow); },
        "imputer: fitted to 2 features, got 1; they lie along the last axis"},
       {"an imputer of no features", [&] { tg::imputer{}.fit(no_columns); },
        "imputer: fit needs features, got an array of shape 3x0"},
       {"an imputer of infinities", [&] { tg::imputer{}.fit(x * infinity); },
        "imputer: feature 0 is infinite in row 0"},
       {"an encoder before fit", [&] { tg::category_encoder{}.transform(places); },
        "category_encoder: transform before fit; fit it to the training data first"},
       {"an encoder of numbers", [&] { tg::category_encoder{}.fit(numbers); },
        "category_encoder: column \"place\" holds numbers, not categories"},
       {"a column whose codes are none of its categories",
        [&] { tg::category_encoder{}.fit(broken); },
        "category_encoder: column \"place\" has code 5 in row 1, but 1 categories"},
       {"one_hot of a class that there is not", [&] { tg::one_hot(labels, 2); },
        "one_hot: row 2 holds 2, which is not a class from 0 to 1"},
       {"one_hot of no classes", [&] { tg::one_hot(labels, 0); },
        "one_hot: row 0 holds 0, which is not a class; classes are counted from 0, and their "
        "number must be positive"},
       {"to_categorical of a negative label", [&] { tg::to_categorical(negative); },
        "one_hot: row 1 holds -1, which is not a class from 0 to 0"},
       {"a test part of everything", [&] { tg::train_test_split(x, x, {.test_fraction = 1}); },
        "train_test_split: test_fraction must lie between 0 and 1, got 1"},
       {"a test part of NaN", [&] { tg::train_test_split(x, x, {.test_fraction = std::nan("")}); },
        "train_test_split: test_fraction must lie between 0 and 1, got nan"},
       {"a split that leaves nothing to train on",
        [&] { tg::train_test_split(x, x, {.test_fraction = 0.9}); },
        "train_test_split: 2 of 2 rows for the test part leaves one part empty; each needs a row"},
       {"a split of x and y of other numbers", [&] { tg::train_test_split(x, labels); },
        "train_test_split: x has 2 rows and y has 3; they must be as many"},
       {"a row that is not there", [&] { tg::take_rows(x, std::vector<std::size_t>{2}); },
        "take_rows: row 2 of an array with 2 rows"},
       {"a random shift beyond the image", [] { tg::random_shift{.pixels = 9}.check({4, 4}); },
        "random_shift: pixels must be less than the image's height and width, got 9 for images of "
        "4x4"},
       {"a random translation by more than the image",
        [] { tg::random_translation{2, 0}.check({4, 4}); },
        "random_translation: factors are parts of the image's height and width from 0 to 1, got 2 "
        "and 0"},
       {"a random flip of what is no image", [] { tg::random_flip{}.check({4}); },
        "random_flip: needs images, height x width or height x width x channels; a sample has "
        "extents 4"}});
  // what is no mistake: a category that fit has not seen is 0, as a missing one
  tg::column unseen = places;
  unseen.categories = {"y"};
  CHECK(tg::category_encoder{}.fit(places).transform(unseen)(0) == 0);
}
