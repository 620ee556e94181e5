// SPDX-License-Identifier: BSL-1.0
#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/reference/schedule_interpreter.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <random>
#include <string>
#include <vector>

// Convolutions and windows: values by sums written out, gradients of first and second order by
// differences, and the same from what the compiler makes of them.

namespace {

using namespace typegrad;
using reference::values;

struct setting {
  std::vector<window_axis> axes;  // the spatial ones
  std::int64_t groups, channels, filters;
};

window window_of(setting const& s) {
  window w;
  std::size_t const unused = static_cast<std::size_t>(max_spatial) - s.axes.size();
  for (std::size_t i = 0; i < s.axes.size(); ++i) w.axes[unused + i] = s.axes[i];
  w.groups = s.groups;
  return w;
}

std::vector<setting> settings() {
  return {
      {{{5, 3, 3, 1, 1, 0}, {6, 4, 3, 1, 1, 0}}, 1, 2, 3},
      {{{5, 5, 3, 1, 1, 1}, {4, 4, 2, 1, 1, 0}}, 1, 1, 2},   // same, an even size
      {{{7, 3, 3, 2, 1, 0}, {7, 4, 3, 2, 1, 1}}, 1, 3, 2},   // strides
      {{{7, 3, 3, 1, 2, 0}, {6, 6, 2, 1, 3, 2}}, 1, 2, 2},   // dilation
      {{{4, 4, 3, 1, 1, 1}}, 2, 4, 6},                       // groups, one axis
      {{{4, 4, 3, 1, 1, 1}, {5, 2, 2, 2, 1, 0}}, 4, 4, 4},   // depthwise
      {{{3, 2, 2, 1, 1, 0}, {3, 3, 3, 1, 1, 1}, {4, 2, 2, 2, 1, 0}}, 1, 2, 2},
      {{{4, 4, 1, 1, 1, 0}, {3, 3, 1, 1, 1, 0}}, 1, 3, 5},   // single elements
      {{{3, 1, 3, 1, 1, 0}, {4, 1, 4, 1, 1, 0}}, 1, 2, 4},   // one window over everything
      {{{5, 2, 1, 3, 1, 0}}, 1, 2, 3},                       // elements left out
      {{{2, 4, 2, 1, 1, 2}}, 1, 2, 2},                       // windows in padding alone
  };
}

std::vector<double> numbers(std::int64_t count, unsigned seed) {
  std::mt19937 source{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  std::vector<double> out(static_cast<std::size_t>(count));
  for (double& x : out) x = uniform(source);
  return out;
}

extents x_shape(setting const& s) {
  extents e;
  for (window_axis const& a : s.axes) e.push_back(a.in);
  e.push_back(s.channels);
  return e;
}
extents y_shape(setting const& s, std::int64_t channels) {
  extents e;
  for (window_axis const& a : s.axes) e.push_back(a.out);
  e.push_back(channels);
  return e;
}
extents k_shape(setting const& s) {
  extents e;
  for (window_axis const& a : s.axes) e.push_back(a.size);
  e.push_back(s.channels / s.groups);
  e.push_back(s.filters);
  return e;
}

/// The form that the three ops are faces of: sum of x k y.
double form(setting const& s, values const& x, values const& k, values const& y,
            std::int64_t batch) {
  window const w = window_of(s);
  std::int64_t const each = s.channels / s.groups, each_y = s.filters / s.groups;
  double sum = 0;
  auto const at = [](values const& v, std::int64_t i) { return v[static_cast<std::size_t>(i)]; };
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t o0 = 0; o0 < w.axes[0].out; ++o0)
      for (std::int64_t o1 = 0; o1 < w.axes[1].out; ++o1)
        for (std::int64_t o2 = 0; o2 < w.axes[2].out; ++o2)
          for (std::int64_t t = 0; t < w.taps(); ++t) {
            std::int64_t const taps[] = {t / (w.axes[1].size * w.axes[2].size),
                                         t / w.axes[2].size % w.axes[1].size, t % w.axes[2].size};
            std::int64_t const o[] = {o0, o1, o2};
            std::int64_t place = b;
            bool inside = true;
            for (int i = 0; i < 3; ++i) {
              window_axis const& a = w.axes[i];
              std::int64_t const p = o[i] * a.stride + taps[i] * a.dilation - a.low;
              inside = inside && p >= 0 && p < a.in;
              place = place * a.in + p;
            }
            std::int64_t const row =
                ((b * w.axes[0].out + o0) * w.axes[1].out + o1) * w.axes[2].out + o2;
            for (std::int64_t f = 0; inside && f < s.filters; ++f)
              for (std::int64_t c = 0; c < each; ++c)
                sum += at(x, place * s.channels + f / each_y * each + c) *
                       at(k, (t * each + c) * s.filters + f) * at(y, row * s.filters + f);
          }
  return sum;
}

double dot(values const& a, values const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

bool close(values const& a, values const& b, double tolerance) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= tolerance * (1 + std::abs(b[i])))) return false;
  return true;
}

struct traced {
  graph g;
  reference::bindings b;

  symbol input(extents const& shape, unsigned seed, bool per_sample = true) {
    symbol const x = build::input(g, "x", shape, dtype::float64, per_sample);
    b.inputs.push_back(numbers(shape.count() * (per_sample ? b.batch_size : 1), seed));
    return x;
  }
};

/// Gradients of a sum of cubes of y, and of a sum of squares of these, against differences in
/// every input; and the program that the compiler makes against the graph.
void check_gradients(traced& t, symbol y) {
  graph& g = t.g;
  list<int> leaves;
  for (int id = 0; id < g.size(); ++id)
    if (g[id].code == op::input) leaves.push_back(id);
  symbol objective = batch_sum(sum(y * y * y));
  for (int order = 1; order <= 2; ++order) {
    list<int> const gradients = differentiate(g, objective, leaves);
    REQUIRE(g.error == diagnosis{});
    g.outputs.clear();
    g.outputs.push_back(objective.id());
    for (int const id : gradients)
      if (id >= 0) g.outputs.push_back(id);
    std::vector<values> const exact = reference::evaluate<double>(g, t.b);
    int output = 1;
    for (int i = 0; i < leaves.size(); ++i) {
      if (gradients[i] < 0) continue;
      values const direction =
          numbers(static_cast<std::int64_t>(t.b.inputs[static_cast<std::size_t>(i)].size()), 77);
      double const h = 1e-5;
      double ends[2];
      for (int side = 0; side < 2; ++side) {
        reference::bindings moved = t.b;
        for (std::size_t k = 0; k < direction.size(); ++k)
          moved.inputs[static_cast<std::size_t>(i)][k] += (side == 0 ? h : -h) * direction[k];
        ends[side] = reference::evaluate<double>(g, moved)[0][0];
      }
      double const slope = (ends[0] - ends[1]) / (2 * h);
      double const told = dot(exact[static_cast<std::size_t>(output++)], direction);
      INFO("order " << order << ", input " << i << ": " << told << " for " << slope);
      CHECK(std::abs(told - slope) <= 2e-5 * (1 + std::abs(slope)));
    }
    compiled_graph const c = compile_graph(g);
    INFO(std::string(c.source.error.view()));
    REQUIRE(!c.source.failed());
    reference::schedule_interpreter scheduled{c, t.b};
    std::vector<values> const ran = scheduled.run();
    INFO(std::string(scheduled.fault().view()));
    CHECK(scheduled.fault().empty());
    for (std::size_t i = 0; i < exact.size(); ++i) CHECK(close(ran[i], exact[i], 1e-9));
    symbol next;
    for (int const id : gradients)
      if (id >= 0) {
        symbol part = sum(symbol{g, id} * symbol{g, id});
        part = batch_sum(part);
        next = next.valid() ? next + part : part;
      }
    objective = next;
  }
}

}  // namespace

TEST_CASE("convolutions: three faces of one form", "[ops]") {
  for (setting const& s : settings()) {
    INFO("channels " << s.channels << ", filters " << s.filters << ", groups " << s.groups
                     << ", in " << s.axes.back().in << ", size " << s.axes.back().size);
    window const w = window_of(s);
    traced t;
    t.b.batch_size = 3;
    symbol const x = t.input(x_shape(s), 1);
    symbol const k = t.input(k_shape(s), 2, false);
    symbol const y = t.input(y_shape(s, s.filters), 3);
    symbol const faces[] = {build::convolution(x, k, w), build::convolution_input(y, k, w),
                            build::convolution_kernel(x, y, w)};
    REQUIRE(t.g.error == diagnosis{});
    CHECK(faces[0].shape() == y.shape());
    CHECK(faces[1].shape() == x.shape());
    CHECK(faces[2].shape() == k.shape());
    CHECK(!faces[2].per_sample());
    for (symbol const& f : faces) t.g.outputs.push_back(f.id());
    std::vector<values> const out = reference::evaluate<double>(t.g, t.b);
    double const wanted = form(s, t.b.inputs[0], t.b.inputs[1], t.b.inputs[2], 3);
    CHECK(std::abs(dot(out[0], t.b.inputs[2]) - wanted) < 1e-9);
    CHECK(std::abs(dot(out[1], t.b.inputs[0]) - wanted) < 1e-9);
    CHECK(std::abs(dot(out[2], t.b.inputs[1]) - wanted) < 1e-9);
  }
}

TEST_CASE("convolutions: gradients of both orders", "[ops]") {
  for (setting const& s : settings())
    for (int face = 0; face < 3; ++face) {
      INFO("face " << face << ", channels " << s.channels << ", groups " << s.groups << ", in "
                   << s.axes.back().in << ", size " << s.axes.back().size);
      window const w = window_of(s);
      traced t;
      t.b.batch_size = 2;
      symbol const x = face != 1 ? t.input(x_shape(s), 1) : symbol{};
      symbol const k = face != 2 ? t.input(k_shape(s), 2, false) : symbol{};
      symbol const y = face != 0 ? t.input(y_shape(s, s.filters), 3) : symbol{};
      symbol const result = face == 0   ? build::convolution(x, k, w)
                            : face == 1 ? build::convolution_input(y, k, w)
                                        : build::convolution_kernel(x, y, w);
      check_gradients(t, result);
    }
}

TEST_CASE("convolutions of values that no sample has", "[ops]") {
  setting const s = settings()[0];
  window const w = window_of(s);
  traced t;
  t.b.batch_size = 2;
  symbol const x = t.input(x_shape(s), 1, false);
  symbol const k = t.input(k_shape(s), 2, false);
  symbol const y = build::convolution(x, k, w);
  CHECK(!y.per_sample());
  symbol const noise = t.input(y.shape(), 3);
  check_gradients(t, y * noise);
}

TEST_CASE("windows: values", "[ops]") {
  graph g;
  window w;
  w.axes[2] = {5, 3, 3, 2, 1, 1};
  symbol const x = build::input(g, "x", {5, 1}, dtype::float64);
  symbol const y = build::input(g, "y", {3, 1}, dtype::float64);
  for (symbol const& s : {build::window_max(x, w), build::window_sum(x, w),
                          build::window_spread(y, w), build::window_scatter(x, y, w),
                          build::window_gather(x, x + 10, w)})
    g.outputs.push_back(s.id());
  REQUIRE(g.error == diagnosis{});
  reference::bindings b;
  b.inputs = {{3, 3, -1, 4, 2}, {10, 20, 30}};
  auto const out = reference::evaluate<double>(g, b);
  CHECK(out[0] == values{3, 4, 4});
  CHECK(out[1] == values{6, 6, 6});
  CHECK(out[2] == values{10, 30, 20, 50, 30});
  CHECK(out[3] == values{10, 0, 0, 50, 0});  // the first of two equals
  CHECK(out[4] == values{13, 14, 14});
  b.inputs[0] = {-5, std::nan(""), 7, std::nan(""), 1};
  auto const odd = reference::evaluate<double>(g, b);
  CHECK(std::isnan(odd[0][0]));
  CHECK(odd[3] == values{0, 30, 0, 30, 0});
}

TEST_CASE("windows: gradients of both orders", "[ops]") {
  for (setting const& s : settings()) {
    if (s.axes.back().low == 2) continue;  // windows of padding alone are -infinity
    setting one = s;
    one.groups = 1;
    window const w = window_of(one);
    for (int form = 0; form < 5; ++form) {
      INFO("form " << form << ", in " << s.axes.back().in << ", size " << s.axes.back().size);
      traced t;
      t.b.batch_size = 2;
      bool const from_y = form == 1;
      symbol const x = from_y ? symbol{} : t.input(x_shape(s), 4);
      symbol const y = form == 1 || form == 3 ? t.input(y_shape(s, s.channels), 5) : symbol{};
      symbol const z = form == 4 ? t.input(x_shape(s), 6) : symbol{};
      symbol const result = form == 0   ? build::window_sum(x, w)
                            : form == 1 ? build::window_spread(y, w)
                            : form == 2 ? build::window_max(x, w)
                            : form == 3 ? build::window_scatter(x, y, w)
                                        : build::window_gather(x, z, w);
      check_gradients(t, result);
    }
  }
}

TEST_CASE("greatest elements of blocks of a convolution", "[ops]") {
  for (setting const& s : settings()) {
    if (s.axes.back().low == 2) continue;  // equal elements: only padding is read
    INFO("channels " << s.channels << ", in " << s.axes.back().in << ", size "
                     << s.axes.back().size);
    window const w = window_of(s);
    window blocks;
    position_block block;
    for (int i = 0; i < max_spatial; ++i) {
      std::int64_t const in = w.axes[i].out, size = in % 2 == 0 ? 2 : in == 3 ? 3 : 1;
      block.at[i] = size;
      blocks.axes[i] = {in, in / size, size, size, 1, 0};
    }
    traced t;
    t.b.batch_size = 2;
    symbol const x = t.input(x_shape(s), 1);
    symbol const k = t.input(k_shape(s), 2, false);
    symbol const y = build::convolution_max(x, k, w, block);
    t.g.outputs.push_back(y.id());
    t.g.outputs.push_back(build::window_max(build::convolution(x, k, w), blocks).id());
    REQUIRE(t.g.error == diagnosis{});
    auto const both = reference::evaluate<double>(t.g, t.b);
    CHECK(both[0] == both[1]);
    check_gradients(t, y);
  }
}

TEST_CASE("convolutions: operands that do not fit", "[ops]") {
  window w;
  w.axes[2] = {5, 3, 3, 1, 1, 0};
  auto const error = [&](extents const& x, extents const& k, bool per_sample) {
    graph g;
    build::convolution(build::input(g, "x", x),
                       build::input(g, "k", k, dtype::float32, per_sample), w);
    return std::string(g.error.view());
  };
  CHECK(error({5, 2}, {3, 2, 4}, false).empty());
  CHECK(error({6, 2}, {3, 2, 4}, false) ==
        "convolution: extents 6x2 and 3x2x4 do not fit the window");
  CHECK(error({5, 2}, {3, 1, 4}, false) ==
        "convolution: extents 5x2 and 3x1x4 do not fit the window");
  CHECK(error({5, 2}, {3, 2, 4}, true) ==
        "convolution: the kernel must be one for all samples, not per sample");

  graph g;
  build::convolution_max(build::input(g, "x", {5, 2}),
                         build::input(g, "k", {3, 2, 4}, dtype::float32, false), w, {{1, 1, 2}});
  CHECK(std::string(g.error.view()) ==
        "convolution maximum: blocks of 1x1x2 do not divide a convolution of 3x4");
}
