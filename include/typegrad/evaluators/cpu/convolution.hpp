// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/cpu/convolution/forward.hpp>
#include <typegrad/evaluators/cpu/convolution/input.hpp>
#include <typegrad/evaluators/cpu/convolution/kernel_gradient.hpp>
#include <typegrad/evaluators/cpu/convolution/maximum.hpp>
