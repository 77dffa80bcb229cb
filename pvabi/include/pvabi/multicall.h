// SPDX-License-Identifier: MIT
// multicall(array, count): several hypercalls in one crossing, done in order. Source: Xen's public/xen.h.
#pragma once

#include <stdint.h>

#include "assert.h"

struct pv_multicall_entry {
    uint64_t op;      // in: PV_HC_*
    uint64_t result;  // out: the call's answer
    uint64_t args[6]; // in
};

PV_ASSERT_SIZE(struct pv_multicall_entry, 64);
PV_ASSERT_ALIGN(struct pv_multicall_entry, 8);
PV_ASSERT_OFFSET(struct pv_multicall_entry, op, 0);
PV_ASSERT_OFFSET(struct pv_multicall_entry, result, 8);
PV_ASSERT_OFFSET(struct pv_multicall_entry, args, 16);
