// SPDX-License-Identifier: BSL-1.0
#include <typegrad/core/list.hpp>

#include <catch2/catch_test_macros.hpp>

#include <utility>

namespace {

using typegrad::list;

constexpr bool equal(list<int> const& a, list<int> const& b) {
  if (a.size() != b.size()) return false;
  for (int i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

constexpr bool grows() {
  list<int> l;
  for (int i = 0; i < 100; ++i) l.push_back(i);
  for (int i = 0; i < 100; ++i)
    if (l[i] != i) return false;
  return l.size() == 100 && l.back() == 99;
}
static_assert(grows());

constexpr bool inserts_and_erases() {
  list<int> l{1, 2, 4};
  l.insert(2, 3);
  l.insert(0, 0);
  if (!equal(l, {0, 1, 2, 3, 4})) return false;
  l.erase(1);
  l.pop_back();
  return equal(l, {0, 2, 3}) && l.contains(3) && !l.contains(4);
}
static_assert(inserts_and_erases());

constexpr bool copies_are_independent() {
  list<int> a{1, 2, 3};
  list<int> b = a;
  b[0] = 9;
  list<int> c;
  c = b;
  c.push_back(4);
  list<int>& self = c;
  c = self;
  list<int> d = std::move(b);
  a = d;
  return equal(a, {9, 2, 3}) && equal(c, {9, 2, 3, 4}) && b.empty();
}
static_assert(copies_are_independent());

/// An element of the list itself is pushed while the list moves to a larger place.
constexpr bool pushes_its_own() {
  list<int> l{1, 2, 3, 4, 5, 6, 7, 8};
  l.push_back(l[0]);
  return l.size() == 9 && l[8] == 1;
}
static_assert(pushes_its_own());

static_assert(equal(list<int>(3, 7), {7, 7, 7}));
static_assert([] {
  list<int> l{1};
  l.resize(3, 5);
  return equal(l, {1, 5, 5});
}());

TEST_CASE("a list works at run time as in constant evaluation") {
  CHECK(grows());
  CHECK(inserts_and_erases());
  CHECK(copies_are_independent());
  CHECK(pushes_its_own());
  list<list<int>> nested;
  for (int i = 0; i < 20; ++i) nested.push_back(list<int>(i, i));
  list<list<int>> const copy = nested;
  nested.clear();
  CHECK(copy[19].size() == 19);
  CHECK(copy[19][18] == 19);
}

}  // namespace
