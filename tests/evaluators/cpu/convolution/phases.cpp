// SPDX-License-Identifier: BSL-1.0
#include <evaluators/cpu/convolution/check.hpp>
#include <set>
#include <tuple>

using namespace convolution_test;
using on_cpu::detail::axis_phases;
using on_cpu::detail::border;
using on_cpu::detail::split_row;

namespace {

// Calls body(axis) for axes of all kinds.
template <class Body>
void for_axes(Body const& body) {
  for (std::int64_t size = 1; size <= 5; ++size)
    for (std::int64_t stride = 1; stride <= 4; ++stride)
      for (std::int64_t dilation = 1; dilation <= 4; ++dilation)
        for (std::int64_t low = 0; low <= 5; ++low)
          for (std::int64_t high : {0, 3})
            for (std::int64_t in : {1, 2, 7, 11}) {
              window_axis w{in, 1, size, stride, dilation, low};
              if (in + low + high < w.reach()) continue;
              w.out = (in + low + high - w.reach()) / stride + 1;
              body(w);
            }
}

}  // namespace

TEST_CASE("an axis' phases hold each window's reading of each element once", "[convolution]") {
  for_axes([](window_axis const& w) {
    using reading = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // element, tap, window
    std::set<reading> defined, found;
    for (std::int64_t o = 0; o < w.out; ++o) {
      for (std::int64_t t = 0; t < w.size; ++t) {
        std::int64_t const i = o * w.stride + t * w.dilation - w.low;
        if (i >= 0 && i < w.in) defined.emplace(i, t, o);
      }
    }
    axis_phases const phases{w};
    bool twice = false, outside = false;
    std::int64_t elements = 0;
    for (int k = 0; k < phases.kinds(); ++k) {
      for (std::int64_t n = 0; n < phases.of_kind(k); ++n) {
        auto const p = phases.of_kind(k, n);
        elements += p.count;
        for (std::int64_t a = 0; a < p.count; ++a) {
          for (std::int64_t j = 0; j < p.taps; ++j) {
            std::int64_t const o = p.window + a - j * p.dilation;
            // What the tiles read lies in the box.
            outside = outside || o < phases.begin() || o >= phases.end();
            if (o < 0 || o >= w.out) continue;
            twice =
                !found.emplace(p.first + a * w.stride, p.first_tap + j * p.tap_step, o).second ||
                twice;
          }
        }
      }
    }
    INFO("in " << w.in << ", out " << w.out << ", size " << w.size << ", stride " << w.stride
               << ", dilation " << w.dilation << ", low " << w.low);
    CHECK(found == defined);
    CHECK(elements == w.in);
    CHECK_FALSE(twice);
    CHECK_FALSE(outside);
  });
}

TEST_CASE("the live taps of outputs hold those that read elements", "[convolution]") {
  for_axes([](window_axis const& w) {
    border const b{w.in, -w.low, w.stride, w.dilation};
    for (std::int64_t begin = 0; begin < w.out; ++begin) {
      for (std::int64_t count = 1; begin + count <= w.out; ++count) {
        std::int64_t from = w.size, until = 0;
        for (std::int64_t o = begin; o < begin + count; ++o) {
          for (std::int64_t t = 0; t < w.size; ++t) {
            std::int64_t const i = o * w.stride + t * w.dilation - w.low;
            if (i < 0 || i >= w.in) continue;
            from = std::min(from, t);
            until = std::max(until, t + 1);
          }
        }
        auto const live = b.live(begin, count, w.size);
        // Of one output they are just these; of several, a range that holds them.
        bool right = from >= until || (live.begin <= from && live.end >= until);
        if (count == 1) {
          right = from < until ? live.begin == from && live.end == until : live.begin == live.end;
        }
        right = right && live.begin >= 0 && live.begin <= live.end && live.end <= w.size;
        if (!right) {
          INFO("in " << w.in << ", size " << w.size << ", stride " << w.stride << ", dilation "
                     << w.dilation << ", low " << w.low << ", outputs " << begin << " + " << count);
          CHECK(right);
        }
      }
    }
  });
}

TEST_CASE("the parts of a row cover it once", "[convolution]") {
  for (std::int64_t outputs = 1; outputs <= 40; ++outputs) {
    for (std::int64_t parts : {1, 2, 4, 8, 16}) {
      split_row const row{outputs, parts};
      std::vector<int> times(static_cast<std::size_t>(outputs));
      for (std::int64_t j = 0; j < parts; ++j) {
        for (std::int64_t i = row.skip(j); i < row.part(); ++i) {
          ++times[static_cast<std::size_t>(row.begin(j) + i)];
        }
      }
      bool once = true;
      for (int const t : times) once = once && t == 1;
      INFO(outputs << " outputs, " << parts << " parts");
      CHECK(once);
    }
  }
}
