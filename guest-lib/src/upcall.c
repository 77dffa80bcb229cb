// SPDX-License-Identifier: MIT
// Handlers: who is called for which port, and the scan that an upcall makes, step by step as pvabi/shared_info.h has it.

#include "fpu.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/panic.h>
#include <pv/smp.h>

#include <pv/config.h>

#include <pvabi/errno.h>
#include <pvabi/sched.h>

struct slot {
    pv_event_handler handler;
    void *context;
    unsigned flags;
    unsigned vcpu; // on which it is called
};

static struct slot slots[PV_EVENT_HANDLERS + 1];          // slot 0 stays empty
static uint8_t slot_of_port[PV_EVTCHN_2L_NR_CHANNELS]; // 0: no handler

extern const char pv_upcall_entry[], pv_failsafe_entry[];
void pv_upcall(struct pv_cpu_user_regs *regs); // called by upcall_entry.S
void pv_failsafe(void);

static void register_entries(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    if (pv_set_callbacks((uintptr_t)pv_upcall_entry, (uintptr_t)pv_failsafe_entry, 0) != 0)
        pv_panic("the hypervisor refuses the event callback");
}

static void forget(pv_evtchn_port_t port)
{
    if (port >= PV_EVTCHN_2L_NR_CHANNELS || !slot_of_port[port])
        return;
    pv_event_mask(port);
    slots[slot_of_port[port]].handler = NULL;
    slot_of_port[port] = 0;
}

static unsigned free_slot(void)
{
    for (unsigned i = 1; i <= PV_EVENT_HANDLERS; i++)
        if (!slots[i].handler)
            return i;
    return 0;
}

static unsigned vcpu_of(pv_evtchn_port_t port)
{
    struct pv_evtchn_status status = {.dom = PV_DOMID_SELF, .port = port};
    return pv_evtchn_op(PV_EVTCHNOP_STATUS, &status) == 0 ? status.vcpu : 0;
}

int pv_event_handle(pv_evtchn_port_t port, pv_event_handler handler, void *context, unsigned flags)
{
    if (port >= PV_EVTCHN_2L_NR_CHANNELS)
        return -PV_EINVAL;
    const bool enabled = pv_irq_save();
    int result = 0;
    forget(port);
    if (handler) {
        const unsigned slot = free_slot();
        if (slot) {
            register_entries();
            pv_event_forget = forget;
            slots[slot] = (struct slot){.handler = handler, .context = context, .flags = flags, .vcpu = vcpu_of(port)};
            slot_of_port[port] = (uint8_t)slot;
            pv_event_unmask(port);
        } else {
            result = -PV_ENOSPC;
        }
    }
    pv_irq_restore(enabled);
    return result;
}

static void handle(pv_evtchn_port_t port)
{
    const struct slot slot = slots[slot_of_port[port]];
    if (!slot.handler)
        return;
    if (slot.flags & PV_HANDLER_FPU) {
        struct fpu_state state;
        fpu_save(&state);
        slot.handler(port, slot.context);
        fpu_restore(&state);
    } else {
        slot.handler(port, slot.context);
    }
}

static void handle_word(unsigned word)
{
    uint64_t ready = PV_READ_ONCE(pv_shared->evtchn_pending[word]) & ~PV_READ_ONCE(pv_shared->evtchn_mask[word]);
    for (; ready; ready &= ready - 1) {
        const pv_evtchn_port_t port = word * 64 + (unsigned)__builtin_ctzll(ready);
        // A word holds other vCPUs' ports as well.
        if (slots[slot_of_port[port]].vcpu == pv_vcpu_id() && pv_event_take(port))
            handle(port);
    }
}

// Masked meanwhile: an event that came to the new vCPU before it knows its handler would be passed over.
int pv_event_move(pv_evtchn_port_t port, unsigned vcpu)
{
    struct pv_evtchn_bind_vcpu argument = {.port = port, .vcpu = vcpu};
    const bool is_handled = port < PV_EVTCHN_2L_NR_CHANNELS && slot_of_port[port];
    if (is_handled)
        pv_event_mask(port);
    const int result = (int)pv_evtchn_op(PV_EVTCHNOP_BIND_VCPU, &argument);
    if (is_handled) {
        if (result == 0)
            slots[slot_of_port[port]].vcpu = vcpu;
        pv_event_unmask(port);
    }
    return result;
}

void pv_upcall(struct pv_cpu_user_regs *regs)
{
    (void)regs;
    struct pv_vcpu_info *info = pv_own_vcpu_info();
    do {
        PV_WRITE_ONCE(info->evtchn_upcall_pending, 0);                                                      // step 1
        uint64_t words = __atomic_exchange_n(&info->evtchn_pending_sel, UINT64_C(0), __ATOMIC_SEQ_CST); // step 2
        for (; words; words &= words - 1)                                                                // step 3
            handle_word((unsigned)__builtin_ctzll(words));
    } while (PV_READ_ONCE(info->evtchn_upcall_pending));
}

void pv_failsafe(void)
{
    pv_panic("failsafe callback: the hypervisor could not return to the guest");
}

void pv_irq_enable(void)
{
    register_entries();
    pv_irq_restore(true);
}

void pv_event_block(void)
{
    register_entries();
    pv_sched_op(PV_SCHEDOP_BLOCK, NULL);
}
