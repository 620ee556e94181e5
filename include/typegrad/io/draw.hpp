// SPDX-License-Identifier: BSL-1.0
// Drawings in Graphviz' language as files.
#pragma once

#include <typegrad/data/download.hpp>
#include <typegrad/io/atomic_file.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace typegrad {

/// Writes a drawing: the text itself as .dot, or what the program `dot` of Graphviz makes of it
/// (.svg, .png, .pdf and other formats that it knows). Throws std::runtime_error where `dot` is
/// missing or fails; there is no file then, or the old one.
template <int = 0>
void draw(std::string const& dot, std::filesystem::path const& path) {
  std::string const kind = path.extension().string();
  if (kind == ".dot" || kind == ".gv") return write_atomically(path, dot);
  if (kind.size() < 2)
    throw std::runtime_error("draw: " + path.string() +
                             " has no extension that says what to write; use .dot, .svg or .png");
  std::filesystem::path source = path;
  source += ".dot";
  write_atomically(source, dot);
  std::filesystem::path made = path;
  made += ".new";
  std::string const type = "-T" + kind.substr(1);
  int const status = data_detail::run_program({"dot", type, "-o", made.string(), source.string()});
  std::error_code ignored, unmoved;
  if (status == 0) std::filesystem::rename(made, path, unmoved);
  std::filesystem::remove(source, ignored);
  if (status == 0 && !unmoved) return;
  std::filesystem::remove(made, ignored);
  std::string const problem = "draw: " + path.string() + " was not written: ";
  if (status == -1 || status == 127)
    throw std::runtime_error(problem +
                             "Graphviz' program dot could not be run; install Graphviz (as the "
                             "package graphviz), or write a .dot file, which needs nothing");
  if (status == 0) throw std::runtime_error(problem + unmoved.message());
  throw std::runtime_error(problem + "Graphviz' program dot failed with status " +
                           std::to_string(status) + "; does it know " + kind +
                           " files? It knows .svg, .png and .pdf");
}

}  // namespace typegrad
