// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/evaluators/thrust/system.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

#if TYPEGRAD_CUDA
#include <cublasLt.h>
#include <cuda_runtime.h>
#endif

// What went wrong on the device, in sentences.

TYPEGRAD_ON_THRUST_BEGIN

#if TYPEGRAD_CUDA

/// std::runtime_error unless `result` is success. `what` says what was attempted.
inline void check(cudaError_t result, std::string_view what) {
  if (result == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // it has been told
  std::string say = "cuda: ";
  say += what;
  switch (result) {
    case cudaErrorNoDevice:
      say +=
          ": this machine has no CUDA device, or none is visible (CUDA_VISIBLE_DEVICES); "
          "compile the model with on<cpu> to run without one";
      break;
    case cudaErrorInsufficientDriver: {
      int driver = 0, runtime = 0;
      static_cast<void>(cudaDriverGetVersion(&driver));
      static_cast<void>(cudaRuntimeGetVersion(&runtime));
      if (driver == 0)
        say +=
            ": there is no CUDA driver on this machine; compile the model with on<cpu> to run "
            "without one";
      else
        say += ": the driver is for CUDA " + std::to_string(driver / 1000) + '.' +
               std::to_string(driver % 1000 / 10) + ", this program for CUDA " +
               std::to_string(runtime / 1000) + '.' + std::to_string(runtime % 1000 / 10) +
               "; update the driver or build with an older toolkit";
      break;
    }
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidDeviceFunction: {
      int device = 0;
      cudaDeviceProp properties{};
      if (cudaGetDevice(&device) == cudaSuccess &&
          cudaGetDeviceProperties(&properties, device) == cudaSuccess) {
        std::string const sm = std::to_string(properties.major) + std::to_string(properties.minor);
        say += ": this program was not built for ";
        say += properties.name;
        say += "; add -gencode=arch=compute_" + sm + ",code=sm_" + sm +
               " (CMake: CMAKE_CUDA_ARCHITECTURES=" + sm + ")";
      } else {
        say += ": this program was not built for this device";
      }
      break;
    }
    default:
      say += ": ";
      say += cudaGetErrorString(result);
  }
  throw std::runtime_error(say);
}

inline void check(cublasStatus_t result, std::string_view what) {
  if (result == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error("cublasLt: " + std::string(what) + ": " +
                           cublasLtGetStatusString(result));
}

#endif

/// std::bad_alloc has no room for a sentence; this does.
[[noreturn]] inline void refuse_memory(std::string_view what, long long needed, long long free,
                                       long long all) {
  throw std::runtime_error("cuda: " + std::string(what) + " needs " + std::to_string(needed) +
                           " bytes, but of the device's " + std::to_string(all) + " bytes only " +
                           std::to_string(free) +
                           " are free; use a smaller batch, or close what else uses the device");
}

TYPEGRAD_ON_THRUST_END
