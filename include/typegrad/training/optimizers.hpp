// SPDX-License-Identifier: BSL-1.0
// All optimizers.
#pragma once

#include <typegrad/training/optimizers/adam.hpp>
#include <typegrad/training/optimizers/adamw.hpp>
#include <typegrad/training/optimizers/rmsprop.hpp>
#include <typegrad/training/optimizers/sgd.hpp>
