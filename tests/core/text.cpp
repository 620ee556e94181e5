// SPDX-License-Identifier: BSL-1.0
#include <typegrad/core/text.hpp>

#include <catch2/catch_test_macros.hpp>

#include <limits>

namespace {

using namespace typegrad;

static_assert(sentence("extents ", 8, " and ", name_text{"x"}, '!').view() == "extents 8 and x!");
static_assert(sentence().empty());
static_assert(sentence(0).view() == "0");
static_assert(sentence(-120).view() == "-120");
static_assert(sentence(std::numeric_limits<std::int64_t>::min()).view() == "-9223372036854775808");
static_assert(sentence(std::numeric_limits<std::int64_t>::max()).view() == "9223372036854775807");

// What does not fit is cut off, and it shows.
static_assert(basic_text<5>{"12345"}.view() == "12345");
static_assert(basic_text<5>{"123456"}.view() == "12...");
static_assert(basic_text<5>{"123456"}.append("789").view() == "12...");

static_assert(name_text{"a"} == name_text{"a"});
static_assert(!(name_text{"a"} == name_text{"ab"}));

template <fixed_string Name>
constexpr std::string_view name_of() {
  return Name.view();
}
static_assert(name_of<"deep_in">() == "deep_in");

TEST_CASE("a text ends with a zero and holds what was appended") {
  diagnosis t;
  for (int i = 0; i < 100; ++i) t.append(i);
  CHECK(std::string_view{t.c_str()} == t.view());
  CHECK(t.view().substr(0, 12) == "012345678910");
}

}  // namespace
