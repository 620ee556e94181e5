// SPDX-License-Identifier: BSL-1.0
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

// In the order in which they need each other: a compiler says of a header where it was included
// first, line by line, before the sentence about a wrong expression. So each is included from here.
// clang-format off
#include <typegrad/expressions/check.hpp>
#include <typegrad/expressions/tensor.hpp>
#include <typegrad/expressions/tracer.hpp>
#include <typegrad/expressions/leaf.hpp>
#include <typegrad/expressions/operation.hpp>
#include <typegrad/expressions/elementwise.hpp>
#include <typegrad/expressions/activation.hpp>
#include <typegrad/expressions/reduction.hpp>
#include <typegrad/expressions/contraction.hpp>
#include <typegrad/expressions/movement.hpp>
#include <typegrad/expressions/order.hpp>
#include <typegrad/expressions/request.hpp>
#include <typegrad/expressions/evaluate.hpp>
#include <typegrad/expressions/constraints.hpp>
#include <typegrad/expressions/variable.hpp>
#include <typegrad/expressions/view.hpp>
#include <typegrad/expressions/gradient.hpp>
#include <typegrad/expressions/transform.hpp>
#include <typegrad/expressions/control.hpp>
#include <typegrad/expressions/create.hpp>
#include <typegrad/expressions/print.hpp>
#include <typegrad/expressions/random.hpp>
// clang-format on

#pragma GCC diagnostic pop
