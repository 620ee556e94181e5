// SPDX-License-Identifier: BSL-1.0
// expect: submodel: net has no output or layer "dense_7"; it has "main", "auxiliary", "dense", "dense_1", "dense_2"
#include <typegrad/nn.hpp>

namespace tg = typegrad;
using namespace tg::literals;

struct net : tg::network<net> {
  using inputs = tg::inputs<tg::named<"wide_in", 3>, tg::named<"deep_in", 5>>;
  tg::dense<4, tg::relu> hidden;
  tg::dense<1> head, auxiliary_head;
  constexpr auto call(tg::symbol wide, tg::symbol deep) {
    deep = hidden(deep);
    return tg::outputs(tg::output<"main">(head(tg::concatenate(wide, deep))),
                       tg::output<"auxiliary">(auxiliary_head(deep)));
  }
};

static_assert(tg::parameter_count<tg::submodel<net, "dense_7">> == 1);
