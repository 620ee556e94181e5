// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/step.hpp>

namespace typegrad {

/// Where a value of a schedule lives at run time.
struct buffer {
  enum class place : std::uint8_t { input, weight, output, arena };
  place where = place::arena;
  dtype type = dtype::float32;
  bool per_sample = false;
  int index = 0;             ///< of the input, weight or output
  std::int64_t elements = 0; ///< of one sample, or of the shared value
  std::int64_t offset = 0;   ///< in the arena, in bytes; times the batch size if per sample
};

/// The memory of a schedule: buffers, and for every step's slots which buffer it is.
/// The arena holds shared values first, then what is per sample:
/// bytes(batch) = shared_bytes + batch * sample_bytes.
struct memory_plan {
  list<buffer> buffers;
  list<int> buffer_of;  ///< per node, -1 if it has none
  std::int64_t shared_bytes = 0;
  std::int64_t sample_bytes = 0;
};

namespace detail {

/// Buffers start at multiples of this, times the batch size for values per sample.
inline constexpr std::int64_t arena_granule = 16;

/// Gives out a linear address space by best fit; what is freed is merged with its neighbours.
class address_space {
 public:
  constexpr std::int64_t take(std::int64_t bytes) {
    int best = -1;
    for (int i = 0; i < free_.size(); ++i)
      if (free_[i].bytes >= bytes && (best < 0 || free_[i].bytes < free_[best].bytes)) best = i;
    if (best >= 0) {
      std::int64_t const offset = free_[best].offset;
      free_[best].offset += bytes;
      free_[best].bytes -= bytes;
      if (free_[best].bytes == 0) free_.erase(best);
      return offset;
    }
    std::int64_t offset = end_;
    if (!free_.empty() && free_.back().offset + free_.back().bytes == end_) {
      offset = free_.back().offset;  // the last gap grows
      free_.pop_back();
    }
    end_ = offset + bytes;
    return offset;
  }
  constexpr void give_back(std::int64_t offset, std::int64_t bytes) {
    int i = 0;
    while (i < free_.size() && free_[i].offset < offset) ++i;
    free_.insert(i, {offset, bytes});
    if (i + 1 < free_.size() && free_[i].offset + free_[i].bytes == free_[i + 1].offset) {
      free_[i].bytes += free_[i + 1].bytes;
      free_.erase(i + 1);
    }
    if (i > 0 && free_[i - 1].offset + free_[i - 1].bytes == free_[i].offset) {
      free_[i - 1].bytes += free_[i].bytes;
      free_.erase(i);
    }
  }
  constexpr std::int64_t end() const { return end_; }

 private:
  struct gap {
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };
  list<gap> free_;  ///< by offset
  std::int64_t end_ = 0;
};

/// Whether step s may write `target` over `source`, which nobody reads afterwards: every element
/// must be read before it is written, and by whoever writes it.
constexpr bool may_overwrite(step const& s, int source, int target) {
  if (s.kind != step_kind::loop && s.kind != step_kind::contraction) return false;
  if (s.kind == step_kind::contraction)
    for (int const slot : {s.product.slot_a, s.product.slot_b})
      if (s.buffers[slot] == source) return false;
  access where;
  int writes = 0;
  for (store const& x : s.stores)
    if (s.buffers[x.slot] == source) {
      return false;
    } else if (s.buffers[x.slot] == target) {
      where = x.where;
      ++writes;
    }
  if (writes != 1) return false;
  for (instruction const& x : s.body)
    if (x.code == op::input && s.buffers[x.slot] == source && !(x.where == where)) return false;
  return true;
}

}  // namespace detail

/// Plans the memory of a schedule: liveness, offsets by best fit, results in place of operands that
/// die. Outputs are written where the caller wants them.
constexpr memory_plan plan(graph const& g, schedule const& s) {
  memory_plan out;
  int const nodes = g.size();
  out.buffer_of.resize(nodes, -1);
  list<int> output_of(nodes, -1);
  for (int i = 0; i < g.outputs.size(); ++i)
    if (output_of[g.outputs[i]] < 0) output_of[g.outputs[i]] = i;
  list<int> last_use(nodes, -1);
  for (int i = 0; i < s.steps.size(); ++i)
    for (int const id : s.steps[i].buffers) last_use[id] = i;
  // Some samples may be at a chain's end while others are at its beginning: what one of its steps
  // needs stays until the last one is done.
  list<int> chain_begin;
  for (int i = 0; i < s.steps.size(); ++i) {
    int const before = i > 0 ? chain_begin[i - 1] : 0;
    bool const within = i > 0 && before + s.steps[before].chain > i;
    chain_begin.push_back(within ? before : i);
  }
  for (int i = 0; i < s.steps.size(); ++i) {
    int const begin = chain_begin[i], end = begin + s.steps[begin].chain;
    for (int const id : s.steps[i].buffers)
      if (last_use[id] < end) last_use[id] = end - 1;
  }

  detail::address_space shared;
  detail::address_space sampled;
  auto const space = [&](bool per_sample) -> detail::address_space& {
    return per_sample ? sampled : shared;
  };
  auto const bytes_of_buffer = [](buffer const& b) {
    std::int64_t const bytes = b.elements * bytes_of(b.type);
    return (bytes + detail::arena_granule - 1) / detail::arena_granule * detail::arena_granule;
  };
  list<int> owner(nodes, -1);  // whose memory a node's buffer is: it may have been handed on
  for (int i = 0; i < s.steps.size(); ++i) {
    step const& now = s.steps[i];
    for (int const id : now.buffers) {
      if (out.buffer_of[id] >= 0) continue;
      node const& n = g[id];
      buffer b;
      b.type = n.type;
      b.per_sample = n.per_sample;
      b.elements = n.shape.count();
      b.index = n.index;
      if (n.code == op::input) {
        b.where = buffer::place::input;
      } else if (n.code == op::weight) {
        b.where = buffer::place::weight;
      } else if (output_of[id] >= 0) {
        b.where = buffer::place::output;
        b.index = output_of[id];
      } else {
        bool placed = false;
        for (int const other : now.buffers) {
          int const theirs = out.buffer_of[other];
          if (theirs < 0 || last_use[other] != i || owner[other] < 0) continue;
          buffer const& o = out.buffers[theirs];
          if (o.per_sample != b.per_sample || bytes_of_buffer(o) != bytes_of_buffer(b) ||
              bytes_of(o.type) != bytes_of(b.type))
            continue;
          if (!detail::may_overwrite(now, other, id)) continue;
          b.offset = o.offset;
          owner[other] = -1;  // handed on
          placed = true;
          break;
        }
        if (!placed) b.offset = space(b.per_sample).take(bytes_of_buffer(b));
        owner[id] = id;
      }
      out.buffer_of[id] = out.buffers.size();
      out.buffers.push_back(b);
    }
    for (int k = chain_begin[i]; k <= i; ++k)
      for (int const id : s.steps[k].buffers) {
        if (last_use[id] != i || owner[id] < 0) continue;
        buffer const& b = out.buffers[out.buffer_of[id]];
        space(b.per_sample).give_back(b.offset, bytes_of_buffer(b));
        owner[id] = -1;
      }
  }
  // the shared part's size keeps the rest aligned
  out.shared_bytes = (shared.end() + 63) / 64 * 64;
  out.sample_bytes = sampled.end();
  return out;
}

}  // namespace typegrad
