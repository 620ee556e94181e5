// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/nn/losses/crossentropy.hpp>
#include <typegrad/nn/losses/regression.hpp>
