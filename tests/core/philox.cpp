// SPDX-License-Identifier: BSL-1.0
#include <typegrad/core/philox.hpp>

#include <catch2/catch_test_macros.hpp>

namespace {

using block = std::array<std::uint32_t, 4>;
using typegrad::philox4x32_10;

// The known answers of Random123's own tests.
static_assert(philox4x32_10({0, 0, 0, 0}, {0, 0}) ==
              block{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U});
static_assert(philox4x32_10({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) ==
              block{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU});
static_assert(philox4x32_10({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U},
                            {0xa4093822U, 0x299f31d0U}) ==
              block{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U});

TEST_CASE("philox gives the same bits at run time") {
  block counter{0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U};
  CHECK(philox4x32_10(counter, {0xa4093822U, 0x299f31d0U}) ==
        block{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U});
}

TEST_CASE("unit floats are at least 0 and below 1") {
  CHECK(typegrad::unit_float(0) == 0.0F);
  CHECK(typegrad::unit_float(~0U) < 1.0F);
  CHECK(typegrad::unit_float(0x80000000U) == 0.5F);
}

}  // namespace
