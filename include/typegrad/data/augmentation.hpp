// SPDX-License-Identifier: BSL-1.0
// Transforms of samples on their way into a batch; `augmented` (training) applies them.
#pragma once

#include <typegrad/data/augmentation/fill_mode.hpp>
#include <typegrad/data/augmentation/random_flip.hpp>
#include <typegrad/data/augmentation/random_shift.hpp>
#include <typegrad/data/augmentation/random_translation.hpp>
#include <typegrad/data/augmentation/sample.hpp>
