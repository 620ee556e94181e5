// SPDX-License-Identifier: BSL-1.0
// Writes Scalable Vector Graphics: shapes and text on a canvas that becomes one standalone file.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <typegrad/io/base64.hpp>
#include <typegrad/io/json_cursor.hpp>

namespace typegrad::svg {

/// A place on the canvas in pixels; y points down.
struct point {
  double x = 0, y = 0;
};

/// Text for use inside XML: markup escaped, bytes that XML 1.0 forbids or that are not UTF-8
/// replaced by U+FFFD.
template <int = 0>
std::string escape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    char const c = text[at];
    std::size_t const length = io_detail::utf8_length(text, at);
    bool const control = static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n';
    auto const sequence = text.substr(at, length);
    if (length == 0 || control || sequence == "\xef\xbf\xbe" || sequence == "\xef\xbf\xbf") {
      out += "\xef\xbf\xbd";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += sequence;
    }
    at += length == 0 ? 1 : length;
  }
  return out;
}

/// A coordinate with at most two decimals, the same in every locale.
template <int = 0>
std::string number(double value) {
  if (!std::isfinite(value)) return "0";
  char text[400];
  auto const end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 2).ptr;
  std::string_view short_form(text, static_cast<std::size_t>(end - text));
  short_form = short_form.substr(0, short_form.find_last_not_of('0') + 1);
  if (short_form.back() == '.') short_form.remove_suffix(1);
  return short_form == "-0" ? "0" : std::string(short_form);
}

/// How a line is drawn; `dash` as in SVG ("6 4"), empty for a solid line.
struct pen {
  std::string_view colour = "#000000";
  double width = 1;
  std::string_view dash = {};
  double opacity = 1;
};

enum class anchor { start, middle, end };

struct text_style {
  double size = 12;
  std::string_view colour = "#1f2937";
  anchor at = anchor::start;
  bool bold = false;
  double turn = 0;  ///< degrees, clockwise, about the text's place
};

/// An estimate of a text's width in a usual sans-serif face, in pixels.
template <int = 0>
double text_width(std::string_view text, double size) {
  double ems = 0;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) == 0x80U) continue;  // inside a UTF-8 sequence
    if (std::string_view("ijlI.,:;|!'()[] ").find(c) != std::string_view::npos) {
      ems += 0.3;
    } else if (std::string_view("mwMW@%").find(c) != std::string_view::npos) {
      ems += 0.88;
    } else {
      ems += (c >= 'A' && c <= 'Z') || c == '+' || c == '=' || c == '<' || c == '>' ? 0.7 : 0.59;
    }
  }
  return ems * size;
}

/// Collects shapes; `finish` gives the file's text.
class canvas {
 public:
  canvas(double width, double height, std::string_view title) : width_(width), height_(height) {
    body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
            number(height) + "\" viewBox=\"0 0 " + number(width) + ' ' + number(height) +
            "\" role=\"img\" font-family=\"'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', "
            "sans-serif\">\n<title>" +
            escape(title) + "</title>\n";
  }

  double width() const { return width_; }
  double height() const { return height_; }

  void rectangle(point corner, double width, double height, std::string_view fill,
                 double opacity = 1) {
    body_ += "<rect" + attribute("x", corner.x) + attribute("y", corner.y) +
             attribute("width", width) + attribute("height", height) + attribute("fill", fill) +
             (opacity < 1 ? attribute("fill-opacity", opacity) : "") + "/>\n";
  }

  void line(point from, point to, pen const& with) {
    body_ += "<line" + attribute("x1", from.x) + attribute("y1", from.y) + attribute("x2", to.x) +
             attribute("y2", to.y) + strokes(with) + "/>\n";
  }

  void polyline(std::span<point const> points, pen const& with) {
    body_ += "<polyline fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"" +
             strokes(with) + " points=\"" + places(points) + "\"/>\n";
  }

  /// With `joined`, neighbours of nearly one colour leave no seam (with the group's pen).
  void polygon(std::span<point const> points, std::string_view fill, bool joined = false) {
    body_ += "<polygon" + attribute("fill", fill) + (joined ? attribute("stroke", fill) : "") +
             " points=\"" + places(points) + "\"/>\n";
  }

  /// Lines from the first point to the second, from the third to the fourth, and so on.
  void segments(std::span<point const> ends, pen const& with) {
    body_ += "<path fill=\"none\" stroke-linecap=\"round\"" + strokes(with) + " d=\"";
    for (std::size_t i = 0; i < ends.size(); ++i) {
      body_ += (i % 2 == 0 ? 'M' : 'L') + number(ends[i].x) + ' ' + number(ends[i].y);
    }
    body_ += "\"/>\n";
  }

  void circle(point centre, double radius, std::string_view fill, pen const& edge) {
    body_ += "<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) +
             attribute("r", radius) + attribute("fill", fill) + strokes(edge) + "/>\n";
  }

  /// A circle with the group's fill and edge.
  void circle(point centre, double radius) {
    body_ += "<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) +
             attribute("r", radius) + "/>\n";
  }

  /// A rectangle's edge alone.
  void frame(point corner, double width, double height, pen const& with) {
    body_ += "<rect" + attribute("x", corner.x) + attribute("y", corner.y) +
             attribute("width", width) + attribute("height", height) + " fill=\"none\"" +
             strokes(with) + "/>\n";
  }

  /// A rectangle whose colour changes evenly from the first colour, at its top, to the last.
  void fade(point corner, double width, double height, std::span<std::string const> colours) {
    std::string const id = "fade" + std::to_string(++fades_);
    body_ += "<linearGradient id=\"" + id + "\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">";
    for (std::size_t i = 0; i < colours.size(); ++i) {
      double const last = static_cast<double>(colours.size() - 1);
      body_ += "<stop" + attribute("offset", last > 0 ? static_cast<double>(i) / last : 0) +
               attribute("stop-color", colours[i]) + "/>";
    }
    body_ += "</linearGradient>\n";
    rectangle(corner, width, height, "url(#" + id + ")");
  }

  /// A picture (the bytes of a PNG file), stretched over the rectangle; with `crisp`, its pixels
  /// stay squares.
  void picture(point corner, double width, double height, std::string_view png, bool crisp) {
    body_ +=
        "<image" + attribute("x", corner.x) + attribute("y", corner.y) + attribute("width", width) +
        attribute("height", height) + " preserveAspectRatio=\"none\"" +
        (crisp ? " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\"" : "") +
        " href=\"data:image/png;base64,";
    body_ += io_detail::base64(png) + "\"/>\n";
  }

  void text(point at, std::string_view text, text_style const& style) {
    std::string_view const anchors[] = {"start", "middle", "end"};
    body_ += "<text" + attribute("x", at.x) + attribute("y", at.y) +
             attribute("font-size", style.size) + attribute("fill", style.colour) +
             attribute("text-anchor", anchors[static_cast<std::size_t>(style.at)]) +
             (style.bold ? " font-weight=\"600\"" : "");
    if (style.turn != 0) {
      body_ += " transform=\"rotate(" + number(style.turn) + ' ' + number(at.x) + ' ' +
               number(at.y) + ")\"";
    }
    body_ += '>' + escape(text) + "</text>\n";
  }

  /// What follows up to `end_clip` shows only inside the rectangle.
  void begin_clip(point corner, double width, double height) {
    std::string const id = "clip" + std::to_string(++clips_);
    body_ += "<clipPath id=\"" + id + "\"><rect" + attribute("x", corner.x) +
             attribute("y", corner.y) + attribute("width", width) + attribute("height", height) +
             "/></clipPath>\n<g clip-path=\"url(#" + id + ")\">\n";
  }
  void end_clip() { body_ += "</g>\n"; }

  /// What follows up to `end_group` is drawn so where it does not say otherwise.
  void begin_group(pen const& edge, std::string_view fill = {}, double opacity = 1) {
    body_ += "<g" + strokes(edge) + " stroke-linejoin=\"round\"" +
             (fill.empty() ? "" : attribute("fill", fill)) +
             (opacity < 1 ? attribute("fill-opacity", opacity) : "") + ">\n";
  }
  void end_group() { body_ += "</g>\n"; }

  std::string finish() const { return body_ + "</svg>\n"; }

 private:
  static std::string attribute(std::string_view name, double value) {
    return attribute(name, std::string_view(number(value)));
  }
  static std::string attribute(std::string_view name, std::string_view value) {
    std::string out = " ";
    out += name;
    out += "=\"";
    out += escape(value);
    return out += '"';
  }
  static std::string strokes(pen const& with) {
    return attribute("stroke", with.colour) + attribute("stroke-width", with.width) +
           (with.dash.empty() ? "" : attribute("stroke-dasharray", with.dash)) +
           (with.opacity < 1 ? attribute("stroke-opacity", with.opacity) : "");
  }
  static std::string places(std::span<point const> points) {
    std::string out;
    for (auto const p : points) {
      if (!out.empty()) out += ' ';
      out += number(p.x);
      out += ',';
      out += number(p.y);
    }
    return out;
  }

  double width_, height_;
  std::string body_;
  int clips_ = 0, fades_ = 0;
};

}  // namespace typegrad::svg
