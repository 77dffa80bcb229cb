// SPDX-License-Identifier: MIT
// Written in runs: byte by byte, each would be an event.

#include "text.h"

#include <pv/console.h>
#include <pv/printf.h>

#include <stdbool.h>

void print_text(const char *bytes, size_t count, const char *unchanged)
{
    size_t done = 0; // of the bytes that are still to be written as they are
    for (size_t i = 0; i < count; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        bool is_plain = byte >= ' ' && byte < 0x7f;
        for (const char *other = unchanged; *other; other++)
            is_plain |= *other == bytes[i];
        if (is_plain)
            continue;
        pv_console_write(bytes + done, i - done);
        pv_printf("\\x%02x", byte);
        done = i + 1;
    }
    pv_console_write(bytes + done, count - done);
}
