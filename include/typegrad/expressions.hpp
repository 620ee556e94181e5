// SPDX-License-Identifier: BSL-1.0
#pragma once

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
