// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/io/plot.hpp>
#include <typegrad/training/history.hpp>

#include <string>

namespace typegrad {

template <int>
void history::plot(std::string const& path) const {
  typegrad::plot::figure figure;
  for (auto const& [name, values] : *this) {
    if (name.starts_with("val_")) continue;
    auto& panel = figure.panel(name).x_label("epoch");
    panel.line("training", epochs(), values);
    std::string const validation = "val_" + name;
    if (contains(validation)) panel.line("validation", epochs(), (*this)[validation]);
  }
  figure.save(path);
}

}  // namespace typegrad
