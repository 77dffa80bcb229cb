// SPDX-License-Identifier: MIT
// A member of its own, so that neither the console nor the ways out pull in the other.

#include "exit.h"

void (*pv_before_exit)(void);
