// SPDX-License-Identifier: MIT
// console-input: what is typed arrives, and the end of the input is no end of the guest.
//
// The input is larger than the ring, so the other side has to wait for room, and it ends (the runner gives a file): a guest
// started from a script must go on all the same.

#include "report.h"

#include <pv/time.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    char bytes[300];
    unsigned long lines = 0, sum = 0;
    bool over = false;
    while (!over) {
        const size_t size = pv_console_read(bytes, sizeof bytes);
        CHECK(size > 0 && size <= sizeof bytes);
        for (size_t i = 0; i < size; i++) {
            sum += (unsigned char)bytes[i];
            lines += bytes[i] == '\n';
            over = over || bytes[i] == '.';
        }
    }
    pv_printf("lines %lu sum %lu\n", lines, sum);
    CHECK(!pv_console_wait(pv_time_ns() + 20 * PV_MILLISECOND_NS)); // nothing more, and no end
    CHECK_EQUAL(pv_console_getc(), -1);
    return report_end();
}
