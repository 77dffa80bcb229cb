// SPDX-License-Identifier: MIT
// Internal: what the console wants done before a domain ends, set once it is in use.
#pragma once

extern void (*pv_before_exit)(void);
