// SPDX-License-Identifier: MIT
// console: a mebibyte written in odd pieces comes out whole and in order.
//
// The ring holds 2 KiB, so it is full nearly always: every wrap, every wait for room and every event is used. check.py compares
// the output byte by byte; console_io text comes after what the ring has given.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/console_io.h>

#define LINES 116509 // of 9 bytes: a little more than 1 MiB
#define LINE 9

static char piece[5000];

// Byte `at` of the whole output: lines of 8 hexadecimal digits.
static char byte_at(unsigned long at)
{
    const unsigned long line = at / LINE, column = at % LINE;
    return column == 8 ? '\n' : "0123456789abcdef"[line >> (28 - 4 * column) & 15];
}

int pv_main(const char *command_line)
{
    (void)command_line;
    static const unsigned sizes[] = {1, 7, 2047, 2048, 2049, 13, 4999, 0, 511, 3};
    unsigned long done = 0;
    for (unsigned i = 0; done < (unsigned long)LINES * LINE; i++) {
        unsigned long size = sizes[i % (sizeof sizes / sizeof sizes[0])];
        if (size > (unsigned long)LINES * LINE - done)
            size = (unsigned long)LINES * LINE - done;
        for (unsigned long k = 0; k < size; k++)
            piece[k] = byte_at(done + k);
        pv_console_write(piece, size);
        done += size;
    }
    char late[] = "by console_io\n";
    CHECK_EQUAL(pv_console_io(PV_CONSOLEIO_WRITE, sizeof late - 1, late), 0);
    return report_end();
}
