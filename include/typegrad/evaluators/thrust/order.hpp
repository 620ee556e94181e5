// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/thrust/queue.hpp>

#include <cstdint>
#include <vector>

// Which steps of a program need which others. While launches are recorded this becomes the
// recording's graph, so that steps that have nothing to do with each other run at the same time.

TYPEGRAD_ON_THRUST_BEGIN

namespace detail {

#if TYPEGRAD_CUDA

class step_order {
 public:
  /// `slots`: where each of all steps' slots lies. Unless `any_order`, steps are one after another.
  step_order(queue& q, step_info const* steps, int step_count, store const* stores,
             buffer const* buffers, int const* buffer_of, void* const* slots,
             std::int64_t batch_size, bool any_order)
      : recording_{any_order && q.is_recording()} {
    if (!recording_) return;
    before_ = q.last_recorded();
    exclusive_.resize(static_cast<std::size_t>(step_count));
    touched_.resize(static_cast<std::size_t>(step_count));
    nodes_.resize(static_cast<std::size_t>(step_count));
    for (int s = 0; s < step_count; ++s) {
      step_info const& info = steps[s];
      for (int i = 0; i < info.buffer_count; ++i) {
        buffer const& b = buffers[buffer_of[info.first_buffer + i]];
        auto const* const first = static_cast<std::byte const*>(slots[info.first_buffer + i]);
        std::int64_t const bytes = b.elements * bytes_of(b.type) * (b.per_sample ? batch_size : 1);
        touched_[static_cast<std::size_t>(s)].push_back(
            {first, first + bytes, writes_slot(stores, info, i)});
      }
    }
  }

  /// `count` steps from `first` on are one launch, which counts as the first of them.
  void merge(int first, int count) {
    if (!recording_) return;
    auto& all = touched_[index(first)];
    for (int s = first + 1; s < first + count; ++s) {
      all.insert(all.end(), touched_[index(s)].begin(), touched_[index(s)].end());
      touched_[index(s)].clear();
    }
  }
  /// What is launched from here on waits for the steps that `step` needs.
  /// Steps with `exclusive` run one at a time; those with `early` wait by themselves.
  void begin(queue& q, int step, bool exclusive, bool early) {
    if (!recording_) return;
    exclusive_[index(step)] = exclusive;
    std::vector<cudaGraphNode_t> wanted;
    bool any = false;
    // later steps first: who needs one need not name those that it needs
    std::vector<bool> implied(static_cast<std::size_t>(step), false);
    for (int s = step - 1; s >= 0; --s) {
      if (!implied[index(s)] && !(exclusive && exclusive_[index(s)]) &&
          !conflict(touched_[index(s)], touched_[index(step)]))
        continue;
      for (int const n : needs_of(s)) implied[index(n)] = true;
      if (implied[index(s)]) continue;
      needs_.resize(static_cast<std::size_t>(step) + 1);
      needs_[index(step)].push_back(s);
      for (cudaGraphNode_t const n : nodes_[index(s)]) wanted.push_back(n);
      any = true;
    }
    q.wait_for_recorded(any ? wanted : before_, early && any);
  }
  void end(queue& q, int step) {
    if (recording_) nodes_[index(step)] = q.last_recorded();
  }
  /// What comes after waits for all steps.
  void join(queue& q) {
    if (!recording_) return;
    std::vector<bool> needed(nodes_.size(), false);
    for (auto const& needs : needs_)
      for (int const n : needs) needed[index(n)] = true;
    std::vector<cudaGraphNode_t> last;
    for (std::size_t s = 0; s < nodes_.size(); ++s)
      if (!needed[s])
        for (cudaGraphNode_t const n : nodes_[s]) last.push_back(n);
    if (!last.empty()) q.wait_for_recorded(last, false);
  }

 private:
  struct range {
    std::byte const *begin, *end;
    bool written;
  };
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  std::vector<int> const& needs_of(int s) {
    if (needs_.size() <= index(s)) needs_.resize(index(s) + 1);
    return needs_[index(s)];
  }
  static bool conflict(std::vector<range> const& a, std::vector<range> const& b) {
    for (range const& x : a)
      for (range const& y : b)
        if ((x.written || y.written) && x.begin < y.end && y.begin < x.end) return true;
    return false;
  }

  bool recording_;
  std::vector<cudaGraphNode_t> before_;
  std::vector<bool> exclusive_;
  std::vector<std::vector<range>> touched_;
  std::vector<std::vector<int>> needs_;  ///< per step: without those that others of them need
  std::vector<std::vector<cudaGraphNode_t>> nodes_;
};

#else

/// Where nothing is recorded, one step after the other.
struct step_order {
  template <class... Any>
  explicit step_order(Any const&...) {}
  void merge(int, int) {}
  void begin(queue&, int, bool, bool) {}
  void end(queue&, int) {}
  void join(queue&) {}
};

#endif

}  // namespace detail

TYPEGRAD_ON_THRUST_END
