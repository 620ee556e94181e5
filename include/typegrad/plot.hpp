// SPDX-License-Identifier: BSL-1.0
// Plots of all kinds, as standalone SVG files: charts, surfaces, rows of images.
#pragma once

#include <typegrad/io/colour_map.hpp>
#include <typegrad/io/plot.hpp>
#include <typegrad/io/plot_images.hpp>
#include <typegrad/io/plot_surface.hpp>
