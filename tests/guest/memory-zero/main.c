// SPDX-License-Identifier: MIT
// memory-zero: memory that the builder put nothing into is zero at the start.
//
// Anything else would be somebody else's data: another domain's, or the monitor's.

#include "report.h"

#include <pv/memory.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    unsigned long dirty = 0, words = 0;
    for (const uint64_t *word = (const uint64_t *)pv_boot_end; (uintptr_t)word < pv_ram_end; word++, words++)
        dirty += *word != 0;
    CHECK_EQUAL(dirty, 0);
    CHECK(words > 0);
    static const uint64_t bss[4096];
    for (unsigned i = 0; i < 4096; i++)
        dirty += ((const volatile uint64_t *)bss)[i] != 0;
    CHECK_EQUAL(dirty, 0);
    return report_end();
}
