// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/ops/arrange.hpp>
#include <typegrad/ops/region.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

// Control flow that depends on data, or is as long as a sequence. The functions given are called
// once (or a few times), while tracing; what they capture is handed in. What does not depend on
// their arguments is computed once, before a loop: random numbers too, which are the same in every
// turn. Source: JAX's lax.cond, while_loop, fori_loop and scan.

namespace typegrad {

namespace detail {

/// Whether a function that is called in every turn takes these arguments. A generic lambda is not
/// asked, which would compile its body: it is taken for one of symbols.
template <class F, class... Arguments>
constexpr bool takes() {
  if constexpr (std::is_class_v<F> && !requires { &F::operator(); })
    return (std::same_as<Arguments, symbol> && ...);
  else
    return std::is_invocable_v<F const&, Arguments...>;
}
template <class F, class... Arguments>
concept turn = takes<F, Arguments...>();

/// What was kept beside the nodes before a region was traced.
struct side_effects {
  int losses, metrics, updates;
  constexpr explicit side_effects(graph const& g)
      : losses{g.losses.size()}, metrics{g.metrics.size()}, updates{g.updates.size()} {}

  /// Whether something was added that depends on the region's parameters.
  constexpr bool are_in(graph const& g, list<bool> const& inside) const {
    for (int i = losses; i < g.losses.size(); ++i)
      if (inside[g.losses[i]]) return true;
    for (int i = metrics; i < g.metrics.size(); ++i)
      if (inside[g.metrics[i].node]) return true;
    for (int i = updates; i < g.updates.size(); ++i)
      if (inside[g.updates[i].node]) return true;
    return false;
  }
};

constexpr bool any_poisoned(list<symbol> const& values) {
  for (symbol const& x : values)
    if (build::poisoned(x)) return true;
  return false;
}

/// The functions of loops, traced: what goes round has the same extents, dtype and samples before
/// and behind a turn.
class loop_tracer {
 public:
  constexpr loop_tracer(graph& g, std::string_view name, list<symbol> const& init)
      : g_{g}, name_{name}, init_{init} {
    for (symbol const& x : init) sampled_.push_back(x.per_sample());
  }

  /// Calls turn(carries, parts) -> {carries, others} until what has samples behind it has some
  /// before it. False if something went wrong.
  template <class Turn>
  constexpr bool trace(list<symbol> const& sequences, Turn const& turn) {
    side_effects const before{g_};
    for (bool again = true; again;) {
      again = false;
      parameters_.clear();
      list<symbol> carries, parts;
      for (int i = 0; i < init_.size(); ++i)
        carries.push_back(parameter(init_[i].shape(), init_[i].type(), sampled_[i]));
      for (symbol const& x : sequences) {
        extents part;
        for (int i = 1; i < x.rank(); ++i) part.push_back(x.shape()[i]);
        parts.push_back(parameter(part, x.type(), x.per_sample()));
      }
      auto const out = turn(carries, parts);
      if (!check(out.carry, out.y)) return false;
      results_.clear();
      for (int i = 0; i < init_.size(); ++i) {
        again = again || (out.carry[i].per_sample() && !sampled_[i]);
        sampled_[i] = sampled_[i] || out.carry[i].per_sample();
        results_.push_back((sampled_[i] ? build::spread(out.carry[i]) : out.carry[i]).id());
      }
      for (symbol const& y : out.y) results_.push_back(y.id());
    }
    if (before.are_in(g_, depending_on(g_, all_parameters_))) {
      g_.fail(sentence(name_,
                       ": a layer within the loop adds a loss or updates a state; only what "
                       "stands outside of loops can"));
      return false;
    }
    list<bool> const inside = depending_on(g_, parameters_);
    region_ = region_cutter{g_, inside, captures_}.cut(parameters_, results_);
    return true;
  }

  /// Appends the node; `first` stands before the operands that go round.
  constexpr list<symbol> finish(op code, control_form const& form, list<symbol> const& first,
                                list<symbol> const& sequences) {
    list<int> operands;
    for (symbol const& x : first) operands.push_back(x.id());
    for (int i = 0; i < init_.size(); ++i)
      operands.push_back((sampled_[i] ? build::spread(init_[i]) : init_[i]).id());
    for (symbol const& x : sequences) operands.push_back(x.id());
    for (int const id : captures_) operands.push_back(id);
    int const at = g_.regions.size();
    g_.regions.push_back(region_);
    int const id = append_control(g_, code, form, operands, at);
    return results_of(g_, id, region_, form.carries, form.length);
  }

 private:
  constexpr symbol parameter(extents const& shape, dtype type, bool per_sample) {
    symbol const p = build::parameter(g_, shape, type, per_sample);
    parameters_.push_back(p.id());
    all_parameters_.push_back(p.id());
    return p;
  }
  constexpr bool check(list<symbol> const& carry, list<symbol> const& others) {
    if (g_.failed() || any_poisoned(carry) || any_poisoned(others)) {
      g_.fail(sentence(name_, ": the function gives no value"));
      return false;
    }
    if (carry.size() != init_.size()) {
      g_.fail(sentence(name_, ": ", init_.size(), " values go into a turn, ", carry.size(),
                       " come out of it; both must be as many"));
      return false;
    }
    for (int i = 0; i < carry.size(); ++i) {
      if (carry[i].shape() == init_[i].shape() && carry[i].type() == init_[i].type()) continue;
      g_.fail(sentence(name_, ": value ", i, " is ", to_text(init_[i].type()), " of ",
                       to_text(init_[i].shape()), " before a turn and ", to_text(carry[i].type()),
                       " of ", to_text(carry[i].shape()), " behind it; both must be the same"));
      return false;
    }
    return true;
  }

  graph& g_;
  std::string_view name_;
  list<symbol> const& init_;
  list<bool> sampled_;
  list<int> parameters_, results_, captures_;
  list<int> all_parameters_;  ///< those of earlier attempts too
  graph region_;
};

}  // namespace detail

/// What a turn of a `scan` gives: what goes round, and what is stacked.
struct scan_step {
  list<symbol> carry, y;
};
/// What a `scan` gives: what comes out of the last turn, and all turns' y stacked along a new
/// first axis.
struct scan_result {
  list<symbol> carry, ys;
};

/// Turns through sequences: turn(carry, x) -> scan_step is called with what goes round, at first
/// `init`, and the elements of every `xs` along their first axis, one after the other; from the
/// last one on if `reverse`. Without xs, `length` turns. Source: jax.lax.scan.
template <detail::turn<list<symbol> const&, list<symbol> const&> Turn>
constexpr scan_result scan(Turn const& turn, list<symbol> const& init, list<symbol> const& xs,
                           std::int64_t length = -1, bool reverse = false) {
  if (init.empty() && xs.empty()) return {};
  graph& g = (init.empty() ? xs : init)[0].owner();
  scan_result poisoned;
  for (int i = 0; i < init.size(); ++i) poisoned.carry.push_back({g, -1});
  poisoned.ys = detail::poisoned_list({g, -1});
  if (detail::any_poisoned(init) || detail::any_poisoned(xs)) return poisoned;
  for (symbol const& x : xs) {
    if (x.rank() == 0) {
      g.fail(diagnosis{"scan: a sequence needs an axis, got a scalar"});
      return poisoned;
    }
    if (length < 0) length = x.shape()[0];
    if (x.shape()[0] != length) {
      g.fail(sentence("scan: sequences of ", length, " and of ", x.shape()[0], " elements"));
      return poisoned;
    }
  }
  if (length < 1) {
    g.fail(diagnosis{"scan: needs a sequence, or a length of 1 or more"});
    return poisoned;
  }
  detail::loop_tracer loop{g, "scan", init};
  if (!loop.trace(xs, [&](list<symbol> const& carry, list<symbol> const& x) -> scan_step {
        return turn(carry, x);
      }))
    return poisoned;
  scan_result out;
  list<symbol> const all = loop.finish(op::scan, {init.size(), xs.size(), length, reverse}, {}, xs);
  for (int i = 0; i < all.size(); ++i) (i < init.size() ? out.carry : out.ys).push_back(all[i]);
  return out;
}
/// The same with one value that goes round and one sequence: turn(carry, x).
template <detail::turn<symbol, symbol> Turn>
constexpr scan_result scan(Turn const& turn, symbol init, symbol xs, bool reverse = false) {
  return scan([&](list<symbol> const& carry,
                  list<symbol> const& x) -> scan_step { return turn(carry[0], x[0]); },
              list<symbol>{init}, list<symbol>{xs}, -1, reverse);
}

/// Turns as long as going_on(values) holds, a scalar of truth that all samples share: values become
/// turn(values), at first they are `init`. Has no gradient. Source: jax.lax.while_loop.
template <class Condition, detail::turn<list<symbol> const&> Turn>
constexpr list<symbol> while_loop(Condition const& going_on, Turn const& turn,
                                  list<symbol> const& init) {
  list<symbol> poisoned;
  if (init.empty()) return poisoned;
  graph& g = init[0].owner();
  for (int i = 0; i < init.size(); ++i) poisoned.push_back({g, -1});
  if (detail::any_poisoned(init)) return poisoned;
  auto const holds = [&](list<symbol> const& values) {
    symbol const p = going_on(values);
    if (build::poisoned(p)) return p;
    if (p.rank() != 0)
      return poison(g, sentence("while_loop: the condition has extents ", to_text(p.shape()),
                                ", and needs to be a scalar"));
    if (p.per_sample())
      return poison(g, diagnosis{"while_loop: the condition has a value for each sample, and needs "
                                 "one for all: reduce it over the batch"});
    return build::cast(p, dtype::boolean);
  };
  detail::loop_tracer loop{g, "while_loop", init};
  bool const traced =
      loop.trace({}, [&](list<symbol> const& values, list<symbol> const&) -> scan_step {
        scan_step out{turn(values), {}};
        if (!detail::any_poisoned(out.carry)) out.y.push_back(holds(out.carry));
        return out;
      });
  symbol const first = traced ? holds(init) : symbol{g, -1};
  if (build::poisoned(first)) return poisoned;
  list<symbol> all =
      loop.finish(op::while_loop, {init.size(), 0, 0, false}, list<symbol>{first}, {});
  all.pop_back();
  return all;
}
template <class Condition, detail::turn<symbol> Turn>
constexpr symbol while_loop(Condition const& going_on, Turn const& turn, symbol init) {
  return while_loop([&](list<symbol> const& v) { return going_on(v[0]); },
                    [&](list<symbol> const& v) { return list<symbol>{turn(v[0])}; },
                    list<symbol>{init})[0];
}

/// Turns for i from `lower` to below `upper`: values become turn(i, values), i an int32. A scan, so
/// that it has gradients.
template <detail::turn<symbol, list<symbol> const&> Turn>
constexpr list<symbol> fori_loop(std::int64_t lower, std::int64_t upper, Turn const& turn,
                                 list<symbol> const& init) {
  if (upper <= lower || init.empty() || detail::any_poisoned(init)) return init;
  graph& g = init[0].owner();
  symbol const i = build::iota(g, {upper - lower}, 0) +
                   build::constant(g, static_cast<double>(lower), dtype::int32);
  return scan([&](list<symbol> const& values,
                  list<symbol> const& x) -> scan_step { return {turn(x[0], values), {}}; },
              init, list<symbol>{i})
      .carry;
}
/// The same with bounds that are only known at run time: int32 scalars that all samples share. Has
/// no gradient.
template <detail::turn<symbol, list<symbol> const&> Turn>
constexpr list<symbol> fori_loop(symbol lower, symbol upper, Turn const& turn,
                                 list<symbol> const& init) {
  list<symbol> all{build::cast(lower, dtype::int32)};
  for (symbol const& x : init) all.push_back(x);
  symbol const end = build::cast(upper, dtype::int32);
  auto const without_counter = [](list<symbol> const& v) {
    list<symbol> out;
    for (int i = 1; i < v.size(); ++i) out.push_back(v[i]);
    return out;
  };
  return without_counter(while_loop([&](list<symbol> const& v) { return v[0] < end; },
                                    [&](list<symbol> const& v) {
                                      list<symbol> next{v[0] + 1};
                                      for (symbol const& x : turn(v[0], without_counter(v)))
                                        next.push_back(x);
                                      return next;
                                    },
                                    all));
}
template <class Bound, detail::turn<symbol, symbol> Turn>
constexpr symbol fori_loop(Bound lower, Bound upper, Turn const& turn, symbol init) {
  return fori_loop(
      lower, upper, [&](symbol i, list<symbol> const& v) { return list<symbol>{turn(i, v[0])}; },
      list<symbol>{init})[0];
}

namespace detail {

/// The same value as one of every sample where `like` is one.
constexpr symbol at_samples_of(symbol x, symbol like) {
  return like.per_sample() ? build::spread(x) : x;
}

template <class Then, class Else, class... Operands>
constexpr list<symbol> cond_of_lists(symbol predicate, Then const& then, Else const& otherwise,
                                     Operands... operands) {
  list<symbol> const poisoned = poisoned_list(predicate);
  if (build::poisoned(predicate)) return poisoned;
  graph& g = predicate.owner();
  if (predicate.rank() != 0) {
    g.fail(sentence("cond: the condition has extents ", to_text(predicate.shape()),
                    ", and needs to be a scalar"));
    return poisoned;
  }
  predicate = build::cast(predicate, dtype::boolean);
  side_effects const before{g};
  int const start = g.size();
  list<symbol> yes = then(operands...);
  list<symbol> no = otherwise(operands...);
  if (g.failed() || any_poisoned(yes) || any_poisoned(no)) return poisoned;
  bool fits = yes.size() == no.size();
  for (int i = 0; fits && i < yes.size(); ++i) {
    fits = yes[i].shape() == no[i].shape() && yes[i].type() == no[i].type();
    if (!fits)
      g.fail(sentence("cond: value ", i, " is ", to_text(yes[i].type()), " of ",
                      to_text(yes[i].shape()), " in one case and ", to_text(no[i].type()), " of ",
                      to_text(no[i].shape()), " in the other; both must be the same"));
  }
  if (yes.size() != no.size())
    g.fail(sentence("cond: ", yes.size(), " values in one case, ", no.size(), " in the other"));
  if (!fits) return poisoned;
  if (predicate.per_sample()) {  // every sample decides for itself: both are computed
    list<symbol> out;
    for (int i = 0; i < yes.size(); ++i) out.push_back(build::select(predicate, yes[i], no[i]));
    return out;
  }
  for (int i = 0; i < yes.size(); ++i) {
    yes[i] = at_samples_of(yes[i], no[i]);
    no[i] = at_samples_of(no[i], yes[i]);
  }
  // what the functions compute is theirs; leaves are everybody's
  list<bool> inside(g.size(), false);
  for (int id = start; id < g.size(); ++id)
    inside[id] = !is_leaf(g[id].code) || is_number_leaf(g[id].code);
  if (before.are_in(g, inside)) {
    g.fail(
        diagnosis{"cond: a layer within a case adds a loss or updates a state; only what stands "
                  "outside of it can"});
    return poisoned;
  }
  list<int> captures, ids[2];
  for (symbol const& x : yes) ids[0].push_back(x.id());
  for (symbol const& x : no) ids[1].push_back(x.id());
  graph regions[2];
  for (int i = 0; i < 2; ++i) regions[i] = region_cutter{g, inside, captures}.cut({}, ids[i]);
  // both are called with everything
  for (int i = regions[0].inputs.size(); i < captures.size(); ++i) {
    node const& n = g[captures[i]];
    region_input(regions[0], n.shape, n.type, n.per_sample);
  }
  list<int> all{predicate.id()};
  for (int const id : captures) all.push_back(id);
  int const at = g.regions.size();
  for (graph const& r : regions) g.regions.push_back(r);
  control_form const form{captures.size(), 0, 0, false};
  int const id = append_control(g, op::cond, form, all, at);
  return results_of(g, id, regions[0], regions[0].outputs.size(), 0);
}

}  // namespace detail

/// then(operands...) where a scalar condition holds, else otherwise(operands...): symbols, or lists
/// of them, of the same extents and dtypes. Of a condition that all samples share one of both is
/// computed; of one that each sample has of its own both are, and each takes what it wants.
/// Source: jax.lax.cond.
template <class Then, class Else, std::convertible_to<symbol>... Operands>
constexpr auto cond(symbol predicate, Then const& then, Else const& otherwise,
                    Operands... operands) {
  if constexpr (std::is_convertible_v<decltype(then(operands...)), symbol>) {
    list<symbol> const out = detail::cond_of_lists(
        predicate, [&](auto... x) { return list<symbol>{then(x...)}; },
        [&](auto... x) { return list<symbol>{otherwise(x...)}; }, operands...);
    return out[0];
  } else {
    return detail::cond_of_lists(predicate, then, otherwise, operands...);
  }
}

}  // namespace typegrad
