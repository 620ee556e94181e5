// SPDX-License-Identifier: BSL-1.0
#include "consumer_thrust.cpp"
