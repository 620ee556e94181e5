// SPDX-License-Identifier: BSL-1.0
#include "nn/oracle.hpp"

#include <typegrad/nn/metrics.hpp>

namespace {

namespace tg = typegrad;
using tg::dtype;
using tg::extents;

static_assert(tg::metric<tg::accuracy> && tg::metric<tg::mean_squared_error<>> &&
              tg::metric<tg::binary_accuracy<>>);
static_assert(tg::accuracy::name == "accuracy");
static_assert(tg::mean_squared_error<>::name == "mean_squared_error");
static_assert(tg::accuracy::field<double>{0.5}.accuracy == 0.5);

/// The metric of each sample.
template <class Metric>
oracle::values each(Metric const& metric, extents const& output, extents const& target, dtype type,
                    oracle::values const& predictions, oracle::values const& targets) {
  tg::graph g;
  auto const p = tg::build::input(g, "p", output);
  auto const y = tg::build::input(g, "y", target, type);
  auto const m = metric(y, p);
  REQUIRE(m.valid());
  REQUIRE(m.rank() == 0);
  g.outputs.push_back(m.id());
  return oracle::run(g, static_cast<std::int64_t>(predictions.size()) / output.count(),
                     {predictions, targets})[0];
}

template <class Metric>
void against_keras(std::string const& name, Metric const& metric, extents const& output,
                   extents const& target, dtype type = dtype::float32) {
  INFO(name);
  auto const get = [&](char const* what) { return oracle::load("metrics", name + "/" + what); };
  auto const weight = oracle::load("metrics", "sample_weight");
  auto const found = each(metric, output, target, type, get("predictions"), get("targets"));
  REQUIRE(found.size() == weight.size());
  oracle::values plain, weighted;  // after each of three batches, as a running mean
  double sum = 0, total = 0, weights = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    sum += found[i];
    total += found[i] * weight[i];
    weights += weight[i];
    if (i % 8 != 7) continue;
    plain.push_back(sum / static_cast<double>(i + 1));
    weighted.push_back(total / weights);
  }
  oracle::check_close(plain, get("result"));
  oracle::check_close(weighted, get("weighted_result"));
}

TEST_CASE("metrics give Keras's numbers") {
  against_keras("binary_accuracy", tg::binary_accuracy{}, {1}, {1});
  against_keras("categorical_accuracy", tg::categorical_accuracy{}, {5}, {5});
  against_keras("sparse_categorical_accuracy", tg::sparse_categorical_accuracy{}, {5}, {},
                dtype::int32);
  against_keras("mean_squared_error", tg::mean_squared_error{}, {2}, {2});
  against_keras("mean_absolute_error", tg::mean_absolute_error{}, {2}, {2});
}

TEST_CASE("accuracy is the one that fits") {
  against_keras("binary_accuracy", tg::accuracy{}, {1}, {1});
  against_keras("categorical_accuracy", tg::accuracy{}, {5}, {5});
  against_keras("sparse_categorical_accuracy", tg::accuracy{}, {5}, {}, dtype::int32);
  against_keras("sparse_categorical_accuracy", tg::accuracy{}, {5}, {1}, dtype::int32);
}

TEST_CASE("binary accuracy takes another threshold") {
  CHECK(each(tg::binary_accuracy<0.25F>{}, {2}, {2}, dtype::float32, {0.3, 0.25}, {1, 1}) ==
        oracle::values{0.5});
}

TEST_CASE("accuracy over several rows is their mean") {
  CHECK(each(tg::accuracy{}, {2, 2}, {2}, dtype::int32, {0, 1, 1, 0}, {1, 1}) ==
        oracle::values{0.5});
}

}  // namespace
