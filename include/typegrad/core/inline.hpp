// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A function that must become part of its caller: what it is given is known there while compiling.
#define TYPEGRAD_INLINE __attribute__((always_inline)) inline
