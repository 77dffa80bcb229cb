// SPDX-License-Identifier: MIT
// Internal: numbers that nobody outside can foretell. lwIP asks for them by the macros in port/.
#pragma once

#include <stdint.h>

// Asks pv_ip_secret; before all else.
void pv_ip_random_prepare(void);
