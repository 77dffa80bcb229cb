// SPDX-License-Identifier: MIT
// vcpu_op.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/printf.h>

#include <pvabi/vcpu.h>

#define MAX_VCPUS 32

void conform_vcpus(void)
{
    say("vcpu_op is_up of vCPU 0", pv_vcpu_op(PV_VCPUOP_IS_UP, 0, NULL));
    say("vcpu_op is_up of vCPU 32", pv_vcpu_op(PV_VCPUOP_IS_UP, MAX_VCPUS, NULL));
    say("vcpu_op is_up of vCPU 2^32 - 1", pv_vcpu_op(PV_VCPUOP_IS_UP, ~0U, NULL));
    say("vcpu_op stop_periodic_timer", pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL));
    say("vcpu_op stop_periodic_timer of vCPU 32", pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, MAX_VCPUS, NULL));
    say("vcpu_op command 99", pv_vcpu_op(99, 0, NULL));
    say("vcpu_op command of all ones", pv_vcpu_op(~0U, 0, NULL));
    say("vcpu_op command 99 of vCPU 32", pv_vcpu_op(99, MAX_VCPUS, NULL));
}
