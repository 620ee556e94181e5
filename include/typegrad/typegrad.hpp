// SPDX-License-Identifier: BSL-1.0
// All that a CPU user needs.
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

// First those whose functions tell of mistakes: a compiler begins with who included whom.
#include <typegrad/inference/by_name.hpp>
#include <typegrad/inference/predictor.hpp>
#include <typegrad/nn/layer.hpp>

#include <typegrad/training/model_samples.hpp>

#include <typegrad/training/compile.hpp>

#include <typegrad/data.hpp>
#include <typegrad/expressions.hpp>
#include <typegrad/expressions/xtensor.hpp>
#include <typegrad/inference/explain.hpp>
#include <typegrad/inference/figures.hpp>
#include <typegrad/io/architecture.hpp>
#include <typegrad/io/checkpoint.hpp>
#include <typegrad/io/history_plot.hpp>
#include <typegrad/io/plot_model.hpp>
#include <typegrad/io/profile.hpp>
#include <typegrad/io/report.hpp>
#include <typegrad/io/summary.hpp>
#include <typegrad/nn.hpp>
#include <typegrad/training.hpp>
#include <typegrad/xtensor.hpp>

#pragma GCC diagnostic pop
