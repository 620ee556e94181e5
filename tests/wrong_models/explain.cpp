// expect: dense: gives 128, parameters 100,480, multiply-adds 100,352, bytes moved 405,568, kernels 1 | dense_1: gives 10, parameters 1,290, multiply-adds 1,280, bytes moved 5,792, kernels 2 | the model: parameters 101,770, multiply-adds 101,632, bytes moved 411,360, kernels 3 (3 different), arena bytes 0 + batch * 560
// Not a wrong model: the compiler tells what it takes because it is asked to.
#include <typegrad/typegrad.hpp>

namespace tg = typegrad;

using net = tg::sequential<tg::input<784>, tg::dense<128, tg::relu>, tg::dense<10, tg::softmax>>;
static_assert(tg::explain<net>);
