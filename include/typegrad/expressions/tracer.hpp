// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/differentiate.hpp>
#include <typegrad/core/inline.hpp>
#include <typegrad/expressions/tensor.hpp>

#include <array>
#include <utility>

// How the type of an expression becomes a graph, while compiling, and how its leaves are found, at
// run time. Both walk through the expression in the same order, so that the n-th leaf that tracing
// meets is the n-th that binding meets.
//
// Which leaves are the same value follows from types as far as it can: variables of one name are,
// and so are a function's arguments. Tensors without names and numbers are taken for one where an
// expression's type stands a second time, if it is differentiated (`gradient` hands out copies) or
// dear to compute. Whether they are is looked at when they are bound. Where they are not, a second
// program is run, which takes every one of them for itself.

namespace typegrad::expressions {

/// An address for each type.
template <class T>
inline constexpr char type_tag = 0;
/// A type as a value, or none. (g++'s -fsanitize=null, nonnull-attribute and
/// returns-nonnull-attribute keep it from comparing addresses in constant expressions; the other
/// sanitizers do not.)
struct type_key {
  bool given = false;
  char const* at = nullptr;

  constexpr bool operator==(type_key const& other) const {
    return given == other.given && (!given || at == other.at);
  }
};
template <class T>
constexpr type_key key_of() {
  return {true, &type_tag<T>};
}

/// No function that is differentiated has more arguments.
inline constexpr int max_arguments = 8;

/// The price (compiler/fuse/cost.hpp) from which on an expression is looked for a second time.
inline constexpr int dear = 8;

/// A leaf of an expression, met while tracing.
struct traced_leaf {
  type_key key;  ///< of what has a name; none if it is told apart by nothing but its place
  int node = -1;
  int same_as = -1;  ///< an earlier leaf that it is taken for
  bool dynamic_rows = false;
  bool by_value = false;  ///< a number within the expression, compared by its value
  bool copied = false;    ///< part of a copy of what a function was applied to, outside of others
};

/// What tracing keeps beside the graph.
class tracer {
 public:
  constexpr tracer(graph& g, bool sharing) : g_{&g}, sharing_{sharing} {}

  constexpr graph& owner() const { return *g_; }
  constexpr list<traced_leaf> const& leaves() const { return leaves_; }

  /// A leaf that is read from memory. `key` says which are one; none: none but itself.
  constexpr symbol leaf(value_facts const& facts, type_key key, bool by_value = false) {
    if (again_ >= 0) return {*g_, leaves_[again_++].node};
    for (int i = 0; key.given && i < leaves_.size(); ++i)
      if (leaves_[i].key == key && leaves_[i].same_as < 0) {
        leaves_.push_back({key, leaves_[i].node, i, facts.dynamic_rows, false});
        return {*g_, leaves_[i].node};
      }
    symbol const s = build::input(*g_, "", facts.shape, facts.type, facts.dynamic_rows);
    leaves_.push_back({key, s.id(), -1, facts.dynamic_rows, by_value});
    return s;
  }
  /// Where the next leaf stands.
  constexpr int position() const { return again_ >= 0 ? again_ : leaves_.size(); }
  /// Traces something whose leaves stand from `first` on, once more.
  template <class F>
  constexpr auto once_more(int first, F const& trace) {
    int const before = again_;
    again_ = first;
    auto const out = trace();
    again_ = before;
    return out;
  }

  /// E's value. What is dear to compute is taken for one wherever its type stands.
  template <class E>
  constexpr symbol trace() {
    if constexpr (E::price >= dear)
      return shared<E>();
    else
      return E::trace(*this);
  }
  /// E's value; that of an earlier E, if there is one.
  template <class E>
  constexpr symbol shared() {
    if (!sharing_ || E::leaf_count == 0) return E::trace(*this);
    constexpr type_key key = key_of<E>();
    if (int const i = find_again(values_, key, E::leaf_count, false); i >= 0)
      return {*g_, values_[i].node};
    int const first = position();
    symbol const s = E::trace(*this);
    values_.push_back({key, scope_, first, s.id()});
    return s;
  }

  // Functions' arguments have values within the function's body.
  constexpr int begin_scope(type_key function, symbol const* values, int count) {
    int const before = scope_;
    scope_ = ++scopes_;
    for (int i = 0; i < count; ++i) arguments_.push_back({function, i, values[i].id()});
    return before;
  }
  constexpr void end_scope(int before, int count) {
    scope_ = before;
    for (int i = 0; i < count; ++i) arguments_.pop_back();
  }
  constexpr symbol argument(type_key function, int index, value_facts const& facts) const {
    for (int i = arguments_.size() - 1; i >= 0; --i)
      if (arguments_[i].function == function && arguments_[i].index == index)
        return {*g_, arguments_[i].node};
    if (alone_) return build::input(*g_, "", facts.shape, facts.type, facts.dynamic_rows);
    return poison(*g_, sentence("an argument of a function is used outside of it"));
  }
  /// A part of a function's body is looked at by itself: arguments from outside are any values.
  constexpr void look_at_a_part() { alone_ = true; }
  /// A value of its own that equals x, so that one can differentiate by it.
  constexpr symbol barrier(symbol x) {
    if (build::poisoned(x)) return build::poisoned_like(x);
    node n = x.info();
    n.code = op::cast;
    n.attribute = -1;
    n.value = 0;
    n.index = -1 - g_->size();  // as no other
    return build::append(*g_, n, &x, 1);
  }

  /// What has been traced, and may be found again by its type.
  struct traced_value {
    type_key key;
    int scope = 0;
    int first_leaf = 0;
    int node = -1;
  };
  /// A function's body with its arguments bound: its value, and the nodes that they have within.
  struct application : traced_value {
    int arguments[max_arguments] = {};  ///< of a loop: its results
  };
  /// App's; that of an earlier one where they are shared.
  template <class App>
  constexpr application apply() {
    constexpr type_key key = key_of<App>();
    int const i = sharing_ ? find_again(applications_, key, App::leaf_count, scope_ == 0) : -1;
    if (i >= 0) return applications_[i];
    application made;
    made.key = key;
    made.scope = scope_;
    made.first_leaf = position();
    made.node = App::trace_body(*this, made.arguments).id();
    applications_.push_back(made);
    return made;
  }

 private:
  struct argument_value {
    type_key function;
    int index = 0;
    int node = -1;
  };

  /// Which of these has the key, in this scope; then its leaves count as met again. -1: none.
  template <class Traced>
  constexpr int find_again(list<Traced> const& all, type_key key, int leaf_count, bool copy) {
    for (int i = 0; i < all.size(); ++i) {
      if (all[i].key != key || all[i].scope != scope_) continue;
      repeat_leaves(all[i].first_leaf, leaf_count, copy);
      return i;
    }
    return -1;
  }
  constexpr void repeat_leaves(int first, int count, bool copy) {
    if (again_ >= 0) {
      again_ += count;
      return;
    }
    for (int k = 0; k < count; ++k) {
      traced_leaf l = leaves_[first + k];
      if (l.same_as < 0) l.same_as = first + k;
      l.copied = l.copied || copy;
      leaves_.push_back(l);
    }
  }

  graph* g_;
  bool sharing_;
  bool alone_ = false;
  list<traced_leaf> leaves_;
  list<traced_value> values_;
  list<argument_value> arguments_;
  list<application> applications_;
  int again_ = -1;  ///< the next leaf of what is traced once more
  int scope_ = 0;   ///< which function's body is traced, 0 outside of all
  int scopes_ = 0;
};

/// A leaf at run time. An expression writes its own, in the order of tracing, by
/// `bind<First>(leaves)`, where First is the number of those before: constant indices, so that what
/// is done with them is gone in optimised code.
struct bound_leaf {
  void const* data;
  std::int64_t rows;  ///< where the first axis is dynamic
};

/// Binds parts of an expression one after the other.
template <int First, class... E>
TYPEGRAD_INLINE constexpr void bind_all(bound_leaf* to, E const&... e) {
  constexpr auto before = [] {
    std::array<int, sizeof...(E) + 1> out{First};
    int i = 0;
    ((out[static_cast<std::size_t>(i + 1)] = out[static_cast<std::size_t>(i)] + E::leaf_count, ++i),
     ...);
    return out;
  }();
  [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    (e.template bind<before[I]>(to), ...);
  }(std::index_sequence_for<E...>{});
}

}  // namespace typegrad::expressions
