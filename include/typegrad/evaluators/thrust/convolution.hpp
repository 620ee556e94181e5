// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/product.hpp>

// Convolutions and their gradients as matrix products whose left operand is found by windows: the
// matrix of all windows is never made. Values are (sample, positions, channels); kernels are
// (taps, channels, filters).

TYPEGRAD_ON_THRUST_BEGIN

/// The extents of a step's convolution as constants for its operands. Positions are 32 bits wide.
template <class Source>
struct convolution_extents {
  static constexpr auto const& p = Source::info.product;
  static constexpr window over() { return p.over; }
  static constexpr int channels = static_cast<int>(p.channels);
  static constexpr int filters = static_cast<int>(p.filters);
  static constexpr int taps = static_cast<int>(over().taps());
  static constexpr int positions_in = static_cast<int>(over().positions_in());
  static constexpr int positions_out = static_cast<int>(over().positions_out());

  struct place {
    int at[max_spatial];
  };
  /// Number e of positions along three axes, of which the inner two have n1 and n2.
  template <std::int64_t N0, std::int64_t N1, std::int64_t N2>
  TYPEGRAD_DEVICE static place located(int number) {
    auto const e = static_cast<unsigned>(number);
    constexpr auto n1 = static_cast<unsigned>(N1), n2 = static_cast<unsigned>(N2);
    return {{N0 == 1 ? 0 : static_cast<int>(e / (n1 * n2)),
             N1 == 1 ? 0 : static_cast<int>(N0 == 1 ? e / n2 : e / n2 % n1),
             N2 == 1 ? 0 : static_cast<int>(N0 == 1 && N1 == 1 ? e : e % n2)}};
  }
  TYPEGRAD_DEVICE static place input_at(int e) {
    constexpr window w = over();
    return located<w.axes[0].in, w.axes[1].in, w.axes[2].in>(e);
  }
  TYPEGRAD_DEVICE static place output_at(int e) {
    constexpr window w = over();
    return located<w.axes[0].out, w.axes[1].out, w.axes[2].out>(e);
  }
  TYPEGRAD_DEVICE static place tap_at(int e) {
    constexpr window w = over();
    return located<w.axes[0].size, w.axes[1].size, w.axes[2].size>(e);
  }

  /// The position that tap t of window o reads, -1 for padding.
  TYPEGRAD_DEVICE static int read_by(place const& o, place const& t) {
    constexpr window w = over();
    int e = 0;
    bool inside = true;
    TYPEGRAD_UNROLLED
    for (int i = 0; i < max_spatial; ++i) {
      int const x = o.at[i] * static_cast<int>(w.axes[i].stride) +
                    t.at[i] * static_cast<int>(w.axes[i].dilation) -
                    static_cast<int>(w.axes[i].low);
      inside = inside && static_cast<unsigned>(x) < static_cast<unsigned>(w.axes[i].in);
      e = e * static_cast<int>(w.axes[i].in) + x;
    }
    return inside ? e : -1;
  }
  /// The window whose tap t reads position x, -1 if there is none.
  TYPEGRAD_DEVICE static int reader(place const& x, place const& t) {
    constexpr window w = over();
    int e = 0;
    bool found = true;
    TYPEGRAD_UNROLLED
    for (int i = 0; i < max_spatial; ++i) {
      constexpr auto stride_of = [](window_axis const& a) { return static_cast<int>(a.stride); };
      int const from = x.at[i] + static_cast<int>(w.axes[i].low) -
                       t.at[i] * static_cast<int>(w.axes[i].dilation);
      int const o = from / stride_of(w.axes[i]);
      found = found && from >= 0 && from == o * stride_of(w.axes[i]) &&
              o < static_cast<int>(w.axes[i].out);
      e = e * static_cast<int>(w.axes[i].out) + o;
    }
    return found ? e : -1;
  }
};

/// What the operands share: an element that is found, or 0.
template <class T>
struct found_element {
  using real = std::conditional_t<std::is_same_v<T, double>, double, float>;

  TYPEGRAD_DEVICE static real one(T const* from) {
    return from == nullptr ? real(0) : static_cast<real>(*from);
  }
  TYPEGRAD_DEVICE static void four(T const* from, real* to) {
    if (from == nullptr) return;
    auto const v = *reinterpret_cast<pack<T, 4> const*>(from);
    TYPEGRAD_UNROLLED
    for (int w = 0; w < 4; ++w) to[w] = static_cast<real>(v.at[w]);
  }
};

/// What taps read or write. Of x: rows are windows (sample, position of y), the contracted axis is
/// (tap, channel). Of y: rows are (sample, position of x), the contracted axis is (tap, filter).
template <class T, class Extents, bool OfX>
struct tapped_operand {
  static constexpr int depth = OfX ? Extents::channels : Extents::filters;
  static constexpr int positions = OfX ? Extents::positions_in : Extents::positions_out;
  static constexpr int rows_of_sample = OfX ? Extents::positions_out : Extents::positions_in;
  static constexpr bool along_inner = true;
  static constexpr bool by_four = depth % 4 == 0;
  static constexpr int section_length = depth;
  using real = typename found_element<T>::real;

  T const* data;
  std::int64_t rows;

  struct line {
    T const* sample;  ///< null beyond the end
    typename Extents::place at;
  };
  TYPEGRAD_DEVICE line at(std::int64_t row) const {
    if (row >= rows) return {nullptr, {}};
    std::int64_t const sample = row / rows_of_sample;
    auto const within = static_cast<int>(row - sample * rows_of_sample);
    return {data + sample * (positions * depth),
            OfX ? Extents::output_at(within) : Extents::input_at(within)};
  }
  /// What is known once the tap is.
  struct section {
    typename Extents::place tap;
    int channel;
  };
  TYPEGRAD_DEVICE static section section_at(std::int64_t inner) {
    auto const i = static_cast<unsigned>(inner);
    constexpr auto each = static_cast<unsigned>(depth);
    return {Extents::tap_at(static_cast<int>(i / each)), static_cast<int>(i % each)};
  }
  TYPEGRAD_DEVICE T const* element(line const& l, section const& s, int further) const {
    int const e = OfX ? Extents::read_by(l.at, s.tap) : Extents::reader(l.at, s.tap);
    if (l.sample == nullptr || e < 0) return nullptr;
    return l.sample + (e * depth + s.channel + further);
  }
  TYPEGRAD_DEVICE real one(line const& l, std::int64_t inner) const {
    return found_element<T>::one(element(l, section_at(inner), 0));
  }
  TYPEGRAD_DEVICE void four(line const& l, std::int64_t inner, real* to) const {
    found_element<T>::four(element(l, section_at(inner), 0), to);
  }
  TYPEGRAD_DEVICE void four(line const& l, section const& s, int further, real* to) const {
    found_element<T>::four(element(l, s, further), to);
  }
};

/// Columns are channels of x, the contracted axis is (tap, filter) of the kernel.
template <class T, class Extents>
struct kernel_for_x {
  static constexpr bool along_inner = true;
  static constexpr bool by_four = Extents::filters % 4 == 0;
  static constexpr int section_length = Extents::filters;
  using real = typename found_element<T>::real;

  T const* kernel;

  struct line {
    T const* channel;
  };
  TYPEGRAD_DEVICE line at(std::int64_t column) const {
    return {column < Extents::channels ? kernel + column * Extents::filters : nullptr};
  }
  /// How far into the kernel.
  using section = int;
  TYPEGRAD_DEVICE static section section_at(std::int64_t inner) {
    auto const i = static_cast<unsigned>(inner);
    constexpr auto each = static_cast<unsigned>(Extents::filters);
    return static_cast<int>(i / each * (Extents::channels * each) + i % each);
  }
  TYPEGRAD_DEVICE T const* element(line const& l, section s, int further) const {
    return l.channel == nullptr ? nullptr : l.channel + (s + further);
  }
  TYPEGRAD_DEVICE real one(line const& l, std::int64_t inner) const {
    return found_element<T>::one(element(l, section_at(inner), 0));
  }
  TYPEGRAD_DEVICE void four(line const& l, std::int64_t inner, real* to) const {
    found_element<T>::four(element(l, section_at(inner), 0), to);
  }
  TYPEGRAD_DEVICE void four(line const& l, section s, int further, real* to) const {
    found_element<T>::four(element(l, s, further), to);
  }
};

/// Rows are (tap, channel) of x, the contracted axis is (sample, position of y).
template <class T, class Extents>
struct taps_of_x {
  static constexpr bool along_inner = false;
  static constexpr bool by_four = Extents::channels % 4 == 0;
  using real = typename found_element<T>::real;

  T const* x;

  struct line {
    T const* channel;  ///< of the first sample's first position; null beyond the end
    typename Extents::place tap;
  };
  TYPEGRAD_DEVICE line at(std::int64_t row) const {
    auto const r = static_cast<int>(row);
    if (r >= Extents::taps * Extents::channels) return {nullptr, {}};
    return {x + r % Extents::channels, Extents::tap_at(r / Extents::channels)};
  }
  TYPEGRAD_DEVICE T const* element(line const& l, std::int64_t inner) const {
    // as many positions as there are fit 32 bits for any batch that fits a device's memory
    auto const i = static_cast<unsigned>(inner);
    constexpr auto each = static_cast<unsigned>(Extents::positions_out);
    unsigned const sample = i / each;
    int const e = Extents::read_by(Extents::output_at(static_cast<int>(i - sample * each)), l.tap);
    if (l.channel == nullptr || e < 0) return nullptr;
    return l.channel + (std::int64_t{sample} * Extents::positions_in + e) * Extents::channels;
  }
  TYPEGRAD_DEVICE real one(line const& l, std::int64_t inner) const {
    return found_element<T>::one(element(l, inner));
  }
  TYPEGRAD_DEVICE void four(line const& l, std::int64_t inner, real* to) const {
    found_element<T>::four(element(l, inner), to);
  }
};

template <class Source>
struct convolution_operands {
  using body = step_body<Source>;
  using arguments = typename body::arguments;
  static constexpr auto const& p = Source::info.product;
  using walk = convolution_extents<Source>;
  using element = memory_of<body::at(step_epilogue<Source>::product).type>;

  /// What is contracted; of a sample, if samples are too.
  static constexpr std::int64_t inner = p.code == op::convolution ? walk::taps * walk::channels
                                        : p.code == op::convolution_input
                                            ? walk::taps * walk::filters
                                            : walk::positions_out;

  struct filter_strides {
    static constexpr std::int64_t outer = 1, inner = p.filters;
  };
  /// (anything, filters), dense: the kernel, or y.
  using filters = dense_operand<element, false, p.filters % 4 == 0, filter_strides>;

  using left = std::conditional_t<p.code == op::convolution_kernel, taps_of_x<element, walk>,
                                  tapped_operand<element, walk, p.code == op::convolution>>;
  using right =
      std::conditional_t<p.code == op::convolution_input, kernel_for_x<element, walk>, filters>;

  TYPEGRAD_DEVICE static left left_of(arguments const& a, std::int64_t) {
    auto const* const data = static_cast<element const*>(a.slots[left_slot]);
    if constexpr (code == op::convolution_kernel)
      return {data};
    else
      return {data, rows * (rows_batched ? a.run.batch_size : 1)};
  }
  TYPEGRAD_DEVICE static right right_of(arguments const& a, std::int64_t) {
    auto const* const data = static_cast<element const*>(a.slots[right_slot]);
    if constexpr (code == op::convolution_input)
      return {data};
    else
      return {data, walk::filters};
  }

 private:
  static constexpr op code = p.code;
  static constexpr int left_slot = p.slot_a, right_slot = p.slot_b;
  static constexpr std::int64_t rows = p.rows.extent;
  static constexpr bool rows_batched = p.rows.batch;
};

/// One group of channels; more are computed element by element (sliding.hpp).
template <class Source, arithmetic Arithmetic>
struct convolution_kernel : matrix_kernel<Source, convolution_operands<Source>, Arithmetic> {};

TYPEGRAD_ON_THRUST_END
