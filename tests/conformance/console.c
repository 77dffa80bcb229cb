// SPDX-License-Identifier: MIT
// console_io.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>

#include <pvabi/console_io.h>

static char bytes[65537]; // zeros, which are no text: the comparison does not see them

static long write_two(void *argument) { return pv_console_io(PV_CONSOLEIO_WRITE, 2, argument); }

void conform_console(void)
{
    say("console_io write of nothing", pv_console_io(PV_CONSOLEIO_WRITE, 0, bytes));
    say("console_io write of nothing, from nowhere", pv_console_io(PV_CONSOLEIO_WRITE, 0, NULL));
    say("console_io write of 65536 bytes", pv_console_io(PV_CONSOLEIO_WRITE, 65536, bytes));
    say("console_io write of 65537 bytes", pv_console_io(PV_CONSOLEIO_WRITE, 65537, bytes));
    say("console_io write of 2^32 - 1 bytes, from nowhere", pv_console_io(PV_CONSOLEIO_WRITE, ~0U, NULL));
    say("console_io read, nothing typed", pv_console_io(PV_CONSOLEIO_READ, 1, bytes));
    say_bad_pointers("console_io write, from nowhere", write_two, 2);
    say("console_io, command 2", pv_console_io(2, 1, bytes));
    say("console_io, command of all ones", pv_console_io(~0U, 1, bytes));
}
