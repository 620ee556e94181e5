# SPDX-License-Identifier: BSL-1.0
# The targets of programs that run models on Thrust, for typegrad's own build and for those who
# install it: typegrad::thrust and typegrad::cuda, each only where what it needs is there.

macro(typegrad_find_nvcc)
  find_program(TYPEGRAD_NVCC nvcc HINTS ${CUDAToolkit_ROOT} ENV CUDAToolkit_ROOT ENV CUDA_PATH
               PATHS /usr/local/cuda PATH_SUFFIXES bin)
  mark_as_advanced(TYPEGRAD_NVCC)
endmacro()

# typegrad_enable_cuda(): the language CUDA, if nvcc is found and works. A macro: languages are
# enabled where files are, not in functions.
macro(typegrad_enable_cuda)
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    typegrad_find_nvcc()
    if(TYPEGRAD_NVCC)
      set(ENV{CUDACXX} ${TYPEGRAD_NVCC})
    endif()
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
      set(CMAKE_CUDA_ARCHITECTURES 80 90)
      set(TYPEGRAD_CUDA_TEST_ARCHITECTURES 90)  # the tests take long to build
    endif()
    enable_language(CUDA)
  endif()
endmacro()

# typegrad_add_thrust([PREFIX...]): typegrad::thrust, for any C++ compiler and a host system of
# Thrust, if Thrust's headers are found: those of a CUDA toolkit, the system's, or the ones in a
# PREFIX. Which system it is, a target says by its property TYPEGRAD_THRUST_HOST_SYSTEM (CPP, OMP or
# TBB); without one, the variable of that name does.
function(typegrad_add_thrust)
  if(TARGET typegrad::thrust)
    return()
  endif()
  typegrad_find_nvcc()
  set(toolkit "")
  if(TYPEGRAD_NVCC)
    file(REAL_PATH ${TYPEGRAD_NVCC} nvcc)
    cmake_path(GET nvcc PARENT_PATH toolkit)
    cmake_path(GET toolkit PARENT_PATH toolkit)
  endif()
  find_path(TYPEGRAD_THRUST_INCLUDE_DIR thrust/for_each.h HINTS ${toolkit} /usr/local/cuda
            PATHS ${ARGN} PATH_SUFFIXES include/cccl include)
  if(NOT TYPEGRAD_THRUST_INCLUDE_DIR)
    return()
  endif()
  set(default CPP)
  if(TARGET OpenMP::OpenMP_CXX)
    set(default OMP)
  endif()
  set(TYPEGRAD_THRUST_HOST_SYSTEM ${default} CACHE STRING
      "The host system of Thrust that typegrad::thrust is for: CPP, OMP or TBB")
  set_property(CACHE TYPEGRAD_THRUST_HOST_SYSTEM PROPERTY STRINGS CPP OMP TBB)
  add_library(typegrad::thrust INTERFACE IMPORTED GLOBAL)
  target_link_libraries(typegrad::thrust INTERFACE typegrad::typegrad)
  target_include_directories(typegrad::thrust SYSTEM INTERFACE ${TYPEGRAD_THRUST_INCLUDE_DIR})
  set(own "$<TARGET_PROPERTY:TYPEGRAD_THRUST_HOST_SYSTEM>")
  set(system "$<IF:$<BOOL:${own}>,${own},${TYPEGRAD_THRUST_HOST_SYSTEM}>")
  target_compile_definitions(typegrad::thrust INTERFACE
                             THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_${system})
endfunction()

# typegrad_add_cuda(): typegrad::cuda, for sources of the language CUDA, if that is enabled.
function(typegrad_add_cuda)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(TARGET typegrad::cuda OR NOT "CUDA" IN_LIST languages)
    return()
  endif()
  find_package(CUDAToolkit QUIET)
  if(NOT TARGET CUDA::cublasLt)
    return()
  endif()
  add_library(typegrad::cuda INTERFACE IMPORTED GLOBAL)
  target_link_libraries(typegrad::cuda INTERFACE typegrad::typegrad CUDA::cublasLt)
  set(nvcc "$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>")
  if("cuda_std_20" IN_LIST CMAKE_CUDA_COMPILE_FEATURES)
    target_compile_features(typegrad::cuda INTERFACE cuda_std_20)
  else()  # CMake 3.25 does not know that nvcc 12 has it
    target_compile_options(typegrad::cuda INTERFACE $<${nvcc}:-std=c++20>)
  endif()
  # The limits on constant expressions are those of CMakeLists.txt, for nvcc and for its host
  # compiler.
  set(host -fconstexpr-ops-limit=2147483647,-fconstexpr-loop-limit=16777216)
  if(CMAKE_CUDA_HOST_COMPILER MATCHES "clang")
    set(host -fconstexpr-steps=2147483647)
  endif()
  if(TARGET OpenMP::OpenMP_CXX)
    string(APPEND host ",-fopenmp")
  endif()
  target_compile_options(typegrad::cuda INTERFACE
    "$<${nvcc}:--expt-relaxed-constexpr;--extended-lambda;-Xcompiler=${host}>"
    "$<${nvcc}:SHELL:-Xcudafe --max_cost_constexpr_call=2000000000>")
endfunction()
