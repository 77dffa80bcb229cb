// SPDX-License-Identifier: MIT
// multicall: a list of calls is as if each were made alone, in order, whoever answers it.
//
// Kernels batch page-table updates, descriptor loads and stack switches into one call, and count on what Xen does with a list:
// that one entry's failure does not stop the others, that a list may be cut short by an event and goes on where it was, and
// that an entry is read when its turn has come and not again.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/multicall.h>
#include <pvabi/sched.h>
#include <pvabi/xen_version.h>

#define VERSION (4 << 16 | 17)
#define UNANSWERED 0x5555

static struct pv_multicall_entry list[2048];
static volatile unsigned upcalls;
static volatile uint64_t answered_at_upcall;

static void set(unsigned i, unsigned long op, unsigned long a1, unsigned long a2)
{
    list[i] = (struct pv_multicall_entry){.op = op, .result = UNANSWERED, .args = {a1, a2}};
}

static long result(unsigned i)
{
    return (long)list[i].result;
}

// Shim and monitor mixed, successes and failures.
static void check_mixed(void)
{
    struct pv_feature_info features = {.submap_idx = 0};
    set(0, PV_HC_XEN_VERSION, PV_XENVER_VERSION, 0);
    set(1, PV_HC_NOP, 0, 0);
    set(2, 1000, 0, 0);
    set(3, UINT64_C(1) << 32 | PV_HC_NOP, 0, 0);
    set(4, PV_HC_MULTICALL, (uintptr_t)list, 1);
    set(5, PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_SEND, 1);
    set(6, PV_HC_XEN_VERSION, PV_XENVER_GET_FEATURES, (uintptr_t)&features);
    set(7, PV_HC_SCHED_OP, PV_SCHEDOP_YIELD, 0);
    set(8, PV_HC_VCPU_OP, 3, 0); // is_up
    set(9, PV_HC_NOP, 0, 0);
    CHECK_EQUAL(pv_multicall(list, 9), 0);
    CHECK_EQUAL(result(0), VERSION);
    CHECK_EQUAL(result(1), 0);
    CHECK_EQUAL(result(2), -PV_ENOSYS);
    CHECK_EQUAL(result(3), -PV_ENOSYS);
    CHECK_EQUAL(result(4), -PV_EINVAL); // a list in a list
    CHECK_EQUAL(result(5), -PV_EFAULT);
    CHECK_EQUAL(result(6), 0);
    CHECK(features.submap != 0);
    CHECK_EQUAL(result(7), 0);
    CHECK_EQUAL(result(8), 1);
    CHECK_EQUAL(result(9), UNANSWERED);
    CHECK_EQUAL(list[0].op, PV_HC_XEN_VERSION); // nothing but the result is written
    CHECK_EQUAL(list[8].args[0], 3);
}

static void check_counts(void)
{
    set(0, PV_HC_NOP, 0, 0);
    CHECK_EQUAL(pv_multicall(list, 0), 0);
    CHECK_EQUAL(pv_multicall(NULL, 0), 0);
    CHECK_EQUAL(result(0), UNANSWERED);
    CHECK_EQUAL(pv_hypercall(PV_HC_MULTICALL, (uintptr_t)list, UINT64_C(7) << 32, 0, 0, 0), 0); // the count is 32 bits wide
    CHECK_EQUAL(result(0), UNANSWERED);
    CHECK_EQUAL(pv_multicall(NULL, 1), -PV_EFAULT);
    CHECK_EQUAL(pv_multicall((void *)UINTPTR_MAX, 1), -PV_EFAULT);
    CHECK_EQUAL(pv_multicall(NULL, 0xffffffff), -PV_EFAULT);
}

// Worked off up to the hole, whatever the count promises.
static void check_hole(void)
{
    const uintptr_t end = pv_base + ((pv_start_info->nr_pages + 33) << PV_PAGE_SHIFT);
    struct pv_multicall_entry *last = (struct pv_multicall_entry *)end - 2;
    for (unsigned i = 0; i < 2; i++)
        last[i] = (struct pv_multicall_entry){.op = PV_HC_NOP, .result = UNANSWERED};
    CHECK_EQUAL(pv_multicall(last, 0xffffffff), -PV_EFAULT);
    CHECK_EQUAL(last[0].result, 0);
    CHECK_EQUAL(last[1].result, 0);
    last[1].result = UNANSWERED;
    CHECK_EQUAL(pv_multicall((struct pv_multicall_entry *)((char *)&last[1] + 8), 1), -PV_EFAULT); // half an entry
    CHECK_EQUAL(last[1].result, UNANSWERED);
}

// An entry is what it is when its turn comes: one call writes over the next.
static void check_read_in_turn(void)
{
    set(0, PV_HC_XEN_VERSION, PV_XENVER_GET_FEATURES, (uintptr_t)&list[1].args[0]); // submap 0, features to its upper half
    set(1, PV_HC_XEN_VERSION, 0, 0);
    set(2, PV_HC_XEN_VERSION, PV_XENVER_CHANGESET, (uintptr_t)&list[2]); // writes over itself: already read
    CHECK_EQUAL(pv_multicall(list, 3), 0);
    CHECK_EQUAL(result(0), 0);
    CHECK(list[1].args[0] != 0);
    CHECK_EQUAL(result(1), VERSION);
    CHECK_EQUAL(result(2), 0);
}

static void note(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    upcalls++;
    answered_at_upcall = 0;
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
        answered_at_upcall += list[i].result != UNANSWERED;
}

static pv_evtchn_port_t handled(int port)
{
    if (port < 0)
        report_error("binding", port);
    CHECK_EQUAL(pv_event_handle((pv_evtchn_port_t)port, note, NULL, 0), 0);
    return (pv_evtchn_port_t)port;
}

// An event that one entry causes is delivered before the next.
static void check_event_between(pv_evtchn_port_t self)
{
    struct pv_evtchn_send send = {.port = self};
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
        set(i, PV_HC_NOP, 0, 0);
    set(3, PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_SEND, (uintptr_t)&send);
    upcalls = 0;
    CHECK_EQUAL(pv_multicall(list, 8), 0);
    CHECK_EQUAL(upcalls, 1);
    CHECK_EQUAL(answered_at_upcall, 4);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQUAL(result(i), 0);
    CHECK_EQUAL(result(8), UNANSWERED);
}

// A call that blocks does so in a list, and the list goes on when it has ended.
static void check_blocking(void)
{
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
        set(i, PV_HC_NOP, 0, 0);
    const uint64_t deadline = pv_time_ns() + 2 * PV_MILLISECOND_NS;
    struct pv_sched_poll poll = {.timeout = deadline + PV_MILLISECOND_NS};
    set(0, PV_HC_SET_TIMER_OP, deadline, 0);
    set(1, PV_HC_SCHED_OP, PV_SCHEDOP_BLOCK, 0);
    set(2, PV_HC_XEN_VERSION, PV_XENVER_VERSION, 0);
    set(3, PV_HC_SCHED_OP, PV_SCHEDOP_POLL, (uintptr_t)&poll);
    upcalls = 0;
    pv_irq_disable(); // or the timer's event might cut the list short before it blocks, and nothing else would wake us
    CHECK_EQUAL(pv_multicall(list, 5), 0);
    CHECK_EQUAL(upcalls, 1);
    CHECK_EQUAL(answered_at_upcall, 2);
    CHECK_EQUAL(result(1), 0);
    CHECK_EQUAL(result(2), VERSION);
    CHECK_EQUAL(result(3), 0);
    CHECK_EQUAL(result(4), 0);
    CHECK(pv_time_ns() >= poll.timeout);
}

// Long lists of calls that never leave the shim: an event still gets through, between two entries.
static void check_preemption(void)
{
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
            set(i, PV_HC_XEN_VERSION, PV_XENVER_VERSION, 0);
        upcalls = 0;
        pv_set_timer_op(pv_time_ns() + 20000);
        const uint64_t patience = pv_time_ns() + 2 * PV_SECOND_NS;
        do // once at least: the event may be here already
            CHECK_EQUAL(pv_multicall(list, sizeof list / sizeof list[0]), 0);
        while (upcalls == 0 && pv_time_ns() < patience);
        CHECK_EQUAL(upcalls, 1);
        for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
            CHECK_EQUAL(result(i), VERSION);
    }
}

// A raw `syscall` is cut short and resumed like a call of the page.
static long raw_multicall(struct pv_multicall_entry *entries, uint64_t count)
{
    long answer = PV_HC_MULTICALL;
    __asm__ volatile("syscall" : "+a"(answer), "+D"(entries), "+S"(count) : : "rcx", "r11", "rdx", "r8", "r10", "memory", "cc");
    return answer;
}

static void check_raw(pv_evtchn_port_t self)
{
    struct pv_evtchn_send send = {.port = self};
    for (unsigned i = 0; i < 8; i++)
        set(i, PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_SEND, (uintptr_t)&send);
    upcalls = 0;
    CHECK_EQUAL(raw_multicall(list, 8), 0);
    CHECK_EQUAL(upcalls, 8);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQUAL(result(i), 0);
}

// iret in a list: the registers are those of its frame and the rest of the list is not made, as on Xen. The frame lies where rsp
// points at the `syscall`; it goes on at the label, with rax 77 and the stack as it was.
static long multicall_to_iret(struct pv_multicall_entry *entries, uint64_t count)
{
    long answer = PV_HC_MULTICALL;
    __asm__ volatile("mov %%rsp, %%rbx\n"
                     "push $0xe02b\n" // ss
                     "push %%rbx\n"   // rsp
                     "push $0\n"      // rflags: events masked
                     "push $0xe030\n" // cs: the kernel
                     "lea 1f(%%rip), %%rcx\n"
                     "push %%rcx\n" // rip
                     "push $0\n"    // flags
                     "push $0\n"    // rcx
                     "push $0\n"    // r11
                     "push $77\n"   // rax
                     "syscall\n"
                     "ud2\n"
                     "1:\n"
                     : "+a"(answer), "+D"(entries), "+S"(count)
                     :
                     : "rbx", "rcx", "r11", "rdx", "r8", "r10", "memory", "cc");
    return answer;
}

static void check_iret(void)
{
    set(0, PV_HC_STACK_SWITCH, PV_FLAT_KERNEL_SS, (uintptr_t)&list);
    set(1, PV_HC_IRET, 0, 0);
    set(2, PV_HC_NOP, 0, 0);
    CHECK_EQUAL(multicall_to_iret(list, 3), 77);
    CHECK_EQUAL(result(0), 0);
    CHECK_EQUAL(result(1), 77);
    CHECK_EQUAL(result(2), UNANSWERED);
    CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_mask, 1);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_mixed();
    check_counts();
    check_hole();
    check_read_in_turn();
    const pv_evtchn_port_t self = handled(pv_event_bind_ipi(0));
    handled(pv_event_bind_virq(PV_VIRQ_TIMER, 0));
    pv_irq_enable();
    check_event_between(self);
    check_blocking();
    check_preemption();
    check_raw(self);
    pv_irq_disable();
    check_iret();
    return report_end();
}
