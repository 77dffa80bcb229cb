// SPDX-License-Identifier: MIT
// Bytes in. Works with upcalls on or off and needs no handler. Steps are numbered as in pvabi/io/console.h.

#include <pv/console.h>

#include "console_ring.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/console_io.h>

#define CONSOLE_IO_PAUSE_NS (10 * PV_MILLISECOND_NS) // it tells nobody when something is typed

static size_t read_some(const struct pv_console *console, char *bytes, size_t size)
{
    struct pv_xencons_interface *ring = console->ring;
    const uint32_t cons = ring->in_cons;
    size_t filled = PV_READ_ONCE(ring->in_prod) - cons; // step 1
    pv_rmb();
    if (filled > PV_XENCONS_IN_SIZE)
        filled = PV_XENCONS_IN_SIZE;
    if (filled > size)
        filled = size;
    for (size_t i = 0; i < filled; i++) // step 2
        bytes[i] = ring->in[(cons + i) & (PV_XENCONS_IN_SIZE - 1)];
    pv_mb();
    PV_WRITE_ONCE(ring->in_cons, cons + (uint32_t)filled); // step 3
    if (filled)
        pv_event_send(console->port); // step 4
    return filled;
}

int pv_console_getc(void)
{
    const struct pv_console *console = pv_console_of_domain();
    char c;
    if (console->ring)
        return read_some(console, &c, 1) ? (unsigned char)c : -1;
    return pv_console_io(PV_CONSOLEIO_READ, 1, &c) == 1 ? (unsigned char)c : -1;
}

size_t pv_console_read(char *bytes, size_t size)
{
    const struct pv_console *console = pv_console_of_domain();
    while (size) {
        if (console->ring) {
            const size_t part = read_some(console, bytes, size);
            if (part)
                return part;
            pv_event_wait(console->port);
        } else {
            const long part = pv_console_io(PV_CONSOLEIO_READ, (unsigned)size, bytes);
            if (part > 0)
                return (size_t)part;
            pv_sleep_ns(CONSOLE_IO_PAUSE_NS);
        }
    }
    return 0;
}

bool pv_console_wait(uint64_t deadline_ns)
{
    const struct pv_console *console = pv_console_of_domain();
    if (!console->ring) {
        pv_sleep_ns(CONSOLE_IO_PAUSE_NS);
        return true; // there may be some: ask pv_console_getc
    }
    while (PV_READ_ONCE(console->ring->in_prod) == console->ring->in_cons)
        if (!pv_event_wait_until(console->port, deadline_ns))
            return false;
    return true;
}
