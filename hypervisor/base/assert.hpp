// SPDX-License-Identifier: MIT
// PV_CHECK: our own broken belief ends the monitor with the place. Never used on anything a guest or an image chose.
#pragma once

#include <cstdio>
#include <cstdlib>

#define PV_CHECK(condition)                                                                           \
  do {                                                                                                \
    if (!(condition)) [[unlikely]] {                                                                  \
      std::fprintf(stderr, "pvisor: internal error: %s at %s:%d\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                                   \
    }                                                                                                 \
  } while (false)
