// SPDX-License-Identifier: BSL-1.0
// Pictures as standalone SVG files: figures of charts (plot_panel.hpp), surfaces (plot_surface.hpp)
// and rows of images (plot_images.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <typegrad/data/message.hpp>
#include <typegrad/io/atomic_file.hpp>
#include <typegrad/io/plot_cell.hpp>
#include <typegrad/io/plot_panel.hpp>
#include <typegrad/io/svg.hpp>
#include <utility>
#include <vector>

namespace typegrad::plot {

class surface_panel;
class image_panel;

/// A picture of one or several panels. Needs nothing but a viewer of SVG (any browser).
///
///     plot::figure fig{.title = "training"};
///     fig.panel("loss").line("training", epochs, loss).line("validation", epochs, val_loss);
///     fig.save("history.svg");
struct figure {
  std::string title = {};
  double width = 0;  ///< in pixels; 0: what the panels like, 480 for each chart
  double panel_height = 330;
  std::size_t columns = 0;  ///< panels side by side; 0: up to 2
  std::vector<std::unique_ptr<cell>> panels = {};

  /// Adds any kind of panel, in reading order. The reference stays good.
  template <class Cell>
  Cell& add(std::unique_ptr<Cell> one) {
    if (!one) throw std::invalid_argument("plot: a figure's add needs a panel, got none");
    Cell& added = *one;
    panels.push_back(std::move(one));
    return added;
  }

  /// Adds a chart.
  template <int = 0>
  plot::panel& panel(std::string panel_title) {
    return add(std::make_unique<plot::panel>(std::move(panel_title)));
  }

  /// Adds a surface z(x, y) over a grid; plot_surface.hpp has it, and says what it takes.
  template <class Xs, class Ys, class Z>
  surface_panel& surface(std::string panel_title, Xs const& xs, Ys const& ys, Z const& z);

  /// Adds rows of images; plot_images.hpp has them.
  template <int = 0>
  image_panel& images(std::string panel_title);

  /// The picture as SVG text. std::invalid_argument for a size that no picture has.
  std::string svg() const {
    std::size_t const count = std::max<std::size_t>(panels.size(), 1);
    std::size_t const across = std::clamp<std::size_t>(columns == 0 ? 2 : columns, 1, count);
    std::size_t const down = (count + across - 1) / across;
    double natural = panels.empty() ? 480 : 0;
    for (auto const& one : panels) natural = std::max(natural, one->natural_width());
    double const wide = width > 0 ? width : natural * static_cast<double>(across);
    double const edge = 16, head = title.empty() ? 8 : 44;
    double const cell_width = (wide - 2 * edge) / static_cast<double>(across);
    if (!(cell_width >= 1 && std::isfinite(wide) && width >= 0))
      throw std::invalid_argument(data_detail::message(
          "plot: a figure of ", across, " panels side by side needs a width of more than ",
          2 * edge + static_cast<double>(across), " pixels, or 0 for what they like; got ", width));
    if (!(panel_height > 0 && std::isfinite(panel_height)))
      throw std::invalid_argument(data_detail::message(
          "plot: a figure's panel_height must be positive, got ", panel_height));

    // Panels side by side are as high as the highest; one above the other begin at the same place.
    std::vector<double> heights(down, panels.empty() ? panel_height : 0.0), margins(across, 0.0);
    for (std::size_t i = 0; i < panels.size(); ++i) {
      double& high = heights[i / across];
      high = std::max(high, panels[i]->height(cell_width, panel_height));
    }
    double total = head + edge;
    for (double const high : heights) total += high;
    for (std::size_t i = 0; i < panels.size(); ++i) {
      double& widest = margins[i % across];
      widest = std::max(widest, panels[i]->margin(cell_width, heights[i / across]));
    }

    typegrad::svg::canvas on(wide, total, title.empty() ? "plot" : title);
    on.rectangle({0, 0}, on.width(), on.height(), theme::paper);
    if (!title.empty()) {
      on.text({wide / 2, 29}, title,
              {.size = 17, .colour = "#111827", .at = typegrad::svg::anchor::middle, .bold = true});
    }
    double top = head;
    for (std::size_t i = 0; i < panels.size(); ++i) {
      panels[i]->draw(on, {edge + cell_width * static_cast<double>(i % across), top}, cell_width,
                      heights[i / across], margins[i % across]);
      if (i % across == across - 1) top += heights[i / across];
    }
    return on.finish();
  }

  /// Writes the picture to a file, as a whole or not at all; std::runtime_error if that fails,
  /// std::invalid_argument for an extension that is not .svg.
  void save(std::filesystem::path const& path) const {
    require_extension("plot", path, ".svg");
    write_atomically(path, svg());
  }
};

}  // namespace typegrad::plot
