// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <typeinfo>
#include <vector>

// Mistakes at run time, and the sentences that tell of them, which docs/errors.md lists.

namespace support {

struct misuse {
  std::string what;
  std::function<void()> action;
  std::string sentence;
};

/// Each action throws an Error, of no other type, with its sentence, and the page has it. Of
/// messages about files `folder` is left out.
template <class Error>
void check(std::vector<misuse> const& all, std::string const& folder = {}) {
  std::ifstream in(TYPEGRAD_TESTS_DIR "/../docs/errors.md");
  std::string const page{std::istreambuf_iterator<char>(in), {}};
  for (auto const& [what, action, sentence] : all) {
    INFO(what);
    std::string told = "nothing is thrown";
    try {
      action();
    } catch (std::exception const& error) {
      told = typeid(error) == typeid(Error) ? error.what() : typeid(error).name();
      for (auto at = told.find(folder); !folder.empty() && at != std::string::npos;
           at = told.find(folder))
        told.erase(at, folder.size());
    }
    CHECK(told == sentence);
    CHECK_THAT(page, Catch::Matchers::ContainsSubstring("`" + sentence + "`"));
  }
}

}  // namespace support
