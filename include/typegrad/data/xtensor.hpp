// SPDX-License-Identifier: BSL-1.0
// xtensor's containers, wherever the installed version keeps them (the headers moved in 0.26).
#pragma once

#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#endif
