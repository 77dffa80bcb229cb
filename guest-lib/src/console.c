// SPDX-License-Identifier: MIT
// The front half of the console ring. The port stays masked: waiting is by SCHEDOP_poll, so the console works with upcalls
// on or off and needs no handler. Steps are numbered as in pvabi/io/console.h.

#include <pv/console.h>

#include "exit.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/start.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/console_io.h>
#include <pvabi/io/console.h>

static struct pv_xencons_interface *ring; // null: console_io
static pv_evtchn_port_t port;
static bool ready;

static void flush_before_exit(void)
{
    pv_console_flush(PV_SECOND_NS);
}

static void prepare(void)
{
    const struct pv_start_info *info = pv_start_info;
    ready = true;
    if ((info->flags & PV_SIF_INITDOMAIN) || info->console.domU.mfn == 0)
        return;
    ring = pv_mfn_to_virt(info->console.domU.mfn);
    port = info->console.domU.evtchn;
    pv_before_exit = flush_before_exit;
}

// Stores what fits and tells the other side; returns how much that was.
static size_t write_some(const char *bytes, size_t size)
{
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
        pv_event_send(port); // step 4
    return room;
}

void pv_console_write(const char *bytes, size_t size)
{
    if (!ready)
        prepare();
    if (!ring) {
        if (size)
            pv_console_io(PV_CONSOLEIO_WRITE, (unsigned)size, (char *)(uintptr_t)bytes);
        return;
    }
    while (size) {
        const size_t part = write_some(bytes, size);
        bytes += part;
        size -= part;
        if (size && !part)
            pv_event_wait(port);
    }
}

void pv_puts(const char *text)
{
    pv_console_write(text, pv_strlen(text));
    pv_console_write("\n", 1);
}

void pv_console_flush(uint64_t limit_ns)
{
    if (!ring)
        return;
    const uint64_t deadline = pv_time_ns() + limit_ns;
    while (PV_READ_ONCE(ring->out_cons) != ring->out_prod)
        if (!pv_event_wait_until(port, deadline))
            return;
}

static size_t read_some(char *bytes, size_t size)
{
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
        pv_event_send(port); // step 4
    return filled;
}

int pv_console_getc(void)
{
    if (!ready)
        prepare();
    char c;
    if (ring)
        return read_some(&c, 1) ? (unsigned char)c : -1;
    return pv_console_io(PV_CONSOLEIO_READ, 1, &c) == 1 ? (unsigned char)c : -1;
}

size_t pv_console_read(char *bytes, size_t size)
{
    if (!ready)
        prepare();
    if (!size)
        return 0;
    for (;;) {
        if (ring) {
            const size_t part = read_some(bytes, size);
            if (part)
                return part;
            pv_event_wait(port);
        } else {
            const long part = pv_console_io(PV_CONSOLEIO_READ, (unsigned)size, bytes);
            if (part > 0)
                return (size_t)part;
            pv_sleep_ns(10 * PV_MILLISECOND_NS); // console_io tells nobody when something is typed
        }
    }
}

bool pv_console_wait(uint64_t deadline_ns)
{
    if (!ready)
        prepare();
    if (!ring) {
        pv_sleep_ns(10 * PV_MILLISECOND_NS);
        return true; // there may be some: ask pv_console_getc
    }
    while (PV_READ_ONCE(ring->in_prod) == ring->in_cons)
        if (!pv_event_wait_until(port, deadline_ns))
            return false;
    return true;
}
