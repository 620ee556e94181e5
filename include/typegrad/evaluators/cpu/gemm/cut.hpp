// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <typegrad/evaluators/cpu/team.hpp>

// How C is cut into register tiles, and the tiles are dealt out to a team.
namespace typegrad::on_cpu::detail {

constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return divide_up(a, b) * b; }

// Columns, as panels of `limit`, `limit - 1` or one vector. From two vectors on none is left
// single, because a tile of one vector is bound by its loads.
struct panel_cut {
  std::int64_t wide, medium, narrow;

  static constexpr panel_cut of(std::int64_t vectors, int limit) {
    std::int64_t const whole = vectors / limit, rest = vectors % limit;
    if (rest == 0) return {whole, 0, 0};
    if (rest == limit - 1) return {whole, 1, 0};
    if (limit == 3 && whole > 0) return {whole - 1, 2, 0};  // 3 + 1 = 2 + 2
    return {whole, 0, rest};
  }
};

// A tile of rows that starts at `row` and is `height` high. Its first `skip` rows belong to the
// tile before it: they are computed again, and dropped.
struct row_tile {
  std::int64_t row;
  int height;
  int skip;
};

// Rows (`low` or more), as tiles of `limit` and, for what is left, one or two that overlap the tile
// before them rather than leave a part of a tile over: of `low` = limit / 2 rows where these do.
struct row_cut {
  std::int64_t rows;
  int limit;

  constexpr std::int64_t whole() const { return rows / limit; }
  constexpr int rest() const { return static_cast<int>(rows % limit); }
  constexpr int low() const { return limit / 2; }

  constexpr std::int64_t count() const {
    if (rest() == 0) return whole();
    return whole() + (rows < limit && rows > low() ? 2 : 1);
  }
  constexpr row_tile tile(std::int64_t index) const {
    if (index < whole()) return {index * limit, limit, 0};
    if (rows < limit && index == 0) return {0, low(), 0};
    int const height = rows < limit || rest() <= low() ? low() : limit;
    std::int64_t const done = rows < limit ? low() : rows - rest();
    return {rows - height, height, static_cast<int>(done - (rows - height))};
  }
};

// One member's part of C: a rectangle of row tiles and vectors of columns.
struct rectangle {
  span_of_work tiles, vectors;

  // The team as a grid, by rows and columns, whose greatest part is least; every part has at least
  // two vectors (so that no panel is narrower than panel_cut makes them) where the whole has.
  static constexpr rectangle of(team const& members, std::int64_t tiles, std::int64_t vectors) {
    if (members.size == 1) return {{0, tiles}, {0, vectors}};
    int across = 1;
    std::int64_t least = -1;
    for (int c = 1; c <= members.size; ++c) {
      if (members.size % c != 0 || (c > 1 && vectors < 2 * c)) continue;
      std::int64_t const part = divide_up(vectors, c) * divide_up(tiles, members.size / c);
      if (least < 0 || part <= least) {
        least = part;
        across = c;
      }
    }
    int const down = members.size / across;
    return {team{members.index / across, down}.part(tiles),
            team{members.index % across, across}.part(vectors)};
  }
};

}  // namespace typegrad::on_cpu::detail
