// SPDX-License-Identifier: MIT
// Compiler attributes that C11 and C++20 spell differently or not at all.
#pragma once

#define PV_NORETURN __attribute__((__noreturn__))
#define PV_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
