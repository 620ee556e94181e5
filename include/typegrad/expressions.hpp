// SPDX-License-Identifier: BSL-1.0
#pragma once

// check.hpp comes first: the sentence about a wrong expression then stands near the top of the
// compiler's output, behind fewer lines of "In file included from".
#include <typegrad/expressions/check.hpp>

#include <typegrad/expressions/activation.hpp>
#include <typegrad/expressions/contraction.hpp>
#include <typegrad/expressions/control.hpp>
#include <typegrad/expressions/create.hpp>
#include <typegrad/expressions/elementwise.hpp>
#include <typegrad/expressions/evaluate.hpp>
#include <typegrad/expressions/gradient.hpp>
#include <typegrad/expressions/movement.hpp>
#include <typegrad/expressions/order.hpp>
#include <typegrad/expressions/print.hpp>
#include <typegrad/expressions/random.hpp>
#include <typegrad/expressions/reduction.hpp>
#include <typegrad/expressions/tensor.hpp>
#include <typegrad/expressions/transform.hpp>
#include <typegrad/expressions/variable.hpp>
#include <typegrad/expressions/view.hpp>
