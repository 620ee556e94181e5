// SPDX-License-Identifier: BSL-1.0
// The parts of xtensor that come with typegrad/typegrad.hpp: containers, adaptors, views, functions,
// builders (zeros, ones, arange) and random numbers, wherever the installed version keeps them.
#pragma once

#include <typegrad/data/xtensor.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/generators/xbuilder.hpp>
#include <xtensor/generators/xrandom.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xrandom.hpp>
#include <xtensor/xview.hpp>
#endif
