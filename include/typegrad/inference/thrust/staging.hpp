// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/memory.hpp>
#include <typegrad/evaluators/thrust/queue.hpp>

#include <array>
#include <cstdint>

// The way of data to the device: batches go through a few pieces of pinned memory, each with a
// piece of the device's behind it, and are copied by a queue of their own while earlier ones are
// computed with.

TYPEGRAD_ON_THRUST_BEGIN

class staging {
 public:
  /// A piece: filled on the host, then on the device at the same place.
  struct piece {
    pinned_memory here;
    device_memory there;
    event copied, used;
  };
  static constexpr int pieces = 4;

  /// The next piece, with room for so many bytes. Waits until its last content is on the device.
  piece& next(std::int64_t bytes) {
    current_ = (current_ + 1) % pieces;
    piece& p = pieces_[static_cast<std::size_t>(current_)];
    p.copied.wait();
    if (p.here.bytes() < bytes) {
      p.used.wait();
      p.here = pinned_memory(bytes, "a batch");
      p.there = device_memory(bytes, "a batch");
      ++generation_;
    }
    return p;
  }
  int current() const { return current_; }
  /// Changes when a piece has moved: what was recorded with the old one is of no use any more.
  int generation() const { return generation_; }

  /// Sends a piece on its way; `user` goes on when it is there.
  void send(piece& p, std::int64_t bytes, queue& user) {
    copies_.wait_for(p.used);
    copies_.copy(p.there.as<>(), p.here.as<>(), bytes);
    copies_.record(p.copied);
    user.wait_for(p.copied);
  }
  /// To be called when the user's work with a piece has been given to its queue.
  void used(piece& p, queue& user) { user.record(p.used); }

 private:
  queue copies_;
  std::array<piece, pieces> pieces_;
  int current_ = pieces - 1;
  int generation_ = 0;
};

TYPEGRAD_ON_THRUST_END
