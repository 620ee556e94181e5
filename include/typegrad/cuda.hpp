// SPDX-License-Identifier: BSL-1.0
// Models on Thrust: CUDA when nvcc compiles, else one of Thrust's host systems, chosen by
// -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_OMP (or _CPP, or _TBB). It stands beside
// typegrad/typegrad.hpp: `compile<net, on<thrust>>(...)`, `evaluate<on<thrust>>(...)`.
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

#include <typegrad/expressions/thrust/computer.hpp>
#include <typegrad/inference/thrust/device_model.hpp>
#include <typegrad/training/thrust/device_trainer.hpp>

#pragma GCC diagnostic pop
