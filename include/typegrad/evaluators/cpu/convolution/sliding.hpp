// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <typegrad/evaluators/cpu/convolution/correlation.hpp>
#include <typegrad/evaluators/cpu/convolution/pad.hpp>
#include <typegrad/evaluators/cpu/team.hpp>

// Runs the correlations that make up a convolution, over all samples, groups and threads.
namespace typegrad::on_cpu::detail {

// How a team stands over the work: `down` parts of the tiles times `across` parts of the panels.
struct team_grid {
  int down = 1, across = 1;

  // That whose greatest part is least; if several are, one with few parts of the panels, or with
  // many if each panel that a member works on costs it the packing.
  static constexpr team_grid of(int size, std::int64_t tiles, std::int64_t panels, bool packing) {
    team_grid best{size, 1};
    std::int64_t least = -1;
    for (int across = 1; across <= size; ++across) {
      if (size % across != 0) continue;
      std::int64_t const part = divide_up(panels, across) * divide_up(tiles, size / across);
      if (least < 0 || part < least || (part == least && packing)) {
        least = part;
        best = {size / across, across};
      }
    }
    return best;
  }
};

// Problem, all static:
//   box, rows                   what is read of a sample of A; rows of C of a sample
//   row, row_stride             how rows of outputs are split, and their distance in A
//   a_size, products            elements of a sample of A; multiply-adds that it takes
//   groups, a_group, c_group    groups, and the distance of their channels in A and columns in C
//   parts, part(i)              correlations, each of which makes other rows of C ...
//   phases(i), start(i, j), first_row(i, j)   ... several times: from other elements of A on, other
//   rows pack<i>(k, j, group, vectors, column, tap, to)   the rows of B of one tap of phase j, from
//                               `column` of the group on, as `vectors` vectors a row
template <class Problem, class T, class Arch>
struct sliding {
  static constexpr sample_box box = Problem::box, part_box = Problem::part_box;
  static constexpr bool in_place = part_box.in_place();
  static constexpr split_row row = Problem::row;
  static constexpr std::int64_t split = row.parts;
  static constexpr int parts = Problem::parts;
  static constexpr int groups = static_cast<int>(Problem::groups);
  static constexpr int width = detail::width<T, Arch>;
  static constexpr std::int64_t size = sizeof(T);
  static constexpr std::int64_t line = 64 / size;

  template <int I>
  using correlator = detail::correlator<Problem::part(I), T, Arch>;

  // Calls body(std::integral_constant<int, i>) for every part.
  template <class Body>
  [[gnu::always_inline]] static void for_parts(Body const& body) {
    [&]<int... I>(std::integer_sequence<int, I...>) {
      (body(std::integral_constant<int, I>{}), ...);
    }(std::make_integer_sequence<int, parts>{});
  }

  struct offsets {
    std::int64_t packed[parts + 1] = {};  // where a part's packed panels begin
    std::int64_t tiles[parts + 1] = {};   // and its tiles
    std::int64_t panel = 0, panels = 0;   // elements of the largest panel; most panels of a phase
  };
  static constexpr offsets at = [] {
    offsets o;
    auto const add = [&]<int I>() {
      using c = correlator<I>;
      constexpr std::int64_t phases = Problem::phases(I);
      o.packed[I + 1] = o.packed[I] + phases * groups * round_up(c::packed_size, line);
      o.tiles[I + 1] = o.tiles[I] + phases * c::strips * c::tiles;
      o.panel = std::max(o.panel, c::panel_size);
      o.panels = std::max(o.panels, groups * c::panels);
    };
    [&]<int... I>(std::integer_sequence<int, I...>) {
      (add.template operator()<I>(), ...);
    }(std::make_integer_sequence<int, parts>{});
    return o;
  }();
  static constexpr std::int64_t tiles = at.tiles[parts];  // of a sample

  static constexpr bool resident = at.packed[parts] * size <= tile_problem::resident_bytes;
  static constexpr std::int64_t packed_size =
      round_up(resident ? at.packed[parts] : at.panel, line);
  // Elements of a copy of a sample, and of one from which a split copy is made.
  static constexpr std::int64_t slack = split == 1 ? 0 : width * split;
  static constexpr std::int64_t sample_size =
      round_up(in_place ? 0 : part_box.size() * split + slack, line);
  static constexpr std::int64_t whole_size = round_up(split == 1 ? 0 : box.size() + slack, line);
  static constexpr std::int64_t block =  // samples that are copied at once
      resident   ? 1
      : in_place ? std::int64_t{1} << 40
                 : std::clamp<std::int64_t>(block_bytes / (sample_size * size), 1, 32);
  static constexpr std::int64_t own_size =  // of each member
      (resident ? 0 : packed_size) + (in_place ? 0 : block * sample_size) + whole_size;
  static constexpr std::size_t scratch_bytes(int team_size) {
    return static_cast<std::size_t>(((resident ? packed_size : 0) + own_size * team_size) * size);
  }

  template <class Epilogue>
  static void run(team const& members, std::int64_t batch, T const* a, T const* k,
                  Epilogue const& epilogue, std::byte* scratch) {
    if (batch <= 0) return;
    bool const alone = batch * Problem::products < convolution_parallel_from;
    if (alone && members.index != 0) return;
    team const workers = alone ? team{} : members;
    T* const shared = reinterpret_cast<T*>(scratch);
    T* const own = shared + (resident ? packed_size : 0) + workers.index * own_size;
    if constexpr (resident) {
      pack_all(workers, k, shared);
      workers.barrier();
    }
    work(workers, batch, a, k, epilogue, resident ? shared : own, own);
  }

  // All but the packing, if panels are resident. `own`: the member's own scratch memory.
  template <class Epilogue>
  static void work(team const& workers, std::int64_t batch, T const* a, T const* k,
                   Epilogue const& epilogue, T* packed, T* own) {
    T* const whole = own + (resident ? 0 : packed_size);
    T* const samples = whole + whole_size;
    auto const grid = team_grid::of(workers.size, batch * tiles, at.panels, !resident);
    team const down{workers.index / grid.across, grid.down};
    team const across{workers.index % grid.across, grid.across};
    auto const mine = down.part(batch * tiles);
    if (mine.begin == mine.end) return;
    // Blocks of nearly equal size.
    std::int64_t const begin = mine.begin / tiles, count = (mine.end - 1) / tiles + 1 - begin;
    std::int64_t const blocks = divide_up(count, std::min(count, block));
    for (std::int64_t i = 0; i < blocks; ++i) {
      std::int64_t const first = begin + count * i / blocks;
      std::int64_t const last = begin + count * (i + 1) / blocks;
      if constexpr (!in_place) {
        for (auto s = first; s < last; ++s) {
          T* const to = samples + (s - first) * sample_size;
          if constexpr (split == 1) {
            pad_sample<box, T, Arch>(a + s * Problem::a_size, to);
          } else {
            pad_sample<box, T, Arch>(a + s * Problem::a_size, whole);
            split_sample<box, part_box, row, Problem::row_stride, T, Arch>(whole, to);
          }
        }
      }
      T const* const from = in_place ? a + first * Problem::a_size : samples;
      for_parts([&](auto part) __attribute__((always_inline)) {
        run_part<part()>(across, span_of_work{first, last}, mine, from, k, packed, epilogue);
      });
    }
  }

  // Packs all panels of all parts, by the team.
  static void pack_all(team const& workers, T const* k, T* packed) {
    for_parts([&](auto i) {
      using c = correlator<i()>;
      constexpr std::int64_t taps = taps_of<i()>;
      if constexpr (taps > 0) {
        auto const mine = workers.part(Problem::phases(i()) * groups * c::panels * taps);
        for (auto j = mine.begin; j < mine.end; ++j) {
          auto const panel = j / taps % (groups * c::panels);
          auto const phase = j / taps / (groups * c::panels);
          pack_tap<i()>(k, phase, panel, j % taps, packed + panel_at<i()>(phase, panel));
        }
      }
    });
  }

  template <int I>
  static constexpr std::int64_t taps_of = Problem::part(I).taps_count();

  // Where a phase's panel p of all the groups' lies among those of all parts.
  template <int I>
  static constexpr std::int64_t panel_at(std::int64_t phase, std::int64_t p) {
    using c = correlator<I>;
    return at.packed[I] + (phase * groups + p / c::panels) * round_up(c::packed_size, line) +
           p % c::panels * c::panel_size;
  }

  template <int I>
  static void pack_tap(T const* k, std::int64_t phase, std::int64_t p, std::int64_t tap, T* to) {
    using c = correlator<I>;
    std::int64_t const panel = p % c::panels;
    int const vectors = c::vectors_of(panel);
    std::int64_t const column = panel * c::choice.vectors * width;
    constexpr std::int64_t channels = Problem::part(I).channels;
    to += tap * channels * vectors * width;
    Problem::template pack<I, T, Arch>(k, phase, p / c::panels, vectors, column, tap, to);
    if constexpr (split > 1) spread_columns<static_cast<int>(split), Arch>(to, channels);
  }

  struct phase_place {
    std::int64_t start, first_row;
  };
  // Of few phases they are worked out while compiling.
  template <int I>
  static phase_place place_of(std::int64_t phase) {
    constexpr std::int64_t count = Problem::phases(I);
    if constexpr (count <= 8) {
      static constexpr auto places = [] {
        std::array<phase_place, static_cast<std::size_t>(count)> all{};
        for (std::int64_t j = 0; j < count; ++j) {
          all[static_cast<std::size_t>(j)] = {Problem::start(I, j), Problem::first_row(I, j)};
        }
        return all;
      }();
      return places[static_cast<std::size_t>(phase)];
    } else {
      return {Problem::start(I, phase), Problem::first_row(I, phase)};
    }
  }

  // One part of C, of a block of samples.
  template <int I, class Epilogue>
  static void run_part(team const& across, span_of_work samples, span_of_work mine, T const* from,
                       T const* k, T* packed, Epilogue const& epilogue) {
    using c = correlator<I>;
    auto const panels = across.part(groups * c::panels);
    for (std::int64_t phase = 0; phase < Problem::phases(I); ++phase) {
      phase_place const at_phase = place_of<I>(phase);
      T const* const a = from + at_phase.start * split;
      std::int64_t const first_row = at_phase.first_row;
      auto const tiles_of = [&](auto const& units, std::int64_t sample, std::int64_t p,
                                T const* b) __attribute__((always_inline)) {
        std::int64_t const group = p / c::panels;
        c::run(a + (sample - samples.begin) * sample_step + group * Problem::a_group * split, b,
               sample * Problem::rows + first_row, group * Problem::c_group, units.strip,
               p % c::panels, units.part, epilogue);
      };
      if constexpr (!resident) {
        for (auto p = panels.begin; p < panels.end; ++p) {
          for (std::int64_t tap = 0; tap < taps_of<I>; ++tap) pack_tap<I>(k, phase, p, tap, packed);
          for (auto s = samples.begin; s < samples.end; ++s) {
            for (auto u = units_of<I>(mine, s, phase); u.next();) tiles_of(u, s, p, packed);
          }
        }
      } else if constexpr (c::panel_size * size <= tile_problem::near_bytes) {
        for (auto p = panels.begin; p < panels.end; ++p) {
          T const* const b = packed + panel_at<I>(phase, p);
          for (auto u = units_of<I>(mine, samples.begin, phase); u.next();) {
            tiles_of(u, samples.begin, p, b);
          }
        }
      } else {
        for (auto u = units_of<I>(mine, samples.begin, phase); u.next();) {
          for (auto p = panels.begin; p < panels.end; ++p) {
            tiles_of(u, samples.begin, p, packed + panel_at<I>(phase, p));
          }
        }
      }
    }
  }

  static constexpr std::int64_t sample_step = in_place ? Problem::a_size : sample_size;

  // The tiles of one phase and sample that lie in `mine`, strip by strip.
  template <std::int64_t TilesOfStrip>
  struct strip_units {
    std::int64_t tile, end;
    std::int64_t strip = 0;
    span_of_work part{0, 0};

    [[gnu::always_inline]] bool next() {
      if (tile >= end) return false;
      strip = tile / TilesOfStrip;
      part = {tile - strip * TilesOfStrip, std::min(TilesOfStrip, end - strip * TilesOfStrip)};
      tile = (strip + 1) * TilesOfStrip;
      return true;
    }
  };
  template <int I>
  static auto units_of(span_of_work mine, std::int64_t sample, std::int64_t phase) {
    constexpr std::int64_t count = correlator<I>::strips * correlator<I>::tiles;
    std::int64_t const zero = sample * tiles + at.tiles[I] + phase * count;
    return strip_units<correlator<I>::tiles>{std::clamp<std::int64_t>(mine.begin - zero, 0, count),
                                             std::clamp<std::int64_t>(mine.end - zero, 0, count)};
  }
};

}  // namespace typegrad::on_cpu::detail
