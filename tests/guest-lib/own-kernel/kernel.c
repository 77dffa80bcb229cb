// SPDX-License-Identifier: MIT
// A kernel that has everything of its own, start, linker script, allocator, printing, panic, upcalls and their flag, and takes
// of the library only events, xenbus and the disk.

#include "toys.h"

#include <pv/blkfront.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/start.h>
#include <pv/xenbus.h>

#include <pvabi/sched.h>

// Names a kernel may well have: each would clash if the library had it, too.
int console_init, event_wait, heap, memory_init, option, pages, prepare, ready, release, ring, sleep, start_info, state, time,
    timer, trap, upcall_mask, xenbus, xenstore, xs_read, xs_request;

static volatile unsigned ticks;
static pv_evtchn_port_t timer_port;

void start_kernel(const struct pv_start_info *info, uintptr_t boot_stack_top);
void upcall(void); // called by entry.S
extern const char upcall_entry[];

// The library left the handlers to us; so did the hypervisor the order of these steps (pvabi/shared_info.h).
void upcall(void)
{
    struct pv_vcpu_info *vcpu = &pv_shared->vcpu_info[0];
    do {
        __atomic_store_n(&vcpu->evtchn_upcall_pending, (uint8_t)0, __ATOMIC_SEQ_CST);
        __atomic_exchange_n(&vcpu->evtchn_pending_sel, UINT64_C(0), __ATOMIC_SEQ_CST);
        if (pv_event_take(timer_port))
            ticks++;
    } while (__atomic_load_n(&vcpu->evtchn_upcall_pending, __ATOMIC_SEQ_CST));
}

static void count_ticks(unsigned wanted)
{
    pv_set_callbacks((uintptr_t)upcall_entry, 0, 0);
    timer_port = (pv_evtchn_port_t)pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    pv_event_unmask(timer_port);
    while (ticks < wanted) {
        cli();
        pv_set_timer_op(1); // long past: at once, perhaps before the next instruction, but with the flag clear it waits to be counted
        pv_sched_op(PV_SCHEDOP_BLOCK, NULL); // sleeps with upcalls enabled
        sti();
    }
}

static unsigned sum_of_first_sectors(uint32_t number)
{
    struct pv_blk *disk;
    if (pv_blk_open(number, &disk) != 0)
        panic("the disk does not open");
    unsigned char *sectors = page_alloc();
    if (pv_blk_read(disk, 0, sectors, 8) != 0)
        panic("the disk does not read");
    pv_blk_close(disk);
    unsigned sum = 0;
    for (unsigned i = 0; i < PV_PAGE_SIZE; i++)
        sum += sectors[i];
    return sum;
}

void start_kernel(const struct pv_start_info *info, uintptr_t boot_stack_top)
{
    pv_memory_init(info, 0x40000000, boot_stack_top);
    heap_init(pv_boot_end, pv_ram_end);
    printf("%u ticks\n", (count_ticks(3), ticks));

    uint32_t number;
    if (pv_xenbus_list("vbd", &number, 1) != 1)
        panic("no disk");
    printf("disk %u, sum %u\n", number, sum_of_first_sectors(number));

    struct pv_sched_shutdown off = {.reason = PV_SHUTDOWN_POWEROFF};
    pv_sched_op(PV_SCHEDOP_SHUTDOWN, &off);
}
