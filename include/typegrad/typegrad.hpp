// SPDX-License-Identifier: BSL-1.0
// All that a CPU user needs.
#pragma once

#include <typegrad/data.hpp>
#include <typegrad/expressions.hpp>
#include <typegrad/expressions/xtensor.hpp>
#include <typegrad/inference/explain.hpp>
#include <typegrad/inference/figures.hpp>
#include <typegrad/inference/predictor.hpp>
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
