// SPDX-License-Identifier: BSL-1.0
// Everything of the training floor.
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

#include <typegrad/training/augmented.hpp>
#include <typegrad/training/batch_range.hpp>
#include <typegrad/training/compile.hpp>
#include <typegrad/training/evaluation.hpp>
#include <typegrad/training/fit_options.hpp>
#include <typegrad/training/history.hpp>
#include <typegrad/training/model_gradient.hpp>
#include <typegrad/training/optimizer.hpp>
#include <typegrad/training/optimizers.hpp>
#include <typegrad/training/samples.hpp>

#pragma GCC diagnostic pop
