// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

// In what order things happen on the device.

TYPEGRAD_ON_THRUST_BEGIN

#if TYPEGRAD_CUDA
namespace detail {
/// Does nothing, and is asked what it was compiled for.
template <int>
__global__ void compiled_as_the_others() {}
}  // namespace detail

/// For kernels that may have been begun early: what earlier kernels wrote is there from here on. A
/// small one lets the next ones begin, which then wait in turn; a large one needs all of the
/// device.
TYPEGRAD_DEVICE inline void wait_for_earlier_kernels() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  if (gridDim.x <= 128) asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
#endif

/// Something that has happened, once it has.
class event {
 public:
#if TYPEGRAD_CUDA
  event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "making an event"); }
  event(event&& other) noexcept : event_{std::exchange(other.event_, nullptr)} {}
  event& operator=(event&& other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }
  ~event() {
    if (event_ != nullptr) static_cast<void>(cudaEventDestroy(event_));
  }
  /// Waits until what was recorded last has happened.
  void wait() const { check(cudaEventSynchronize(event_), "waiting for the device"); }
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
#else
  void wait() const {}
#endif
};

/// Work that was recorded, to be done again and again at the cost of one launch.
class recording {
 public:
  recording() = default;
#if TYPEGRAD_CUDA
  explicit recording(cudaGraphExec_t graph) : graph_{graph} {}
  recording(recording&& other) noexcept : graph_{std::exchange(other.graph_, nullptr)} {}
  recording& operator=(recording&& other) noexcept {
    std::swap(graph_, other.graph_);
    return *this;
  }
  ~recording() {
    if (graph_ != nullptr) static_cast<void>(cudaGraphExecDestroy(graph_));
  }
  cudaGraphExec_t get() const { return graph_; }

 private:
  cudaGraphExec_t graph_ = nullptr;
#endif
};

/// What is given to a queue is done in order. Nothing here waits unless it says so.
class queue {
 public:
#if TYPEGRAD_CUDA
  queue() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "opening a stream"); }
  queue(queue const&) = delete;
  queue& operator=(queue const&) = delete;
  ~queue() { static_cast<void>(cudaStreamDestroy(stream_)); }

  cudaStream_t stream() const { return stream_; }
  auto policy() const { return ::thrust::cuda::par_nosync.on(stream_); }

  void copy(void* to, void const* from, std::int64_t bytes) {
    if (bytes > 0)
      check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDefault, stream_),
            "copying");
  }
  void clear(void* to, std::int64_t bytes) {
    if (bytes > 0)
      check(cudaMemsetAsync(to, 0, static_cast<std::size_t>(bytes), stream_), "clearing memory");
  }
  void record(event const& e) { check(cudaEventRecord(e.get(), stream_), "recording an event"); }
  /// What comes after waits for the event.
  void wait_for(event const& e) {
    check(cudaStreamWaitEvent(stream_, e.get(), 0), "waiting for an event");
  }
  /// Waits until everything is done.
  void finish() { check(cudaStreamSynchronize(stream_), "running on the device"); }

  /// Records what `launch` gives to this queue instead of doing it.
  template <class Launch>
  recording capture(Launch const& launch) {
    cudaGraph_t graph = nullptr;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "recording a step");
    try {
      launch();
    } catch (...) {
      static_cast<void>(cudaStreamEndCapture(stream_, &graph));
      if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "recording a step");
    cudaGraphExec_t ready = nullptr;
    cudaError_t const made = cudaGraphInstantiate(&ready, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    check(made, "preparing a recorded step");
    return recording(ready);
  }
  void replay(recording const& r) {
    check(cudaGraphLaunch(r.get(), stream_), "launching a recorded step");
  }

  /// Whether launches are being recorded.
  bool is_recording() const {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    check(cudaStreamIsCapturing(stream_, &status), "recording a step");
    return status == cudaStreamCaptureStatusActive;
  }
  /// What the next launch of a recording will wait for.
  std::vector<cudaGraphNode_t> last_recorded() const {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    cudaGraphNode_t const* nodes = nullptr;
    std::size_t count = 0;
#if CUDART_VERSION >= 13000
    check(cudaStreamGetCaptureInfo(stream_, &status, nullptr, nullptr, &nodes, nullptr, &count),
          "recording a step");
#else
    check(cudaStreamGetCaptureInfo_v2(stream_, &status, nullptr, nullptr, &nodes, &count),
          "recording a step");
#endif
    return {nodes, nodes + count};
  }
  /// Has the next launch of a recording wait for these kernels and nothing else. `early`: it is
  /// begun as soon as all blocks of theirs have been, and waits for them by itself
  /// (`wait_for_earlier_kernels`).
  void wait_for_recorded(std::vector<cudaGraphNode_t> nodes, [[maybe_unused]] bool early) {
#if CUDART_VERSION >= 13000
    cudaGraphEdgeData edge{};
    if (early && kernels_can_wait()) {
      edge.from_port = cudaGraphKernelNodePortProgrammatic;
      edge.type = cudaGraphDependencyTypeProgrammatic;
    }
    std::vector<cudaGraphEdgeData> const edges(nodes.size(), edge);
    check(cudaStreamUpdateCaptureDependencies(stream_, nodes.data(), edges.data(), nodes.size(),
                                              cudaStreamSetCaptureDependencies),
          "recording a step");
#else
    check(cudaStreamUpdateCaptureDependencies(stream_, nodes.data(), nodes.size(),
                                              cudaStreamSetCaptureDependencies),
          "recording a step");
#endif
  }

  /// Whether kernels were compiled for devices that let one begin before another ends, and this is
  /// such a device.
  static bool kernels_can_wait() {
    static bool const can = [] {
      int device = 0, major = 0;
      cudaFuncAttributes compiled{};
      return cudaGetDevice(&device) == cudaSuccess &&
             cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) ==
                 cudaSuccess &&
             major >= 9 &&
             cudaFuncGetAttributes(&compiled, detail::compiled_as_the_others<0>) == cudaSuccess &&
             compiled.ptxVersion >= 90;
    }();
    return can;
  }

  /// What a library keeps for this queue (library.hpp).
  void* library() const { return library_.get(); }
  void set_library(std::shared_ptr<void> l) { library_ = std::move(l); }

 private:
  cudaStream_t stream_ = nullptr;
  std::shared_ptr<void> library_;
#else
  queue() = default;
  queue(queue const&) = delete;
  queue& operator=(queue const&) = delete;

  auto policy() const { return ::thrust::device; }
  void copy(void* to, void const* from, std::int64_t bytes) {
    if (bytes > 0) std::memcpy(to, from, static_cast<std::size_t>(bytes));
  }
  void clear(void* to, std::int64_t bytes) {
    if (bytes > 0) std::memset(to, 0, static_cast<std::size_t>(bytes));
  }
  void record(event const&) {}
  void wait_for(event const&) {}
  void finish() {}
#endif
};

TYPEGRAD_ON_THRUST_END
