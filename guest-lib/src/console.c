// SPDX-License-Identifier: MIT
// Bytes out. Works with upcalls on or off and needs no handler. Steps are numbered as in pvabi/io/console.h.

#include <pv/console.h>

#include "console_ring.h"
#include "exit.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/console_io.h>

// Stores what fits and tells the other side; returns how much that was.
static size_t write_some(const struct pv_console *console, const char *bytes, size_t size)
{
    struct pv_xencons_interface *ring = console->ring;
    const uint32_t prod = ring->out_prod;
    const uint32_t used = prod - PV_READ_ONCE(ring->out_cons); // step 1
    pv_mb();
    size_t room = used < PV_XENCONS_OUT_SIZE ? PV_XENCONS_OUT_SIZE - used : 0;
    if (room > size)
        room = size;
    for (size_t i = 0; i < room; i++) // step 2
        ring->out[(prod + i) & (PV_XENCONS_OUT_SIZE - 1)] = bytes[i];
    pv_wmb();
    PV_WRITE_ONCE(ring->out_prod, prod + (uint32_t)room); // step 3
    if (room)
        pv_event_send(console->port); // step 4
    return room;
}

static void flush_before_exit(void)
{
    pv_console_flush(PV_SECOND_NS);
}

void pv_console_write(const char *bytes, size_t size)
{
    const struct pv_console *console = pv_console_of_domain();
    if (!console->ring) {
        if (size)
            pv_console_io(PV_CONSOLEIO_WRITE, (unsigned)size, (char *)(uintptr_t)bytes);
        return;
    }
    pv_before_exit = flush_before_exit;
    while (size) {
        const size_t part = write_some(console, bytes, size);
        bytes += part;
        size -= part;
        if (size && !part)
            pv_event_wait(console->port);
    }
}

void pv_console_flush(uint64_t limit_ns)
{
    const struct pv_console *console = pv_console_of_domain();
    if (!console->ring)
        return;
    const uint64_t deadline = pv_time_ns() + limit_ns;
    while (PV_READ_ONCE(console->ring->out_cons) != console->ring->out_prod)
        if (!pv_event_wait_until(console->port, deadline))
            return;
}
