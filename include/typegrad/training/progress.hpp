// SPDX-License-Identifier: BSL-1.0
// Shows how far an epoch is: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

#if __has_include(<unistd.h>) && __has_include(<sys/ioctl.h>)
#define TYPEGRAD_HAS_TERMINAL 1
#include <sys/ioctl.h>
#include <unistd.h>
#else
#define TYPEGRAD_HAS_TERMINAL 0
#endif

namespace typegrad {

/// A number of a training log, by name: {"loss", 0.2951}.
using log_entry = std::pair<std::string_view, double>;

namespace training_detail {

template <int = 0>
double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <int = 0>
bool is_terminal(std::FILE* stream) {
#if TYPEGRAD_HAS_TERMINAL
  return ::isatty(::fileno(stream)) == 1;
#else
  static_cast<void>(stream);
  return false;
#endif
}

template <int = 0>
std::size_t terminal_columns(std::FILE* stream) {
#if TYPEGRAD_HAS_TERMINAL
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#else
  static_cast<void>(stream);
#endif
  return 80;
}

// A line of text of bounded length, put together without allocation.
class text_line {
 public:
#if defined(__GNUC__)
  __attribute__((format(printf, 2, 3)))
#endif
  void
  add(char const* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    std::size_t const room = text_.size() - size_;
    int const wanted = std::vsnprintf(text_.data() + size_, room, format, arguments);
    va_end(arguments);
    if (wanted > 0) size_ += std::min(static_cast<std::size_t>(wanted), room - 1);
  }
  void cut(std::size_t most) { size_ = std::min(size_, most); }
  void clear() { size_ = 0; }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 2048> text_{};
  std::size_t size_ = 0;
};

/// Keras's form of a logged number: four decimals, or four digits of a power of ten up to 0.001.
template <int = 0>
void add_number(text_line& line, double value) {
  line.add(std::abs(value) > 1e-3 ? "%.4f" : "%.4e", value);
}

template <int = 0>
void add_logs(text_line& line, std::span<log_entry const> logs) {
  for (auto const& [name, value] : logs) {
    line.add(" - %.*s: ", static_cast<int>(name.size()), name.data());
    add_number(line, value);
  }
}

/// "12s", "1:05", "2:00:07".
template <int = 0>
void add_duration(text_line& line, double seconds) {
  double const whole = std::clamp(std::round(seconds), 0.0, 3.6e8);
  auto const total = static_cast<long>(whole);
  if (total >= 3600) {
    line.add("%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  } else if (total >= 60) {
    line.add("%ld:%02ld", total / 60, total % 60);
  } else {
    line.add("%lds", total);
  }
}

template <int = 0>
void add_time_per_step(text_line& line, double seconds) {
  if (seconds >= 1) {
    line.add("%.0fs/step", seconds);
  } else if (seconds >= 1e-3) {
    line.add("%.0fms/step", seconds * 1e3);
  } else {
    line.add("%.0fus/step", seconds * 1e6);
  }
}

}  // namespace training_detail

/// How a progress bar shows itself; the defaults suit the stream.
struct progress_options {
  std::FILE* stream = stdout;
  bool terminal = training_detail::is_terminal(stream);
  std::size_t columns = terminal ? training_detail::terminal_columns(stream) : 0;
  double (*clock)() = training_detail::steady_seconds;  ///< in seconds
  double redraw_every = 0.1;                            ///< on a terminal, in seconds
  double line_every = 10;                               ///< elsewhere, in seconds
};

/// The progress of one epoch, in Keras's form. On a terminal a line `Epoch 1/5` and a bar that is
/// redrawn in place; elsewhere one line when the epoch ends, and one every 10 s of a long epoch.
/// Nothing is allocated.
class progress_bar {
 public:
  /// `epoch` counts from 1; `steps` is 0 where their number is not known.
  progress_bar(int epoch, int epochs, std::size_t steps, progress_options const& options = {})
      : options_(options), epoch_(epoch), epochs_(epochs), steps_(steps), start_(options.clock()) {
    last_shown_ = options_.terminal ? -1e300 : start_;
    if (options_.terminal) {
      std::fprintf(options_.stream, "Epoch %d/%d\n", epoch_, epochs_);
      std::fflush(options_.stream);
    }
  }
  progress_bar(int epoch, int epochs, std::size_t steps, std::FILE* stream)
      : progress_bar(epoch, epochs, steps, progress_options{.stream = stream}) {}

  /// After `step` steps (from 1); cheap when there is nothing to show yet.
  void update(std::size_t step, std::span<log_entry const> logs) {
    step_ = step;
    if (!due()) return;
    double const now = options_.clock();
    last_shown_ = now;
    double const elapsed = now - start_;
    line_.clear();
    if (options_.terminal) {
      add_bar();
    } else {
      line_.add("Epoch %d/%d: ", epoch_, epochs_);
      add_count();
      line_.add(" - ");
      training_detail::add_duration(line_, elapsed);
    }
    if (step > 0) {
      double const each = elapsed / static_cast<double>(step);
      bool const ends = steps_ >= step;
      if (ends) {
        line_.add(" - ETA: ");
        training_detail::add_duration(line_, each * static_cast<double>(steps_ - step));
      }
      line_.add(options_.terminal && ends ? " " : " - ");
      training_detail::add_time_per_step(line_, each);
    }
    training_detail::add_logs(line_, logs);
    // A line wider than the terminal would wrap, and a return could not take it back.
    if (options_.terminal && options_.columns > 1) line_.cut(options_.columns - 1);
    show(options_.terminal ? "" : "\n");
  }

  /// Whether `update` would show something now.
  bool due() const {
    return options_.clock() - last_shown_ >=
           (options_.terminal ? options_.redraw_every : options_.line_every);
  }

  /// At the epoch's end, with its final numbers (those of validation among them).
  void finish(std::span<log_entry const> logs) {
    double const elapsed = options_.clock() - start_;
    std::size_t const done = step_ == 0 ? steps_ : step_;
    step_ = done;
    line_.clear();
    if (options_.terminal) {
      add_bar();
    } else {
      line_.add("Epoch %d/%d: ", epoch_, epochs_);
      add_count();
    }
    line_.add(" - ");
    training_detail::add_duration(line_, elapsed);
    line_.add(options_.terminal ? " " : " - ");
    training_detail::add_time_per_step(
        line_, elapsed / static_cast<double>(std::max<std::size_t>(done, 1)));
    training_detail::add_logs(line_, logs);
    show("\n");
  }

 private:
  static constexpr std::size_t bar_width = 30;

  void add_count() {
    if (steps_ == 0) {
      line_.add("%zu/Unknown", step_);
      return;
    }
    int const digits = std::snprintf(nullptr, 0, "%zu", steps_);
    line_.add("%*zu/%zu", options_.terminal ? digits : 0, step_, steps_);
  }

  void add_bar() {
    add_count();
    if (steps_ == 0) return;
    std::array<char, bar_width + 1> bar{};
    std::size_t const full = bar_width * std::min(step_, steps_) / steps_;
    for (std::size_t i = 0; i < bar_width; ++i) bar[i] = i < full ? '=' : '.';
    if (full < bar_width) bar[full] = '>';
    line_.add(" [%s]", bar.data());
  }

  void show(char const* end) {
    auto const text = line_.text();
    // On a terminal: back to the line's beginning, the text, and clear what is left of the old one.
    std::fprintf(options_.stream, "%s%.*s%s%s", options_.terminal ? "\r" : "",
                 static_cast<int>(text.size()), text.data(), options_.terminal ? "\x1b[K" : "",
                 end);
    std::fflush(options_.stream);
  }

  progress_options options_;
  int epoch_, epochs_;
  std::size_t steps_, step_ = 0;
  double start_, last_shown_ = 0;
  training_detail::text_line line_;
};

}  // namespace typegrad
