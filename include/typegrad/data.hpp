// SPDX-License-Identifier: BSL-1.0
// Data: readers, data sets, splits; imputers, scalers and encoders, in pipelines; one-hot.
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

#include <typegrad/data/augmentation.hpp>
#include <typegrad/data/category_encoder.hpp>
#include <typegrad/data/csv.hpp>
#include <typegrad/data/dataset.hpp>
#include <typegrad/data/datasets/california_housing.hpp>
#include <typegrad/data/datasets/cifar10.hpp>
#include <typegrad/data/datasets/mnist.hpp>
#include <typegrad/data/datasets/synthetic_digits.hpp>
#include <typegrad/data/datasets/synthetic_housing.hpp>
#include <typegrad/data/datasets/synthetic_shapes.hpp>
#include <typegrad/data/idx.hpp>
#include <typegrad/data/imputer.hpp>
#include <typegrad/data/one_hot.hpp>
#include <typegrad/data/pipeline.hpp>
#include <typegrad/data/scaler.hpp>
#include <typegrad/data/split.hpp>
#include <typegrad/data/table.hpp>

#pragma GCC diagnostic pop
