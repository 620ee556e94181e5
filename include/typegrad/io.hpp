// SPDX-License-Identifier: BSL-1.0
// Files and drawings: atomic files, safetensors, PNG, SVG, plots.
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

#include <typegrad/io/atomic_file.hpp>
#include <typegrad/io/image_grid.hpp>
#include <typegrad/io/plot.hpp>
#include <typegrad/io/plot_images.hpp>
#include <typegrad/io/plot_surface.hpp>
#include <typegrad/io/png.hpp>
#include <typegrad/io/safetensors.hpp>
#include <typegrad/io/save_png.hpp>
#include <typegrad/io/svg.hpp>

#pragma GCC diagnostic pop
