// SPDX-License-Identifier: BSL-1.0
// The fast gradient sign method: digits that a network reads rightly are changed a little, each pixel
// by the same amount in the direction that makes the loss greater, until it reads them wrongly.
// Source: Goodfellow et al., "Explaining and harnessing adversarial examples", arXiv 1412.6572.
// usage: adversarial_digits [folder of the MNIST files]
#include <typegrad/plot.hpp>
#include <typegrad/typegrad.hpp>

#include <cstdio>
#include <string>

namespace tg = typegrad;

using classifier =
    tg::sequential<tg::input<28, 28>, tg::flatten, tg::dense<128, tg::relu>, tg::dense<10>>;

namespace {

/// "7 (99 %)": what scores say.
std::string reading(tg::tensor<float, 10> const& scores) {
  tg::tensor<float, 10> const probabilities = tg::softmax(scores);
  int const digit = tg::evaluate(tg::argmax(scores));
  return std::to_string(digit) + " (" +
         std::to_string(static_cast<int>(100 * probabilities(digit) + 0.5f)) + " %)";
}

}  // namespace

int main(int argc, char** argv) {
  auto const mnist = argc > 1 ? tg::datasets::mnist(argv[1]) : tg::datasets::mnist();
  auto model = tg::compile<classifier>(tg::adam{},
                                       tg::sparse_categorical_crossentropy<tg::from_logits>{},
                                       tg::accuracy{});
  model.initialize(7);
  model.fit(mnist.train, {.epochs = 2});

  // The same network as an expression of its weights, so that the loss can be differentiated by the
  // picture.
  auto const w1 = tg::as_tensor<784, 128>(model.weight("dense/kernel"));
  auto const b1 = tg::as_tensor<128>(model.weight("dense/bias"));
  auto const w2 = tg::as_tensor<128, 10>(model.weight("dense_1/kernel"));
  auto const b2 = tg::as_tensor<10>(model.weight("dense_1/bias"));
  auto const scores = [&](auto picture) {
    return tg::matmul(tg::relu(tg::matmul(picture, w1) + b1), w2) + b2;
  };
  auto label = tg::variable<"label", tg::shape<>, std::int32_t>();
  auto picture = tg::variable<"picture", tg::shape<784>>();
  auto const read = scores(tg::lazy(picture));
  auto const loss = tg::logsumexp(read) - tg::sum(tg::one_hot<10>(label) * read);
  auto const slope = tg::gradient(loss, picture);

  constexpr float step = 0.1f;
  auto const adversarial = tg::clip(picture + step * tg::sign(slope), 0, 1);

  tg::plot::figure fig{.title = "one step of 0.1 along the sign of the gradient", .columns = 1};
  auto& shown = fig.images("");
  auto const size = tg::plot::image_extents{28, 28};
  std::vector<tg::tensor<float, 784>> before, after;
  int right = 0, fooled = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    picture.assign(reshape(tg::as_tensor<28, 28>(xt::view(mnist.test.x, i)), tg::shape<784>{}));
    label.assign(mnist.test.y(i));
    if (tg::evaluate(tg::argmax(read)) != label.value()) continue;
    ++right;
    tg::tensor<float, 784> const changed = adversarial;
    bool const wrong = tg::evaluate(tg::argmax(scores(tg::lazy(changed)))) != label.value();
    fooled += wrong;
    if (wrong && before.size() < 8) {
      before.push_back(picture.value());
      after.push_back(changed);
    }
  }
  shown.row("before");
  for (auto const& p : before) shown.image(p, size, reading(scores(tg::lazy(p))));
  shown.row("change");
  for (std::size_t i = 0; i < before.size(); ++i)
    shown.signed_image(tg::evaluate(after[i] - before[i]), size);
  shown.row("after");
  for (auto const& p : after) shown.image(p, size, reading(scores(tg::lazy(p))));
  fig.save("adversarial_digits.svg");
  std::printf("%d of %d digits that were read rightly are read wrongly then; see "
              "adversarial_digits.svg\n",
              fooled, right);
}
