// SPDX-License-Identifier: MIT
// set_callbacks and callback_op, and how an event enters the guest.

#include "entries.h"
#include "groups.h"
#include "say.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/printf.h>

#include <pvabi/callback.h>
#include <pvabi/xen_version.h>

#define NOT_CANONICAL (UINT64_C(1) << 63)

static pv_evtchn_port_t port;

static long reg(uint16_t type, uint16_t flags, uint64_t address)
{
    struct pv_callback_register argument = {.type = type, .flags = flags, .address = address};
    return pv_callback_op(PV_CALLBACKOP_REGISTER, &argument);
}

static long unreg(uint16_t type)
{
    struct pv_callback_unregister argument = {.type = type};
    return pv_callback_op(PV_CALLBACKOP_UNREGISTER, &argument);
}

static long reg_at(void *argument) { return pv_callback_op(PV_CALLBACKOP_REGISTER, argument); }
static long unreg_at(void *argument) { return pv_callback_op(PV_CALLBACKOP_UNREGISTER, argument); }

static void set_mask(uint8_t mask)
{
    __atomic_exchange_n(&pv_shared->vcpu_info[0].evtchn_upcall_mask, mask, __ATOMIC_SEQ_CST);
}

// Sends an event with upcalls on, and says who was entered.
static void say_entered(void)
{
    upcalls = other_upcalls = 0;
    set_mask(0);
    pv_event_send(port);
    set_mask(1);
    pv_event_take(port);
    pv_shared->vcpu_info[0].evtchn_pending_sel = 0;
    pv_printf("  an event enters: %s\n", other_upcalls ? "the second" : upcalls ? "the first" : "neither");
}

static void say_upcall(void)
{
    upcalls = 0;
    set_mask(1);
    pv_event_send(port);
    say_whether("an event with upcalls masked enters", upcalls != 0);
    say_whether("  is it pending", pv_shared->vcpu_info[0].evtchn_upcall_pending == 1 && pv_shared->vcpu_info[0].evtchn_pending_sel != 0);
    set_mask(0);
    pv_xen_version(PV_XENVER_VERSION, NULL);
    say_whether("  does the next call after unmasking deliver it", upcalls == 1);
    pv_printf("  cs and mask in the frame: %#lx, mask on entry %u, IF in the frame %s\n", (unsigned long)entered_frame.cs, entered_mask,
              entered_frame.rflags & 0x200 ? "set" : "clear");
    say_whether("  is the mask clear afterwards", pv_shared->vcpu_info[0].evtchn_upcall_mask == 0);
    pv_event_send(port);
    say_whether("an event on a port that is pending already enters", upcalls != 1);
    set_mask(1);
    pv_event_take(port);
    pv_shared->vcpu_info[0].evtchn_pending_sel = 0;
}

void conform_callbacks(void)
{
    port = (pv_evtchn_port_t)pv_event_bind_ipi(0);
    __atomic_fetch_and(&pv_shared->evtchn_mask[port / 64], ~(UINT64_C(1) << port % 64), __ATOMIC_SEQ_CST);
    const uint64_t first = (uintptr_t)entry_upcall, second = (uintptr_t)entry_upcall_other;
    say("set_callbacks", pv_set_callbacks(first, 0, 0));
    say_entered();
    say("set_callbacks to an address that is not canonical", pv_set_callbacks(NOT_CANONICAL, NOT_CANONICAL, NOT_CANONICAL));
    say_entered();
    say("callback_op register event", reg(PV_CALLBACKTYPE_EVENT, 0, second));
    say_entered();
    say("callback_op register event, masking", reg(PV_CALLBACKTYPE_EVENT, PV_CALLBACKF_MASK_EVENTS, first));
    say_entered();
    say("callback_op register event with all flags", reg(PV_CALLBACKTYPE_EVENT, 0xffff, second));
    say_entered();
    say("callback_op register event, not canonical", reg(PV_CALLBACKTYPE_EVENT, 0, NOT_CANONICAL));
    say("callback_op register failsafe", reg(PV_CALLBACKTYPE_FAILSAFE, 0, first));
    say("callback_op register failsafe 0", reg(PV_CALLBACKTYPE_FAILSAFE, 0, 0));
    say("callback_op register syscall", reg(PV_CALLBACKTYPE_SYSCALL, PV_CALLBACKF_MASK_EVENTS, first));
    say("callback_op register syscall 0", reg(PV_CALLBACKTYPE_SYSCALL, 0, 0));
    say("callback_op register type 3", reg(PV_CALLBACKTYPE_SYSENTER_DEPRECATED, 0, 0));
    say("callback_op register type 6", reg(6, 0, 0));
    say("callback_op register type 8", reg(8, 0, 0));
    say("callback_op register type 65535", reg(0xffff, 0, 0));
    say("callback_op register type 8, not canonical", reg(8, 0, NOT_CANONICAL));
    say("callback_op unregister event", unreg(PV_CALLBACKTYPE_EVENT));
    say("callback_op unregister failsafe", unreg(PV_CALLBACKTYPE_FAILSAFE));
    say("callback_op unregister syscall", unreg(PV_CALLBACKTYPE_SYSCALL));
    say("callback_op unregister type 6", unreg(6));
    say("callback_op unregister type 8", unreg(8));
    say_bad_pointers("callback_op register, nowhere", reg_at, sizeof(struct pv_callback_register));
    say_bad_pointers("callback_op unregister, nowhere", unreg_at, sizeof(struct pv_callback_unregister));
    say("callback_op command 2", pv_callback_op(2, NULL));
    say_entered();
    say_upcall();
    pv_event_close(port);
}
