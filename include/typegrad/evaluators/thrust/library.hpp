// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <typegrad/core/half.hpp>
#include <typegrad/evaluators/thrust/memory.hpp>
#include <typegrad/evaluators/thrust/queue.hpp>

#include <cstdint>
#include <memory>
#include <type_traits>

// Large products of dense matrices are cuBLASLt's.

TYPEGRAD_ON_THRUST_BEGIN

#if TYPEGRAD_CUDA

/// C = A B, with C dense and row-major; element (row, inner) of A lies at row * a_row +
/// inner * a_inner, and so on. One of an operand's two strides is 1. Where there are several
/// products, they lie `a_loop`, `b_loop` elements apart, and those of C one after the other.
struct library_product {
  std::int64_t rows = 0, columns = 0, inner = 0, loops = 1;
  void const* a = nullptr;
  std::int64_t a_row = 0, a_inner = 0, a_loop = 0;
  void const* b = nullptr;
  std::int64_t b_inner = 0, b_column = 0, b_loop = 0;
  void* c = nullptr;
  cudaDataType_t operand_type = CUDA_R_32F, result_type = CUDA_R_32F;
  bool tensor_float32 = false;
  void const* bias = nullptr;  ///< of the result's type, one a column
  bool relu = false;
};

template <class T>
constexpr cudaDataType_t library_type() {
  if constexpr (std::is_same_v<T, float>) return CUDA_R_32F;
  if constexpr (std::is_same_v<T, double>) return CUDA_R_64F;
  if constexpr (std::is_same_v<T, float16>) return CUDA_R_16F;
  return CUDA_R_16BF;
}

/// cuBLASLt and the memory that it works in; one product at a time.
class matrix_library {
 public:
  matrix_library() : workspace_(workspace_bytes, "cuBLASLt's workspace") {
    check(cublasLtCreate(&handle_), "opening the library");
  }
  matrix_library(matrix_library const&) = delete;
  matrix_library& operator=(matrix_library const&) = delete;
  ~matrix_library() { static_cast<void>(cublasLtDestroy(handle_)); }

  void multiply(queue const& q, library_product const& p) {
    bool const is_double = p.operand_type == CUDA_R_64F;
    description d(is_double          ? CUBLAS_COMPUTE_64F
                  : p.tensor_float32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                     : CUBLAS_COMPUTE_32F,
                  is_double ? CUDA_R_64F : CUDA_R_32F);
    // cuBLAS counts columns first: it computes the transpose of C = A B, which is B' A'
    bool const b_as_is = p.b_column == 1, a_as_is = p.a_inner == 1;
    d.set(CUBLASLT_MATMUL_DESC_TRANSA, b_as_is ? CUBLAS_OP_N : CUBLAS_OP_T);
    d.set(CUBLASLT_MATMUL_DESC_TRANSB, a_as_is ? CUBLAS_OP_N : CUBLAS_OP_T);
    if (p.bias != nullptr || p.relu) {
      d.set(CUBLASLT_MATMUL_DESC_EPILOGUE, p.bias == nullptr ? CUBLASLT_EPILOGUE_RELU
                                           : p.relu          ? CUBLASLT_EPILOGUE_RELU_BIAS
                                                             : CUBLASLT_EPILOGUE_BIAS);
      if (p.bias != nullptr) d.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    }
    layout const b =
        b_as_is ? layout(p.operand_type, p.columns, p.inner, p.b_inner, p.loops, p.b_loop)
                : layout(p.operand_type, p.inner, p.columns, p.b_column, p.loops, p.b_loop);
    layout const a = a_as_is
                         ? layout(p.operand_type, p.inner, p.rows, p.a_row, p.loops, p.a_loop)
                         : layout(p.operand_type, p.rows, p.inner, p.a_inner, p.loops, p.a_loop);
    layout const c(p.result_type, p.columns, p.rows, p.columns, p.loops, p.rows * p.columns);

    preference const most(workspace_bytes);
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    check(cublasLtMatmulAlgoGetHeuristic(handle_, d.get(), b.get(), a.get(), c.get(), c.get(),
                                         most.get(), 1, &best, &found),
          "choosing an algorithm");
    if (found == 0) check(CUBLAS_STATUS_NOT_SUPPORTED, "choosing an algorithm");
    double const one_64 = 1, zero_64 = 0;
    float const one = 1, zero = 0;
    void const* const alpha = is_double ? static_cast<void const*>(&one_64) : &one;
    void const* const beta = is_double ? static_cast<void const*>(&zero_64) : &zero;
    check(
        cublasLtMatmul(handle_, d.get(), alpha, p.b, b.get(), p.a, a.get(), beta, p.c, c.get(), p.c,
                       c.get(), &best.algo, workspace_.as<void>(), workspace_bytes, q.stream()),
        "multiplying matrices");
  }

 private:
  static constexpr std::int64_t workspace_bytes = std::int64_t{32} << 20;

  class description {
   public:
    description(cublasComputeType_t compute, cudaDataType_t scale) {
      check(cublasLtMatmulDescCreate(&d_, compute, scale), "describing a product");
    }
    ~description() { static_cast<void>(cublasLtMatmulDescDestroy(d_)); }
    template <class T>
    void set(cublasLtMatmulDescAttributes_t what, T const& value) {
      check(cublasLtMatmulDescSetAttribute(d_, what, &value, sizeof(value)),
            "describing a product");
    }
    cublasLtMatmulDesc_t get() const { return d_; }

   private:
    cublasLtMatmulDesc_t d_ = nullptr;
  };
  class layout {
   public:
    layout(cudaDataType_t type, std::int64_t rows, std::int64_t columns, std::int64_t stride,
           std::int64_t loops, std::int64_t loop_stride) {
      check(cublasLtMatrixLayoutCreate(&l_, type, static_cast<std::uint64_t>(rows),
                                       static_cast<std::uint64_t>(columns), stride),
            "describing a matrix");
      if (loops == 1) return;
      auto const count = static_cast<std::int32_t>(loops);
      check(cublasLtMatrixLayoutSetAttribute(l_, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count,
                                             sizeof(count)),
            "describing a matrix");
      check(cublasLtMatrixLayoutSetAttribute(l_, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                             &loop_stride, sizeof(loop_stride)),
            "describing a matrix");
    }
    layout(layout const&) = delete;
    layout& operator=(layout const&) = delete;
    ~layout() { static_cast<void>(cublasLtMatrixLayoutDestroy(l_)); }
    cublasLtMatrixLayout_t get() const { return l_; }

   private:
    cublasLtMatrixLayout_t l_ = nullptr;
  };
  class preference {
   public:
    explicit preference(std::int64_t most_workspace) {
      check(cublasLtMatmulPreferenceCreate(&p_), "choosing an algorithm");
      auto const bytes = static_cast<std::uint64_t>(most_workspace);
      check(cublasLtMatmulPreferenceSetAttribute(p_, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                 &bytes, sizeof(bytes)),
            "choosing an algorithm");
    }
    ~preference() { static_cast<void>(cublasLtMatmulPreferenceDestroy(p_)); }
    cublasLtMatmulPreference_t get() const { return p_; }

   private:
    cublasLtMatmulPreference_t p_ = nullptr;
  };

  cublasLtHandle_t handle_ = nullptr;
  device_memory workspace_;
};

/// A queue's library, opened when it is first needed.
inline matrix_library& library_of(queue& q) {
  if (!q.library()) q.set_library(std::make_shared<matrix_library>());
  return *static_cast<matrix_library*>(q.library());
}

#endif

TYPEGRAD_ON_THRUST_END
