// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/inference/thrust/device_model.hpp>
#include <typegrad/training/compile.hpp>
#include <typegrad/training/policy_recipe.hpp>
#include <typegrad/training/thrust/device_update.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <vector>

// A model in training on the device. A step is: the batch and its header are put into pinned memory
// and sent on their way; the program, the optimizer's pass and the adding up are replayed from a
// recording. Nothing waits for the device but the host that would overwrite a batch still under
// way.

TYPEGRAD_ON_THRUST_BEGIN

class device_trainer final : public device_model, public training_detail::remote_trainer {
 public:
  explicit device_trainer(bool scales_loss) : scales_loss_{scales_loss} {}

  void begin() override { restart_ = true; }

  void train(training_detail::engine const& e, training_detail::batch_view const& b,
             bool check_finite) override {
    training_step const s = step_for(e, b, check_finite);
    int const variant = static_cast<int>(s.update.clip) * 2 + s.update.decays;
    replay({s.program, b.size, staging_.current(), variant}, [&] { give(e, s, {}); });
    staging_.used(*s.batch.piece, queue_);
  }
  void train_stepwise(training_detail::engine const& e, training_detail::batch_view const& b,
                      on_cpu::after_step after, void* context) override {
    training_step const s = step_for(e, b, false);
    written_values written{queue_, s.program->view(), b.size, after, context};
    give_program(e, s, chaining::never, {&written_values::bring, &written});
    staging_.used(*s.batch.piece, queue_);
    queue_.finish();
  }
  inference_detail::step_times profile_training(training_detail::engine const& e,
                                                training_detail::batch_view const& b,
                                                double seconds) override {
    kept_training const kept(*this, e);
    training_step const s = step_for(e, b, false);
    return measure_step(queue_, *s.program, seconds, [&](step_watch const& watch) {
      give(e, s, watch);
      watch(s.program->view().regions[0].step_count, 0, nullptr);
    });
  }
  void evaluate(training_detail::engine const& e, training_detail::batch_view const& b) override {
    auto const& entry = *static_cast<program_entry const*>(e.setup.evaluate.elsewhere);
    prepare(e);
    bound_batch const batch = stage(e, b, false, nullptr);
    float* const weights = weights_on_device(e.core, false);
    std::byte* const arena = arena_for(entry, b.size);
    replay({&entry, b.size, staging_.current(), 0}, [&] {
      std::vector<void*> outputs = result_pointers(e);
      entry.run(queue_, {b.size, e.core.sources.data(), weights, outputs.data(), arena, counters(),
                         &batch.header->state});
      close(e, batch, false);
    });
    staging_.used(*batch.piece, queue_);
  }

  outcome settle(training_detail::engine const& e, training_detail::running_means& means) override {
    if (control_.bytes() == 0 || restart_) {
      queue_.finish();
      double const none[max_results] = {};
      means.assign(none, 0);
      return {};
    }
    auto& now = *settled_.as<training_control>();
    queue_.copy(&now, control_.as<>(), sizeof(now));
    queue_.finish();
    means.assign(now.sums, now.samples);
    for (std::size_t i = 0; i < e.setup.names.size(); ++i)
      e.state.results[static_cast<std::int64_t>(i)] = now.results[i][0];
    outcome const out{now.failed_step, now.failed_loss};
    if (now.failed_step != 0) {
      now.failed_step = 0;
      queue_.copy(control_.as<>(), &now, sizeof(now));
      queue_.finish();
    }
    return out;
  }

  void bring_slot(training_detail::training_state const& s, int slot, bool changing) override {
    slots_[index(slot)].bring(const_cast<float*>(s.slots[slot].data()), s.slots[slot].size(),
                              changing, queue_);
  }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  training_control* control() const { return control_.as<training_control>(); }

  /// A batch as the recordings know it: on the device.
  struct bound_batch {
    staging::piece* piece = nullptr;
    step_header* header = nullptr;
    std::int64_t size = 0;
  };

  /// A step of training, ready to be given to the queue.
  struct training_step {
    program_entry const* program;
    optimizer_entry const* optimizer;
    bound_batch batch;
    std::byte* arena;
    device_update update;
  };
  training_step step_for(training_detail::engine const& e, training_detail::batch_view const& b,
                         bool check_finite) {
    training_step s;
    s.program = static_cast<program_entry const*>(e.setup.train.elsewhere);
    s.optimizer = static_cast<optimizer_entry const*>(e.setup.optimizer.elsewhere);
    prepare(e);
    s.batch = stage(e, b, check_finite, s.optimizer);
    device_update& t = s.update;
    t.weights = weights_on_device(e.core, true);
    t.gradients = gradients_.as<float>();
    for (int i = 0; i < e.setup.optimizer.slots; ++i)
      if (e.setup.optimizer.uses[i])
        t.slots[index(i)] =
            slots_[index(i)].on_device(e.state.slots[i].data(), e.state.slots[i].size(), true,
                                       queue_, "the optimizer's slots");
    t.control = control();
    t.header = s.batch.header;
    t.variables = &e.state.variables;
    t.merged = &e.state.merged;
    t.chunks = chunks_.as<segment>();
    t.chunk_count = chunk_count_;
    t.first_chunks = first_chunks_.as<std::int64_t>();
    t.partial_sums = partial_sums_.as<double>();
    t.scales = scales_.as<float>();
    t.clip = s.optimizer->clip_of(e.optimizer);
    t.scaled_loss = scales_loss_;
    t.decays = decays(s.batch);
    t.results = static_cast<int>(e.setup.names.size());
    s.arena = arena_for(*s.program, b.size);
    return s;
  }
  void give_program(training_detail::engine const& e, training_step const& s, chaining chains,
                    step_watch const& watch) {
    if (scales_loss_) launch_units<scale_kernel>(queue_, 1, {s.batch.header, control()});
    std::vector<void*> outputs = result_pointers(e);
    for (segment const& v : e.state.variables) outputs.push_back(s.update.gradients + v.begin);
    for (segment const& v : e.state.states) outputs.push_back(s.update.gradients + v.begin);
    s.program->run(queue_, {s.batch.size, e.core.sources.data(), s.update.weights, outputs.data(),
                            s.arena, counters(), &s.batch.header->state, chains, watch});
  }
  void give(training_detail::engine const& e, training_step const& s, step_watch const& watch) {
    give_program(e, s, chaining::where_faster, watch);
    update(e, *s.optimizer, s.update);
    if (!s.update.closes_account()) close(e, s.batch, true);
  }

  /// Training as it is now, which it will be again: weights and slots are on the host, and what
  /// becomes of them on the device is not wanted.
  class kept_training {
   public:
    kept_training(device_trainer& t, training_detail::engine const& e) : t_{t} {
      t.prepare(e);
      t.bring_weights(e.core, false);
      for (int i = 0; i < e.setup.optimizer.slots; ++i)
        if (e.setup.optimizer.uses[i]) t.bring_slot(e.state, i, false);
      t.queue_.copy(&control_, t.control_.as<>(), sizeof(control_));
      t.queue_.finish();
    }
    kept_training(kept_training const&) = delete;
    kept_training& operator=(kept_training const&) = delete;
    ~kept_training() {
      t_.weights_.forget_device();
      for (mirror& slot : t_.slots_) slot.forget_device();
      try {
        t_.queue_.copy(t_.control_.as<>(), &control_, sizeof(control_));
        t_.queue_.finish();
      } catch (std::exception const&) {  // a device that failed, which was told of before
      }
    }

   private:
    device_trainer& t_;
    training_control control_;
  };

  /// Brings to the host what numbers a step has written, and tells of it.
  struct written_values {
    queue& q;
    program_view program;
    std::int64_t batch_size;
    on_cpu::after_step after;
    void* context;

    static void bring(void* self, int first, int count, void* const* slots) {
      auto& w = *static_cast<written_values*>(self);
      for (int step = first; step >= 0 && step < first + count; ++step) w.one(step, slots);
    }

   private:
    void one(int number, void* const* slots) {
      step_info const& s = program.steps[program_view::at(number)];
      std::vector<aligned_buffer<std::byte>> values;
      std::vector<void*> here(program_view::at(s.first_buffer + s.buffer_count));
      for (store const& x : program.stores_of(s)) {
        buffer const& b = program.buffers[program_view::at(program.buffer_at(s, x.slot))];
        if (!is_floating(b.type)) continue;
        std::int64_t const bytes = b.elements * bytes_of(b.type) * (b.per_sample ? batch_size : 1);
        auto const at = program_view::at(s.first_buffer + x.slot);
        here[at] = values.emplace_back(bytes).data();
        q.copy(here[at], slots[at], bytes);
      }
      q.finish();
      after(context, number, here.data());
    }
  };

  /// Memory, once; and a new beginning, if one was asked for.
  void prepare(training_detail::engine const& e) {
    auto const& s = e.state;
    if (control_.bytes() == 0) {
      gradients_ = device_memory(s.gradients.size() * 4, "the gradients");
      settled_ = pinned_memory(sizeof(training_control), "training");
      *settled_.as<training_control>() = training_control{};
      if (scales_loss_) settled_.as<training_control>()->loss_scale = 32768;  // as Keras begins
      control_ = device_memory(sizeof(training_control), "training");
      queue_.copy(control_.as<>(), settled_.as<>(), sizeof(training_control));
      cut_into_chunks(s.variables);
      std::vector<std::int64_t> elements;
      for (segment const& state : s.states)
        for (std::int64_t i = state.begin; i < state.end; ++i) elements.push_back(i);
      state_count_ = static_cast<std::int64_t>(elements.size());
      states_ = uploaded(elements);
      queue_.finish();
      restart_ = false;
    }
    if (restart_) {
      auto* const c = control();
      queue_.clear(&c->samples, sizeof(c->samples) + sizeof(c->sums));
      restart_ = false;
    }
  }
  template <class T>
  device_memory uploaded(std::vector<T> const& values) {
    auto const bytes = static_cast<std::int64_t>(values.size() * sizeof(T));
    device_memory m(bytes, "training");
    queue_.copy(m.as<>(), values.data(), bytes);
    queue_.finish();
    return m;
  }
  void cut_into_chunks(std::vector<segment> const& variables) {
    std::vector<segment> chunks;
    std::vector<std::int64_t> first;
    for (segment const& v : variables) {
      first.push_back(static_cast<std::int64_t>(chunks.size()));
      for (std::int64_t at = v.begin; at < v.end; at += training_detail::norm_chunk)
        chunks.push_back({at, std::min(at + training_detail::norm_chunk, v.end)});
    }
    first.push_back(static_cast<std::int64_t>(chunks.size()));
    chunk_count_ = static_cast<std::int64_t>(chunks.size());
    chunks_ = uploaded(chunks);
    first_chunks_ = uploaded(first);
    partial_sums_ = device_memory(chunk_count_ * 8, "training");
    scales_ = device_memory(static_cast<std::int64_t>(variables.size() + 1) * 4, "training");
  }

  /// Puts a batch and its header into pinned memory and sends them to the device. Where the batch
  /// will be there is in `e.core.sources`.
  bound_batch stage(training_detail::engine const& e, training_detail::batch_view const& b,
                    bool check_finite, optimizer_entry const* optimizer) {
    auto const bytes = [&](training_detail::read_value const& v) {
      return v.count * (v.shared ? 1 : b.size) * 4;
    };
    std::int64_t all = header_bytes;
    for (auto const& v : e.setup.reads) all += detail::aligned_to_256(bytes(v));
    staging::piece& p = staging_.next(all);
    step_header h;
    h.state.seed = e.state.seed;
    h.state.step = static_cast<std::uint64_t>(e.state.step);
    h.number = e.state.step + 1;
    h.samples = b.size;
    h.check_finite = check_finite;
    if (optimizer != nullptr) optimizer->prepare(e.optimizer, h);
    std::memcpy(p.here.as<>(), &h, sizeof(h));
    e.core.sources.clear();
    std::int64_t at = header_bytes;
    for (std::size_t i = 0; i < e.setup.reads.size(); ++i) {
      std::int64_t const size = bytes(e.setup.reads[i]);
      std::memcpy(p.here.as<>() + at, b.inputs[i], static_cast<std::size_t>(size));
      e.core.sources.push_back(p.there.as<>() + at);
      at += detail::aligned_to_256(size);
    }
    staging_.send(p, all, queue_);
    return {&p, p.there.as<step_header>(), b.size};
  }
  static constexpr std::int64_t header_bytes = 256;
  static_assert(sizeof(step_header) <= header_bytes);

  static bool decays(bound_batch const& batch) {
    return batch.piece->here.as<step_header>()->decay != 0;
  }

  std::vector<void*> result_pointers(training_detail::engine const& e) const {
    std::vector<void*> out;
    for (std::size_t i = 0; i < e.setup.names.size(); ++i) out.push_back(control()->results[i]);
    return out;
  }

  void update(training_detail::engine const& e, optimizer_entry const& optimizer,
              device_update const& t) {
    std::int64_t const elements = e.state.gradients.size();
    if (scales_loss_) launch_units<overflow_kernel>(queue_, elements / 4, {t.gradients, t.control});
    bool const all = t.clip == clipping::by_global_norm;
    if (all || t.clip == clipping::by_norm) {
      launch_tiles<norm_kernel>(queue_, t.chunk_count, {t.gradients, t.chunks, t.partial_sums});
      launch_units<clip_kernel>(
          queue_, all ? 1 : static_cast<std::int64_t>(t.variables->size()),
          {t.partial_sums, t.first_chunks, t.chunk_count, t.scales, t.header, t.control, all});
    }
    launch_units<state_kernel>(
        queue_, state_count_,
        {t.weights, t.gradients, states_.as<std::int64_t>(), t.control, t.header});
    optimizer.update(e.optimizer, queue_, t);
  }
  void close(training_detail::engine const& e, bound_batch const& batch, bool training) {
    launch_units<closing_kernel>(
        queue_, 1,
        {control(), batch.header, static_cast<int>(e.setup.names.size()), training, scales_loss_});
  }

  bool scales_loss_;
  bool restart_ = true;
  mirror slots_[training_detail::max_slots];
  device_memory gradients_, control_, states_, chunks_, first_chunks_, partial_sums_, scales_;
  pinned_memory settled_;
  std::int64_t state_count_ = 0, chunk_count_ = 0;
};

TYPEGRAD_ON_THRUST_END

namespace typegrad::training_detail {

template <auto Policy>
struct training_runner<on<thrust, Policy>> : inference_detail::runner<on<thrust, Policy>> {
  using policy = std::remove_cvref_t<decltype(Policy)>;
  template <bool Training, class Model, class Loss, class... Metrics>
  using loss_recipe = policy_loss_recipe<Training, policy, Model, Loss, Metrics...>;
  template <class Optimizer>
  static constexpr void const* optimizer_elsewhere() {
    return &on_thrust::optimizer_entry_of<Optimizer>;
  }
  static remote_and_trainer make_remote() {
    auto both = std::make_unique<on_thrust::device_trainer>(policy::scales_loss);
    auto* const trainer = both.get();
    return {std::unique_ptr<inference_detail::remote>(std::move(both)), trainer};
  }
};

}  // namespace typegrad::training_detail
