// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/fuse/bodies.hpp>
#include <typegrad/compiler/lower.hpp>

namespace typegrad {

namespace detail {

/// Cuts a lowered graph into steps: groups nodes, builds bodies, and starts again with more values
/// stored as long as some turn out not to be readable in the way they are needed. An attempt finds
/// all of those that it can, since there are as many of them as there are blocks in a network.
class fuser : body_builder {
 public:
  using body_builder::body_builder;

  constexpr schedule run() {
    schedule out;
    do {
      again_ = grew_ = false;
      assign();
      decide();
      build_bodies();
      if (again_ && !grew_) {
        out.error = sentence("node ", stuck_, ", ", info(g_[stuck_].code).name, " of extents ",
                             to_text(g_[stuck_].shape),
                             ": cannot be read as a step needs it; please report this graph");
        return out;
      }
    } while (again_);
    drop_unread();
    for (step& s : steps_) finish(s);
    for (int i = 0; i < steps_.size(); ++i)
      if (!steps_[i].stores.empty()) out.steps.push_back(steps_[i]);
    return out;
  }

 private:
  /// Takes out what an earlier attempt asked to have stored and nobody reads any more.
  constexpr void drop_unread() {
    bool dropped = true;
    while (dropped) {
      dropped = false;
      list<bool> read(g_.size(), false);
      for (int const id : g_.outputs) read[id] = true;
      for (step const& s : steps_) {
        for (instruction const& x : s.body)
          if (x.code == op::input) read[s.buffers[x.slot]] = true;
        if (!s.stores.empty()) each_read(s, [&](int slot) { read[s.buffers[slot]] = true; });
      }
      for (step& s : steps_) {
        bool here = false;
        if (s.kind == step_kind::control) {  // all or nothing
          bool needed = s.stores.empty();
          for (store const& x : s.stores) needed = needed || read[s.buffers[x.slot]];
          if (!needed) s.stores.clear();
          dropped = dropped || !needed;
          continue;
        }
        for (int k = s.stores.size() - 1; k >= 0; --k)
          if (!read[s.buffers[s.stores[k].slot]]) {
            s.stores.erase(k);
            here = true;
          }
        if (here) trim(s);
        dropped = dropped || here;
      }
    }
  }
};

}  // namespace detail

/// Cuts a graph into fused steps. The graph must be simplified and lowered.
constexpr schedule fuse(graph const& g) { return detail::fuser{g}.run(); }

}  // namespace typegrad
