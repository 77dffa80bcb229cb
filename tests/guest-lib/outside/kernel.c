// SPDX-License-Identifier: MIT
// A kernel in C11 that is built outside pvisor's tree.
#include <pv/guest.h>
#include <pv/heap.h>
#include <pv/time.h>

int pv_main(const char *command_line)
{
    char *block = pv_malloc(100);
    const uint64_t before = pv_time_ns();
    pv_sleep_ns(PV_MILLISECOND_NS);
    pv_printf("C11: \"%s\", memory %s, time %s\n", command_line, block ? "yes" : "no",
              pv_time_ns() - before >= PV_MILLISECOND_NS ? "goes on" : "stands still");
    pv_free(block);
    return 11;
}
