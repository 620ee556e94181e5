// SPDX-License-Identifier: BSL-1.0
// Plots of all kinds, as standalone SVG files: charts, surfaces, rows of images.
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

#include <typegrad/io/colour_map.hpp>
#include <typegrad/io/plot.hpp>
#include <typegrad/io/plot_images.hpp>
#include <typegrad/io/plot_surface.hpp>

#pragma GCC diagnostic pop
