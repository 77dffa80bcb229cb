// SPDX-License-Identifier: MIT
// Makes one kind of hypercall for ever; its command line says which. The benchmark counts them from outside.
#include <pv/guest.h>
#include <pv/hypercall.h>

#include <pvabi/console_io.h>
#include <pvabi/xen_version.h>

// Calls are counted in batches: one byte of console_io tells the monitor that so many were made.
#define BATCH 4096
#define LOCAL_BATCH (64 * BATCH) // so that the mark, which is a remote call, costs nothing that counts

int pv_main(const char *command_line)
{
    static char mark[1] = {'.'};

    if (command_line[0] == 'l') {
        for (;;) {
            for (unsigned i = 0; i < LOCAL_BATCH; i++)
                pv_xen_version(PV_XENVER_VERSION, 0);
            pv_console_io(PV_CONSOLEIO_WRITE, 1, mark);
        }
    }
    for (;;) {
        for (unsigned i = 0; i < BATCH; i++)
            pv_nop();
        pv_console_io(PV_CONSOLEIO_WRITE, 1, mark);
    }
}
