// SPDX-License-Identifier: MIT
// callback_op(cmd, argument): where the guest wants to be entered for events and the like. Source: Xen's
// public/callback.h. set_callbacks(event, failsafe, syscall) sets three of these at once.
#pragma once

#include <stdint.h>

#include "assert.h"

#define PV_CALLBACKOP_REGISTER 0   // pv_callback_register
#define PV_CALLBACKOP_UNREGISTER 1 // pv_callback_unregister

#define PV_CALLBACKTYPE_EVENT 0
#define PV_CALLBACKTYPE_FAILSAFE 1
#define PV_CALLBACKTYPE_SYSCALL 2
#define PV_CALLBACKTYPE_SYSENTER_DEPRECATED 3
#define PV_CALLBACKTYPE_NMI 4
#define PV_CALLBACKTYPE_SYSENTER 5
#define PV_CALLBACKTYPE_SYSCALL32 7

#define PV_CALLBACKF_MASK_EVENTS (1U << 0) // set evtchn_upcall_mask on entry; event entries always do

struct pv_callback_register {
    uint16_t type;    // in: PV_CALLBACKTYPE_*
    uint16_t flags;   // in: PV_CALLBACKF_*
    uint64_t address; // in
};

PV_ASSERT_SIZE(struct pv_callback_register, 16);
PV_ASSERT_ALIGN(struct pv_callback_register, 8);
PV_ASSERT_OFFSET(struct pv_callback_register, type, 0);
PV_ASSERT_OFFSET(struct pv_callback_register, flags, 2);
PV_ASSERT_OFFSET(struct pv_callback_register, address, 8);

struct pv_callback_unregister {
    uint16_t type; // in
    uint16_t unused;
};

PV_ASSERT_SIZE(struct pv_callback_unregister, 4);
PV_ASSERT_ALIGN(struct pv_callback_unregister, 2);
PV_ASSERT_OFFSET(struct pv_callback_unregister, type, 0);
PV_ASSERT_OFFSET(struct pv_callback_unregister, unused, 2);
