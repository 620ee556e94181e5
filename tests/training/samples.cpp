// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <typegrad/data/dataset.hpp>
#include <typegrad/training/samples.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;
using tg::array_view;
using tg::training_detail::bound_samples;
using tg::training_detail::sample_layout;

namespace {

std::vector<double> values(array_view const& a) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < a.shape().rows() * a.shape().row_size(); ++i)
    out.push_back(a.type().value(a.data(), i));
  return out;
}

sample_layout one_of_each(tg::extents input, tg::extents target) {
  sample_layout layout;
  layout.inputs = {{"input", input}};
  layout.targets = {{{"output", target}, 0, {}}};
  return layout;
}

sample_layout digits() {
  sample_layout layout = one_of_each({2, 2}, {});
  layout.targets[0].type = tg::dtype::int32;
  layout.targets[0].classes = 10;
  return layout;
}

std::string extents_error(tg::samples const& s, sample_layout const& layout) {
  try {
    bound_samples bound;
    tg::training_detail::bind("fit", s, layout, bound);
  } catch (std::invalid_argument const& error) {
    return error.what();
  }
  return "";
}

std::string values_error(tg::samples const& s, sample_layout const& layout) {
  try {
    bound_samples bound;
    tg::training_detail::bind("fit", s, layout, bound);
    tg::training_detail::check_values("fit", bound, layout);
  } catch (std::invalid_argument const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("arrays are shown where they lie") {
  xt::xtensor<float, 2> const x = {{1, 2}, {3, 4}, {5, 6}};
  array_view const a = x;
  CHECK(a.data() == x.data());
  CHECK(to_string(a.shape()) == "3x2");
  CHECK(a.type().name == "float32");
  array_view const rows = xt::view(x, xt::range(1, 3));
  CHECK(rows.data() == x.data() + 2);
  CHECK(a.rows(1, 3).data() == x.data() + 2);
  CHECK(to_string(a.rows(1, 3).shape()) == "2x2");
  auto const adapted = xt::adapt(x.data(), 6, xt::no_ownership(), std::vector<std::size_t>{6, 1});
  CHECK(array_view(adapted).data() == x.data());
  std::vector<std::uint8_t> const labels{3, 1, 4};
  array_view const y = labels;
  CHECK(y.data() == labels.data());
  CHECK(to_string(y.shape()) == "3");
}

TEST_CASE("other layouts, expressions and temporaries are owned copies") {
  xt::xtensor<float, 2> const x = {{1, 2}, {3, 4}, {5, 6}};
  CHECK(values(2 * x) == std::vector<double>{2, 4, 6, 8, 10, 12});
  CHECK(values(xt::view(x, xt::all(), 1)) == std::vector<double>{2, 4, 6});
  CHECK(values(xt::transpose(x)) == std::vector<double>{1, 3, 5, 2, 4, 6});
  xt::xtensor<float, 2, xt::layout_type::column_major> const columns = x;
  CHECK(values(columns) == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(values(xt::sum(x, {1}, xt::keep_dims)) == std::vector<double>{3, 7, 11});
  auto const made = [] { return array_view(xt::xtensor<double, 1>{1, 2, 3}); }();
  CHECK(values(made) == std::vector<double>{1, 2, 3});
  auto const moved = [] { return array_view(std::vector<int>{7, 8}); }();
  CHECK(values(moved) == std::vector<double>{7, 8});
  array_view const copy = made;
  CHECK(copy.data() == made.data());
}

TEST_CASE("all types of numbers come in") {
  auto const type = [](array_view const& a) { return std::string(a.type().name); };
  CHECK(type(xt::xarray<double>{1}) == "float64");
  CHECK(type(xt::xarray<std::int32_t>{1}) == "int32");
  CHECK(type(xt::xarray<std::int64_t>{1}) == "int64");
  CHECK(type(xt::xarray<std::uint8_t>{1}) == "uint8");
  CHECK(type(xt::xarray<bool>{true}) == "bool");
  xt::xarray<bool> const flags{true, false, true};
  std::array<float, 3> floats{};
  array_view(flags).type().to_float32(array_view(flags).data(), 3, floats.data());
  CHECK(floats == std::array<float, 3>{1, 0, 1});
  xt::xarray<std::int64_t> const labels{7, -2};
  std::array<std::int32_t, 2> ints{};
  array_view(labels).type().to_int32(array_view(labels).data(), 2, ints.data());
  CHECK(ints == std::array<std::int32_t, 2>{7, -2});
}

TEST_CASE("samples come from braces and from data sets") {
  tg::dataset<xt::xtensor<float, 3>, xt::xtensor<std::int32_t, 1>> data;
  data.x = xt::ones<float>({5, 2, 2});
  data.y = xt::xtensor<std::int32_t, 1>{0, 1, 2, 3, 9};
  auto const count = [](tg::samples const& s) { return s.size(); };
  CHECK(count(data) == 5);
  CHECK(count({data.x, data.y}) == 5);
  CHECK(count({data.x, data.y, xt::xtensor<float, 1>{1, 1, 1, 1, 1}}) == 5);
  CHECK(tg::samples(data).x.data() == data.x.data());
  tg::samples const kept = [&] { return tg::samples(std::move(data)); }();
  CHECK(values(kept.y[0].values) == std::vector<double>{0, 1, 2, 3, 9});
  CHECK_FALSE(tg::samples{}.given());
}

TEST_CASE("extents that do not fit are told") {
  xt::xtensor<float, 3> const x = xt::zeros<float>({6, 2, 2});
  xt::xtensor<int, 1> const y = xt::zeros<int>({6});
  auto const layout = digits();
  CHECK(extents_error({x, y}, layout).empty());
  CHECK(extents_error({xt::zeros<float>({6, 3, 2}), y}, layout) ==
        "fit: x needs samples of extents 2x2, got an array of shape 6x3x2");
  CHECK(extents_error({xt::zeros<float>({6, 4}), y}, layout) ==
        "fit: x needs samples of extents 2x2, got an array of shape 6x4; reshape it to 6x2x2");
  CHECK(extents_error({x, xt::zeros<int>({6, 10})}, layout) ==
        "fit: y needs one number a sample, got an array of shape 6x10; for one-hot rows use a loss "
        "that reads them, as categorical_crossentropy does");
  CHECK(extents_error({x, xt::zeros<int>({5})}, layout) ==
        "fit: x has 6 samples and y has 5; they must be as many");
  CHECK(extents_error({x, y, xt::zeros<float>({7})}, layout) ==
        "fit: x has 6 samples and sample_weight has 7; they must be as many");
  CHECK(extents_error({xt::zeros<float>({0, 2, 2}), xt::zeros<int>({0})}, layout) ==
        "fit: x has no samples, its shape is 0x2x2");
  CHECK(extents_error({}, layout) == "fit: x is missing");
}

TEST_CASE("axes of length 1 at the end may be missing on either side") {
  auto layout = one_of_each({4, 4, 1}, {1});
  xt::xtensor<float, 1> const y = xt::zeros<float>({6});
  CHECK(extents_error({xt::zeros<float>({6, 4, 4}), y}, layout).empty());
  CHECK(extents_error({xt::zeros<float>({6, 4, 4, 1}), y}, layout).empty());
  CHECK(extents_error({xt::zeros<float>({6, 4, 4}), xt::zeros<float>({6, 1})}, layout).empty());
  CHECK(extents_error({xt::zeros<float>({6, 1, 4}), y}, layout) ==
        "fit: x needs samples of extents 4x4x1, got an array of shape 6x1x4");
  layout.targets[0].shape = {};
  CHECK(extents_error({xt::zeros<float>({6, 4, 4}), xt::zeros<int>({6, 1})}, layout).empty());
}

TEST_CASE("integers where a row of numbers is needed get the loss's advice") {
  auto layout = one_of_each({4}, {10});
  layout.targets[0].integer_labels =
      tg::diagnosis{"the_loss needs targets of the output's extents 10"};
  CHECK(extents_error({xt::zeros<float>({6, 4}), xt::zeros<int>({6})}, layout) ==
        "fit: the_loss needs targets of the output's extents 10");
  CHECK(extents_error({xt::zeros<float>({6, 4}), xt::zeros<float>({6})}, layout) ==
        "fit: y needs samples of extents 10, got an array of shape 6");
  CHECK(extents_error({xt::zeros<float>({6, 4}), xt::zeros<int>({6, 10})}, layout).empty());
}

TEST_CASE("values that cannot be are told with their row") {
  auto const layout = digits();
  xt::xtensor<float, 3> x = xt::zeros<float>({3000, 2, 2});
  xt::xtensor<int, 1> y = xt::zeros<int>({3000});
  CHECK(values_error({x, y}, layout).empty());
  x(2718, 1, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK(values_error({x, y}, layout) ==
        "fit: x has a NaN in row 2718; remove such rows or fill in the missing values");
  CHECK(values_error({xt::xtensor<double, 3>(x), y}, layout) ==
        "fit: x has a NaN in row 2718; remove such rows or fill in the missing values");
  x.fill(std::numeric_limits<float>::infinity());
  CHECK(values_error({x, y}, layout).empty());
  y(17) = 10;
  CHECK(values_error({x, y}, layout) ==
        "fit: y has 10 in row 17, which is not a class from 0 to 9");
  y(17) = -1;
  CHECK(values_error({x, y}, layout) ==
        "fit: y has -1 in row 17, which is not a class from 0 to 9");
  xt::xtensor<float, 1> fractions = xt::zeros<float>({3000});
  fractions(3) = 1.5F;
  CHECK(values_error({x, fractions}, layout) ==
        "fit: y has 1.5 in row 3, which is not a class from 0 to 9");
}

TEST_CASE("several arrays are found by name or by position") {
  sample_layout layout;
  layout.inputs = {{"wide", {3}}, {"deep", {2}}};
  layout.targets = {{{"main", {1}}, 0, {}}, {{"class", {}, tg::dtype::int32}, 3, {}}};
  using namespace tg::literals;
  xt::xtensor<float, 2> const wide = xt::zeros<float>({4, 3});
  xt::xtensor<float, 2> const deep = xt::zeros<float>({4, 2});
  xt::xtensor<float, 1> const main{1, 2, 3, 4};
  xt::xtensor<int, 1> const classes{0, 1, 2, 0};
  tg::samples const named{tg::by_name("deep"_n = deep, "wide"_n = wide),
                          tg::by_name("class"_n = classes, "main"_n = main),
                          tg::by_name("class"_n = 2 * main)};
  bound_samples b;
  tg::training_detail::bind("fit", named, layout, b);
  REQUIRE(b.arrays.size() == 6);
  CHECK(b.arrays[0].data() == wide.data());
  CHECK(b.arrays[1].data() == deep.data());
  CHECK(b.target(1).data() == classes.data());
  CHECK_FALSE(b.weight(0).given());
  CHECK(values(b.weight(1)) == std::vector<double>{2, 4, 6, 8});
  tg::training_detail::bind("fit", {{wide, deep}, {main, classes}, main}, layout, b);
  CHECK(b.arrays[1].data() == deep.data());
  CHECK(b.weight(0).data() == main.data());
  CHECK(b.weight(1).data() == main.data());
  CHECK(values(b.rows(1, 3).target(1)) == std::vector<double>{1, 2});

  auto const error = [&](tg::samples const& s) { return extents_error(s, layout); };
  tg::array_list const y{main, classes};
  CHECK(error({tg::by_name("wide"_n = wide), y}) == "fit: input \"deep\" is missing");
  CHECK(error({wide, y}) == "fit: input \"deep\" is missing");
  CHECK(error({tg::by_name("wide"_n = wide, "depe"_n = deep), y}) ==
        "fit: there is no input \"depe\"; the inputs are \"wide\", \"deep\"");
  CHECK(error({tg::by_name("wide"_n = wide, "wide"_n = wide), y}) ==
        "fit: input \"wide\" is given twice");
  CHECK(error({{wide, deep, deep}, y}) ==
        "fit: there are 3 arrays for 2 inputs, \"wide\", \"deep\"");
  CHECK(error({{deep, wide}, y}) ==
        "fit: input \"wide\" needs samples of extents 3, got an array of shape 4x2");
  CHECK(error({{wide, xt::zeros<float>({5, 2})}, y}) ==
        "fit: input \"wide\" has 4 samples and input \"deep\" has 5; they must be as many");
  CHECK(error({{wide, deep}, {main, xt::zeros<int>({5})}}) ==
        "fit: input \"wide\" has 4 samples and target \"class\" has 5; they must be as many");
  CHECK(error({{wide, deep}, y, tg::by_name("mian"_n = main)}) ==
        "fit: sample_weight: there is no target \"mian\"; the targets are \"main\", \"class\"");
  CHECK(error({{wide, deep}, y, {main, main, main}}) ==
        "fit: sample_weight needs one array for all outputs, or 2, one for each; got 3");
  CHECK(values_error({{wide, deep}, {main, 3 * classes}}, layout) ==
        "fit: target \"class\" has 3 in row 1, which is not a class from 0 to 2");
}
