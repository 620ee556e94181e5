// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <typegrad/data/augmentation.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>
#include <vector>

namespace tg = typegrad;

namespace {

using net = tg::sequential<tg::input<6, 5, 2>, tg::flatten, tg::dense<8, tg::tanh>,
                           tg::dropout<0.3F>, tg::dense<3>>;

auto make(std::uint64_t seed = 3) {
  auto model = tg::compile<net>(tg::adam{}, tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                tg::accuracy{});
  model.initialize(seed);
  return model;
}

struct data_set {
  xt::xtensor<float, 4> x;
  xt::xtensor<std::int32_t, 1> y;
};

// The first value of image i is i, so that a transform knows which one it has.
data_set images(std::size_t count) {
  data_set data{xt::xtensor<float, 4>::from_shape({count, 6, 5, 2}),
                xt::xtensor<std::int32_t, 1>::from_shape({count})};
  for (std::size_t i = 0; i < data.x.size(); ++i)
    data.x.data()[i] = static_cast<float>(i * i % 37) / 37 - 0.5F;
  for (std::size_t i = 0; i < count; ++i) {
    data.x(i, 0, 0, 0) = static_cast<float>(i);
    data.y(i) = static_cast<std::int32_t>(i % 3);
  }
  return data;
}

std::vector<float> all_weights(auto& model) {
  std::vector<float> out;
  for (auto const& w : model.weights())
    out.insert(out.end(), w.values.data(), w.values.data() + w.values.size());
  return out;
}

bool same(std::vector<float> const& a, std::vector<float> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

tg::fit_options quiet(int epochs, int batch_size = 16) {
  return {.epochs = epochs, .batch_size = batch_size, .verbose = false};
}

// Keeps what it sees: for each image (by its first value) one random number an epoch.
struct recorder {
  struct notes {
    std::mutex mutex;
    std::map<int, std::vector<float>> drawn;
    std::vector<int> order;
    std::thread::id thread;
  };
  std::shared_ptr<notes> kept = std::make_shared<notes>();
  void operator()(tg::augmented_sample const& s, tg::sample_random& random) const {
    std::lock_guard const lock(kept->mutex);
    auto const which = static_cast<int>(s.values[0]);
    kept->drawn[which].push_back(random.uniform(0, 1));
    kept->order.push_back(which);
    kept->thread = std::this_thread::get_id();
  }
};

std::string error_of(auto const& action) {
  try {
    action();
  } catch (std::exception const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("augmented: a transform that changes nothing trains the same, bit for bit", "[threads]") {
  auto const data = images(70);
  auto const nothing = [](tg::augmented_sample const&, tg::sample_random&) {};
  for (bool const shuffle : {true, false}) {
    auto a = make();
    auto b = make();
    auto options = quiet(3);
    options.shuffle = shuffle;
    auto const plain = a.fit(data, options);
    auto const changed = b.fit(tg::augmented(data, nothing), options);
    CHECK(same(all_weights(a), all_weights(b)));
    CHECK(plain["loss"] == changed["loss"]);
  }
  // numbers of other types, class weights, sample weights
  xt::xtensor<std::uint8_t, 4> const bytes = xt::cast<std::uint8_t>(xt::abs(data.x) * 3);
  xt::xtensor<float, 1> const weights = xt::linspace<float>(0.5F, 2, 70);
  auto options = quiet(2);
  options.class_weight = {{1, 0.25F}};
  auto a = make();
  auto b = make();
  a.fit({bytes, data.y, weights}, options);
  b.fit(tg::augmented(tg::samples{bytes, data.y, weights}, nothing), options);
  CHECK(same(all_weights(a), all_weights(b)));
}

TEST_CASE("augmented: the same at any number of threads, and from the same seed", "[threads]") {
  auto const data = images(90);
  auto const trained = [&](int threads, std::uint64_t seed, int pause) {
    tg::set_threads(threads);
    auto model = make(seed);
    auto const slow = [pause](tg::augmented_sample const&, tg::sample_random& random) {
      if (pause > 0 && random.below(8) == 0)
        std::this_thread::sleep_for(std::chrono::microseconds(pause));
    };
    model.fit(tg::augmented(data, tg::random_flip{}, tg::random_shift{.pixels = 2}, slow),
              {.epochs = 3, .batch_size = 16, .validation_data = data, .verbose = false});
    tg::set_threads(0);
    return all_weights(model);
  };
  auto const expected = trained(1, 5, 0);
  CHECK(same(trained(2, 5, 0), expected));
  CHECK(same(trained(3, 5, 100), expected));
  CHECK(same(trained(1, 5, 100), expected));
  CHECK_FALSE(same(trained(1, 6, 0), expected));
}

TEST_CASE("augmented: what a sample becomes depends on seed, epoch and sample alone", "[threads]") {
  auto const data = images(40);
  auto const drawn = [&](tg::fit_options const& options, int transforms_before = 0) {
    recorder r;
    auto const other = [](tg::augmented_sample const&, tg::sample_random& random) {
      random.next();
    };
    auto model = make();
    if (transforms_before == 0)
      model.fit(tg::augmented(data, r), options);
    else
      model.fit(tg::augmented(tg::augmented(data, r), other), options);
    CHECK(r.kept->thread != std::this_thread::get_id());
    return r.kept->drawn;
  };
  auto const expected = drawn(quiet(3));
  CHECK(expected.size() == 40);
  std::vector<float> all;
  for (auto const& [which, numbers] : expected) {
    CHECK(numbers.size() == 3);
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());  // all differ
  CHECK(drawn(quiet(3, 7)) == expected);                           // batches do not matter
  CHECK(drawn(quiet(3), 1) == expected);                           // nor other transforms
  auto options = quiet(3);
  options.shuffle = false;
  CHECK(drawn(options) == expected);  // nor the order
  options.seed = 99;
  CHECK(drawn(options) != expected);
  // training that goes on where it was
  recorder r;
  auto model = make();
  model.fit(tg::augmented(data, r), quiet(1));
  options = quiet(3);
  options.initial_epoch = 1;
  model.fit(tg::augmented(data, r), options);
  CHECK(r.kept->drawn == expected);
}

TEST_CASE("augmented: the data stay as they are, the model sees what transforms made",
          "[threads]") {
  auto const data = images(33);
  auto const before = data;
  std::atomic<int> wrong{0};
  auto const negate = [&wrong](tg::augmented_sample const& s, tg::sample_random&) {
    if (s.shape != tg::extents{6, 5, 2} || s.values.size() != 60 || s.spare.size() != 60) ++wrong;
    for (float& x : s.values) x = -x;
  };
  auto a = make();
  auto b = make();
  a.fit({xt::xtensor<float, 4>(-data.x), data.y}, quiet(2));
  b.fit(tg::augmented(data, negate), quiet(2));
  CHECK(same(all_weights(a), all_weights(b)));
  CHECK(data.x == before.x);
  CHECK(wrong == 0);
  // one step, and transforms one after another
  a.train_on_batch({xt::xtensor<float, 4>(-data.x), data.y});
  b.train_on_batch(tg::augmented(data, negate, negate, negate));
  CHECK(same(all_weights(a), all_weights(b)));
  CHECK(data.x == before.x);
}

TEST_CASE("augmented: validation is not", "[threads]") {
  auto const data = images(50);
  recorder r;
  auto model = make();
  auto options = quiet(2);
  options.validation_split = 0.2;
  model.fit(tg::augmented(data, r), options);
  CHECK(r.kept->drawn.size() == 40);
  CHECK(r.kept->drawn.rbegin()->first == 39);

  auto const changed = tg::augmented(data, r);
  CHECK(error_of([&] { model.evaluate(changed); }) ==
        "evaluate: the samples are augmented; give them as they are, without `augmented`");
  options.validation_data = changed;
  CHECK(error_of([&] { model.fit(data, options); }) ==
        "fit: validation_data: the samples are augmented; give them as they are, without"
        " `augmented`");
}

TEST_CASE("augmented: fewer samples than a batch, more for validation", "[threads]") {
  auto const data = images(9);
  auto const many = images(64);
  auto a = make();
  auto b = make();
  auto options = quiet(4, 32);
  options.validation_data = many;
  a.fit(data, options);
  b.fit(tg::augmented(data, [](auto const&, auto&) {}), options);
  CHECK(same(all_weights(a), all_weights(b)));
}

TEST_CASE("augmented: an exception of a transform reaches who called fit", "[threads]") {
  auto const data = images(64);
  std::atomic<int> calls{0};
  auto const failing = [&calls](tg::augmented_sample const&, tg::sample_random&) {
    if (++calls == 41) throw std::runtime_error("the 41st sample is bad");
  };
  auto model = make();
  CHECK(error_of([&] { model.fit(tg::augmented(data, failing), quiet(5)); }) ==
        "the 41st sample is bad");
  CHECK(model.step() == 2);  // the batches before were trained on
  CHECK(calls == 41);
  // and an error in training ends the thread that works ahead
  calls = -1000000;
  auto bad = data;
  bad.x(5, 1, 1, 1) = std::numeric_limits<float>::infinity();
  auto const before = model.step();
  CHECK(error_of([&] {
          model.fit(tg::augmented(bad, failing), quiet(5));
        }).starts_with("fit: the loss is"));
  CHECK(model.step() - before < 4);
  int const at_the_end = calls;
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(calls == at_the_end);
  model.initialize(1);
  model.fit(data, quiet(1));  // the model serves on
}

TEST_CASE("augmented: options that do not fit the samples") {
  auto const data = images(8);
  auto const error = [](auto const& d, auto const&... transforms) {
    return error_of([&] { static_cast<void>(tg::augmented(d, transforms...)); });
  };
  CHECK(error(data, tg::random_flip{}, tg::random_shift{.pixels = -1}) ==
        "random_shift: pixels must not be negative, got -1");
  CHECK(error(data, tg::random_shift{.pixels = 5}) ==
        "random_shift: pixels must be less than the image's height and width, got 5 for images of"
        " 6x5");
  xt::xtensor<float, 2> const vectors = xt::zeros<float>({8, 60});
  CHECK(error(tg::samples{vectors, data.y}, tg::random_flip{}) ==
        "random_flip: needs images, height x width or height x width x channels; a sample has"
        " extents 60");
  CHECK(error(tg::samples{}, tg::random_flip{}) == "augmented: x is missing");
  // images where the model needs something else
  auto model = make();
  xt::xtensor<float, 4> const larger = xt::zeros<float>({8, 6, 6, 2});
  CHECK(error_of([&] {
          model.fit(tg::augmented(tg::samples{larger, data.y}, tg::random_flip{}), quiet(1));
        }) == "fit: x needs samples of extents 6x5x2, got an array of shape 8x6x6x2");
}
