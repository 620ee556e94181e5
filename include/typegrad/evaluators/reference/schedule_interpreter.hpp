// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/compiler/program.hpp>
#include <typegrad/evaluators/reference/bytes.hpp>
#include <typegrad/evaluators/reference/interpreter.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>

// Runs what fusion and planning made of a graph, in plain loops over a real arena: the oracle that
// tells mistakes of the compiler from mistakes of an evaluator's kernels. Positions of a step are
// walked through in an odd order, as threads might, and memory that nothing was written to is NaN.

namespace typegrad::reference {

class schedule_interpreter {
 public:
  schedule_interpreter(compiled_graph const& c, bindings const& b) : c_{c}, b_{b} {}

  /// The values of the outputs. Requires bindings of the extents that the graph has.
  std::vector<values> run() {
    prepare();
    run_steps();
    std::vector<values> out;
    for (int i = 0; i < c_.source.outputs.size(); ++i) {
      node const& n = c_.source[c_.source.outputs[i]];
      out.push_back(detail::unpacked(outputs_[index(i)], n.type));
    }
    return out;
  }

  /// What a step did that no step may do, such as reading beyond its buffer; empty if nothing.
  diagnosis const& fault() const { return fault_; }

 private:
  using bytes = detail::bytes;
  static constexpr unsigned char never_written = 0xFF;  // a NaN, or -1

  struct position {
    std::int64_t along[max_domain] = {};
  };

  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::int64_t length(domain_axis const& a) const {
    return a.extent * (a.batch ? b_.batch_size : 1);
  }

  // Memory ----------------------------------------------------------------------------------------

  void prepare() {
    graph const& g = c_.source;
    inputs_.clear();
    weights_.clear();
    outputs_.clear();
    places_.clear();
    fault_ = {};
    for (int i = 0; i < g.inputs.size(); ++i)
      inputs_.push_back(detail::packed(b_.inputs[index(i)], g.inputs[i].type));
    for (int i = 0; i < g.weights.size(); ++i)
      weights_.push_back(detail::packed(b_.weights[index(i)], g.weights[i].type));
    for (int const id : g.outputs) {
      node const& n = g[id];
      std::int64_t const count = n.shape.count() * (n.per_sample ? b_.batch_size : 1);
      outputs_.push_back(bytes(index(count * bytes_of(n.type)), never_written));
    }
    arena_.assign(index(c_.memory.shared_bytes + b_.batch_size * c_.memory.sample_bytes),
                  never_written);
    memory m{{}, {}, arena_.data(), c_.memory.shared_bytes};
    for (bytes& x : inputs_) m.inputs.push_back(x.data());
    for (bytes& x : outputs_) m.outputs.push_back(x.data());
    place_in(m);
  }

  /// Where a graph's inputs and outputs lie, and the arena that it has a part of.
  struct memory {
    std::vector<unsigned char*> inputs, outputs;
    unsigned char* arena;
    std::int64_t shared_bytes;
  };
  void place_in(memory const& m) {
    memory_ = m;
    places_.clear();
    for (buffer const& x : c_.memory.buffers) {
      std::int64_t const first =
          x.per_sample ? m.shared_bytes + b_.batch_size * x.offset : x.offset;
      switch (x.where) {
        case buffer::place::input:
          places_.push_back(m.inputs[index(x.index)]);
          break;
        case buffer::place::weight:
          places_.push_back(weights_[index(x.index)].data());
          break;
        case buffer::place::output:
          places_.push_back(m.outputs[index(x.index)]);
          break;
        case buffer::place::arena:
          places_.push_back(m.arena + first);
          break;
      }
    }
  }
  void run_steps() {
    for (int i = 0; i < c_.steps.steps.size() && fault_.empty(); ++i) {
      current_ = i;
      run_step(c_.steps.steps[i]);
    }
  }

  // Control ---------------------------------------------------------------------------------------

  unsigned char* slot_at(step const& s, int slot) {
    return places_[index(c_.memory.buffer_of[s.buffers[slot]])];
  }
  std::int64_t bytes_at(step const& s, int slot) const {
    buffer const& x = c_.memory.buffers[c_.memory.buffer_of[s.buffers[slot]]];
    return x.elements * bytes_of(x.type) * (x.per_sample ? b_.batch_size : 1);
  }
  void run_region(int which, std::vector<unsigned char*> const& in,
                  std::vector<unsigned char*> const& out) {
    schedule_interpreter region{c_.regions[which], b_};
    region.place_in({in, out, memory_.arena, memory_.shared_bytes});
    region.run_steps();
    if (!region.fault_.empty()) fault_ = region.fault_;
  }

  void run_control(step const& s) {
    control_op const& c = s.control;
    std::vector<unsigned char*> in, out;
    for (int i = c.first_input(); i < c.operands; ++i) in.push_back(slot_at(s, i));
    for (int k = 0; k < c.results; ++k) out.push_back(slot_at(s, c.result_slot(k)));
    if (c.code == op::cond) return run_region(c.region + (*slot_at(s, 0) != 0 ? 0 : 1), in, out);
    auto const carried = [&](int i, bool to_result) {
      return slot_at(s, to_result ? c.result_slot(i) : c.partner_slot(i));
    };
    bool to_result = c.code == op::while_loop || c.length % 2 == 1;
    std::int64_t turns = 0;
    unsigned char const* const going_on = slot_at(s, 0);
    for (bool more = c.code == op::scan || *going_on != 0; more && fault_.empty();
         to_result = !to_result) {
      for (int i = 0; i < c.carries; ++i) out[index(i)] = carried(i, to_result);
      std::int64_t const t = c.backwards ? c.length - 1 - turns : turns;
      graph const& region = c_.regions[c.region].source;
      if (c.code == op::scan) {
        for (int i = c.carries; i < c.carries + c.sequences; ++i)
          in[index(i)] = slot_at(s, c.first_input() + i) + t * part_bytes(region.inputs[i]);
        for (int k = c.carries; k < c.results; ++k) {
          node const& part = region[region.outputs[k]];
          out[index(k)] = slot_at(s, c.result_slot(k)) +
                          t * part.shape.count() * bytes_of(part.type);
        }
      }
      run_region(c.region, in, out);
      for (int i = 0; i < c.carries; ++i) in[index(i)] = out[index(i)];
      ++turns;
      more = c.code == op::scan ? turns < c.length : *out.back() != 0;
    }
    for (int i = 0; i < c.carries; ++i)  // where the last turn, or none, did not write it
      if (in[index(i)] != carried(i, true))
        std::memcpy(carried(i, true), in[index(i)], index(bytes_at(s, c.result_slot(i))));
  }
  static std::int64_t part_bytes(input_info const& x) {
    return x.shape.count() * bytes_of(x.type);
  }

  /// From one sample to the next of parts of sequences, which lie apart.
  std::int64_t parts_of(buffer const& x) const {
    if (x.where == buffer::place::input)
      return std::max<std::int64_t>(1, c_.source.inputs[x.index].part_of);
    if (x.where == buffer::place::output && x.index < c_.source.output_parts.size())
      return c_.source.output_parts[x.index];
    return 1;
  }

  /// Element e of the buffer behind a step's slot; null, and a fault, if it is none of it.
  unsigned char* element(step const& s, int slot, std::int64_t e) {
    int const node_id = s.buffers[slot];
    int const which = c_.memory.buffer_of[node_id];
    if (which < 0) {
      fail("has no buffer for node ", node_id);
      return nullptr;
    }
    buffer const& x = c_.memory.buffers[which];
    std::int64_t const others = x.per_sample ? b_.batch_size - 1 : 0;
    if (e < 0 || e >= x.elements * (others * parts_of(x) + 1)) {
      fail("leaves the buffer of node ", node_id);
      return nullptr;
    }
    return places_[index(which)] + e * bytes_of(x.type);
  }
  dtype type_of(step const& s, int slot) const {
    return c_.memory.buffers[c_.memory.buffer_of[s.buffers[slot]]].type;
  }

  void fail(char const* what, int node_id) {
    if (fault_.empty()) fault_ = sentence("step ", current_, " ", what, node_id);
  }

  // Steps -----------------------------------------------------------------------------------------

  /// Calls f(position) for all positions of axes [from, to), each once, in an order of its own.
  template <class F>
  void each_position(step const& s, int from, int to, position const& start, F const& f) const {
    std::int64_t count = 1;
    for (int i = from; i < to; ++i) count *= length(s.axes[i]);
    std::int64_t const stride = coprime(count);
    for (std::int64_t k = 0, e = count - 1; k < count; ++k, e = (e + stride) % count) {
      position p = start;
      std::int64_t rest = e;
      for (int i = to - 1; i >= from; --i) {
        p.along[i] = rest % length(s.axes[i]);
        rest /= length(s.axes[i]);
      }
      f(p);
    }
  }
  static std::int64_t coprime(std::int64_t count) {
    for (std::int64_t n = count / 2 + 1; n < count; ++n)
      if (std::gcd(n, count) == 1) return n;
    return 1;
  }

  std::int64_t place(access const& a, position const& p, int axes) const {
    std::int64_t e = a.offset;
    for (int i = 0; i < axes; ++i) e += a.strides[i] * p.along[i];
    return e;
  }
  std::int64_t linear(step const& s, position const& p) const {
    std::int64_t e = 0;
    for (int i = 0; i < s.rank; ++i) e = e * length(s.axes[i]) + p.along[i];
    return e;
  }

  void run_step(step const& s) {
    switch (s.kind) {
      case step_kind::loop:
        return run_loop(s);
      case step_kind::row:
        return run_rows(s);
      case step_kind::column:
        return run_columns(s);
      case step_kind::contraction:
        return run_product(s);
      case step_kind::whole:
        return run_whole_op(s);
      case step_kind::control:
        return run_control(s);
    }
  }

  void run_whole_op(step const& s) {
    whole_op const& w = s.whole;
    auto const read_at = [&](int i, std::int64_t sample, std::int64_t e) {
      int const slot = w.slots[i];
      std::int64_t const each = w.sampled[i] ? elements_of(s, slot) : 0;
      auto const* const at = element(s, slot, sample * each + e);
      return at == nullptr ? 0 : detail::read(at, type_of(s, slot));
    };
    store const& x = s.stores[0];
    auto const write_at = [&](std::int64_t sample, std::int64_t e, double number) {
      if (auto* const at = element(s, x.slot, sample * w.results() + e))
        detail::write(at, x.type, number);
    };
    if (w.type == dtype::float32)
      run_whole<float>(w, b_.batch_size, read_at, write_at);
    else
      run_whole<double>(w, b_.batch_size, read_at, write_at);
  }
  std::int64_t elements_of(step const& s, int slot) const {
    return c_.memory.buffers[c_.memory.buffer_of[s.buffers[slot]]].elements;
  }

  /// Instruction i at a position. `scalar_axes`: the axes that an instruction which does not vary
  /// depends on. `heavy`: results of reductions, or of the product. Loads go to memory anew.
  double value(step const& s, int i, position const& p, int scalar_axes,
               std::vector<double> const& heavy) {
    known_.assign(index(s.body.size()), false);
    numbers_.resize(known_.size());
    return part(s, i, p, scalar_axes, heavy);
  }
  double part(step const& s, int i, position const& p, int scalar_axes,
              std::vector<double> const& heavy) {
    if (!known_[index(i)]) {
      numbers_[index(i)] = computed(s, i, p, scalar_axes, heavy);
      known_[index(i)] = true;
    }
    return numbers_[index(i)];
  }
  double computed(step const& s, int i, position const& p, int scalar_axes,
                  std::vector<double> const& heavy) {
    instruction const& n = s.body[i];
    int const axes = n.varies ? s.rank : scalar_axes;
    switch (n.code) {
      case op::constant:
        return rounded(n.value, n.type);
      case op::scalar:
        return rounded(n.slot == static_cast<int>(run_scalar::loss_scale)
                           ? static_cast<double>(b_.loss_scale)
                           : static_cast<double>(b_.batch_size),
                       n.type);
      case op::iota:
        return rounded(static_cast<double>(place(n.where, p, axes)), n.type);
      case op::input: {
        unsigned char const* const at = element(s, n.slot, place(n.where, p, axes));
        return at == nullptr ? 0 : detail::read(at, type_of(s, n.slot));
      }
      case op::random_uniform:
        return static_cast<double>(uniform_at(b_.seed, b_.step,
                                              static_cast<std::uint32_t>(s.streams[n.slot]),
                                              static_cast<std::uint64_t>(linear(s, p))));
      default:
        break;
    }
    if (has_kernel(n.code) || is_reduction(n.code)) return heavy[index(i)];
    double x[3] = {};
    int const operands[] = {n.a, n.b, n.c};
    int last = 0;
    for (int k = 0; k < 3; ++k)
      if (operands[k] >= 0) {
        x[k] = part(s, operands[k], p, scalar_axes, heavy);
        last = k;
      }
    dtype const type = s.body[operands[last]].type;
    if (n.code == op::cast) {
      if (n.type == dtype::boolean) return static_cast<double>(x[0] != 0);
      return is_floating(n.type) ? rounded(x[0], n.type) : std::trunc(x[0]);
    }
    constexpr auto all = std::make_index_sequence<op_count>{};
    if (is_half(type)) return rounded(detail::apply<float>(n.code, x[0], x[1], x[2], all), n.type);
    if (type == dtype::float64) return detail::apply<double>(n.code, x[0], x[1], x[2], all);
    if (is_floating(type)) return detail::apply<float>(n.code, x[0], x[1], x[2], all);
    return detail::apply<std::int32_t>(n.code, x[0], x[1], x[2], all);
  }
  static double rounded(double x, dtype type) {
    return type == dtype::float32 ? static_cast<double>(static_cast<float>(x))
                                  : rounded_to_half(x, type);
  }
  static double summed(float sum, double sum64, dtype type) {
    bool const narrow = type == dtype::float32 || is_half(type);
    return narrow ? rounded(static_cast<double>(sum), type) : sum64;
  }

  void put(step const& s, store const& x, position const& p, double number) {
    if (unsigned char* const at = element(s, x.slot, place(x.where, p, s.rank)))
      detail::write(at, x.type, number);
  }
  /// Everything is read before anything is written, as a kernel does with a vector.
  void put_all(step const& s, position const& p, int scalar_axes,
               std::vector<double> const& heavy) {
    std::vector<double> numbers;
    for (store const& x : s.stores) numbers.push_back(value(s, x.value, p, scalar_axes, heavy));
    for (int k = 0; k < s.stores.size(); ++k) put(s, s.stores[k], p, numbers[index(k)]);
  }
  static bool along(step const& s, store const& x) {
    return s.rank > 0 && x.where.strides[s.rank - 1] != 0;
  }

  void run_loop(step const& s) {
    std::vector<double> const none;
    int const inner = s.rank > 0 ? s.rank - 1 : 0;
    each_position(s, 0, s.rank, {}, [&](position const& p) { put_all(s, p, inner, none); });
  }

  void run_rows(step const& s) {
    int const inner = s.rank - 1;
    each_position(s, 0, inner, {}, [&](position const& row) {
      std::vector<double> heavy(index(s.body.size()), std::numeric_limits<double>::quiet_NaN());
      for (int phase = 0; phase < s.phases; ++phase) {
        for (int i = 0; i < s.body.size(); ++i)
          if (is_reduction(s.body[i].code) && s.body[i].phase == phase + 1)
            heavy[index(i)] = reduced(s, i, row, inner, s.rank, heavy);
        each_position(s, inner, s.rank, row, [&](position const& p) {
          for (store const& x : s.stores)
            if (along(s, x) && s.body[x.value].phase == phase)
              put(s, x, p, value(s, x.value, p, inner, heavy));
        });
      }
      for (store const& x : s.stores)
        if (!along(s, x)) put(s, x, row, value(s, x.value, row, inner, heavy));
    });
  }

  void run_columns(step const& s) {
    position origin;
    each_position(s, 0, s.reduced_from, origin, [&](position const& outer) {
      each_position(s, s.reduced_to, s.rank, outer, [&](position const& p) {
        std::vector<double> heavy(index(s.body.size()));
        for (int i = 0; i < s.body.size(); ++i)
          if (is_reduction(s.body[i].code))
            heavy[index(i)] = reduced(s, i, p, s.reduced_from, s.reduced_to, heavy);
        for (store const& x : s.stores) put(s, x, p, heavy[index(x.value)]);
      });
    });
  }

  /// Reduction i over axes [from, to).
  double reduced(step const& s, int i, position const& start, int from, int to,
                 std::vector<double> const& heavy) {
    instruction const& n = s.body[i];
    int const inner = s.rank > 0 ? s.rank - 1 : 0;
    float sum = 0;
    double sum64 = 0;
    double best = 0;
    std::int64_t best_at = -1;
    bool const greater = n.code == op::reduce_max || n.code == op::argmax;
    each_position(s, from, to, start, [&](position const& p) {
      double const x = value(s, n.a, p, inner, heavy);
      std::int64_t const at = p.along[inner];
      sum += static_cast<float>(x);
      sum64 += x;
      bool const ties = x == best || (std::isnan(x) && std::isnan(best));
      bool const wins = (greater ? x > best : x < best) || (std::isnan(x) && !std::isnan(best));
      if (best_at < 0 || wins || (ties && at < best_at)) {
        best = x;
        best_at = at;
      }
    });
    if (n.code == op::reduce_sum) return summed(sum, sum64, n.type);
    return n.code == op::argmax || n.code == op::argmin ? static_cast<double>(best_at) : best;
  }

  void run_product(step const& s) {
    contraction const& c = s.product;
    int const columns = first_column(s);
    dtype const type = type_of(s, c.slot_a);
    each_position(s, 0, s.rank, {}, [&](position const& p) {
      std::int64_t row = 0;
      for (int i = c.loops; i < columns; ++i) row = row * length(s.axes[i]) + p.along[i];
      std::int64_t column = 0;
      for (int i = columns; i < s.rank; ++i) column = column * length(s.axes[i]) + p.along[i];
      if (row >= length(c.rows) || column >= length(c.columns))
        return fail("leaves the rows and columns of its product ", s.buffers[c.slot_a]);
      if (slides(c.code)) {
        double const result = slid(s, row * c.columns.extent + column);
        return put_all(s, p, columns, std::vector<double>(index(s.body.size()), result));
      }
      float sum = 0;
      double sum64 = 0;
      for (std::int64_t k = 0; k < length(c.inner); ++k) {
        auto const* const a =
            element(s, c.slot_a, place(c.a, p, c.loops) + row * c.a_row + k * c.a_inner);
        auto const* const b =
            element(s, c.slot_b, place(c.b, p, c.loops) + k * c.b_inner + column * c.b_column);
        if (a == nullptr || b == nullptr) return;
        double const x = detail::read(a, type);
        double const y = detail::read(b, type);
        sum += static_cast<float>(x) * static_cast<float>(y);
        sum64 += x * y;
      }
      double const result = summed(sum, sum64, type);
      put_all(s, p, columns, std::vector<double>(index(s.body.size()), result));
    });
  }

  /// Element e, counted over all samples, of what a step that slides a window computes.
  double slid(step const& s, std::int64_t e) {
    contraction const& c = s.product;
    sliding const form{c.code,    c.over, c.block, c.channels,
                       c.filters, 0,      c.inner.batch ? b_.batch_size : 1};
    auto const read_slot = [&](int slot) {
      bool const sampled =
          c_.memory.buffers[c_.memory.buffer_of[s.buffers[slot]]].per_sample;
      std::int64_t const count =
          sampled ? c_.memory.buffers[c_.memory.buffer_of[s.buffers[slot]]].elements : 0;
      return [this, &s, slot, count](std::int64_t sample, std::int64_t i) {
        auto const* const at = element(s, slot, sample * count + i);
        return at == nullptr ? 0 : detail::read(at, type_of(s, slot));
      };
    };
    std::int64_t const each = c.rows.extent * c.columns.extent;
    auto const a = read_slot(c.slot_a);
    auto const b = read_slot(c.slot_b);
    dtype const type = type_of(s, c.slot_a);
    return type == dtype::float64 ? form.element<double>(e / each, e % each, a, b)
                                  : rounded(form.element<float>(e / each, e % each, a, b), type);
  }

  compiled_graph const& c_;
  bindings const& b_;
  std::vector<bytes> inputs_, weights_, outputs_;
  bytes arena_;
  memory memory_;
  std::vector<unsigned char*> places_;
  std::vector<bool> known_;  // of the body at the position in hand
  std::vector<double> numbers_;
  int current_ = 0;
  diagnosis fault_;
};

}  // namespace typegrad::reference
