// SPDX-License-Identifier: BSL-1.0
// Steps of data preparation, one after another.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

namespace typegrad {

/// Steps that each learn from training data (`fit`) and then change any data (`transform`), in a
/// row, as scikit-learn's make_pipeline:
///
///     pipeline prepare{imputer{}, standard_scaler{}};
///     auto const x = prepare.fit_transform(train);
///     auto const z = prepare.transform(test);  // with the training data's medians and means
template <class... Steps>
class pipeline {
  static_assert(sizeof...(Steps) > 0, "a pipeline needs a step");

 public:
  explicit pipeline(Steps... steps) : steps_(std::move(steps)...) {}

  template <class Data>
  pipeline& fit(Data const& x) {
    static_cast<void>(fit_transform(x));
    return *this;
  }
  /// Each step learns from what the one before made of the training data.
  template <class Data>
  auto fit_transform(Data const& x) {
    return run<0>(*this, x, [](auto& step, auto const& data) { return step.fit_transform(data); });
  }
  template <class Data>
  auto transform(Data const& x) const {
    return run<0>(*this, x, [](auto& step, auto const& data) { return step.transform(data); });
  }

  template <std::size_t I>
  auto const& step() const {
    return std::get<I>(steps_);
  }

 private:
  template <std::size_t I, class Self, class Data, class Do>
  static auto run(Self& self, Data const& x, Do const& apply) {
    auto out = apply(std::get<I>(self.steps_), x);
    if constexpr (I + 1 < sizeof...(Steps)) {
      return run<I + 1>(self, out, apply);
    } else {
      return out;
    }
  }

  std::tuple<Steps...> steps_;
};

}  // namespace typegrad
