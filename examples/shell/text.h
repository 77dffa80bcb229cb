// SPDX-License-Identifier: MIT
// Showing text that somebody else wrote.
#pragma once

#include <stddef.h>

// Writes printable ASCII, and the bytes in `unchanged`, as they are; any other byte, on which a terminal might act, as \xNN.
void print_text(const char *bytes, size_t count, const char *unchanged);
