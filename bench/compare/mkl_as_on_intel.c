// SPDX-License-Identifier: BSL-1.0
// Preloaded into PyTorch's processes on processors that are not Intel's. PyTorch's wheels carry
// MKL, which asks these functions for the maker and takes AVX2 kernels elsewhere, even where
// AVX-512 is there: less than half the speed on Zen 5. With them it chooses by what the processor
// can do.
int mkl_serv_intel_cpu_true(void) { return 1; }
int mkl_serv_intel_cpu(void) { return 1; }
