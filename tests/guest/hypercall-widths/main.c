// SPDX-License-Identifier: MIT
// hypercall-widths: 32-bit arguments are taken from the lower half of their registers, whatever the upper half holds.
//
// Compilers leave anything in the upper half of a register that holds an int, and Xen does not look there.

#include "report.h"

#include <pv/hypercall.h>

#include <pvabi/console_io.h>
#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/memory.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>
#include <pvabi/xen_version.h>

#define DIRT (UINT64_C(0xdeadbeef) << 32)

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_hypercall(PV_HC_XEN_VERSION, DIRT | PV_XENVER_VERSION, 0, 0, 0, 0), 4 << 16 | 17);
    CHECK_EQUAL(pv_hypercall(PV_HC_SCHED_OP, DIRT | PV_SCHEDOP_YIELD, 0, 0, 0, 0), 0);
    CHECK_EQUAL(pv_hypercall(PV_HC_VCPU_OP, DIRT | PV_VCPUOP_IS_UP, DIRT | 0, 0, 0, 0), 1);
    CHECK_EQUAL(pv_hypercall(PV_HC_VM_ASSIST, DIRT | 0, DIRT | 2, 0, 0, 0), 0);
    struct pv_evtchn_status status = {.dom = PV_DOMID_SELF, .port = 1};
    CHECK_EQUAL(pv_hypercall(PV_HC_EVENT_CHANNEL_OP, DIRT | PV_EVTCHNOP_STATUS, (uintptr_t)&status, 0, 0, 0), 0);
    // memory_op's is wide: above the command stands where a long call goes on.
    struct pv_memory_domain domain = {.domid = PV_DOMID_SELF};
    CHECK_EQUAL(pv_hypercall(PV_HC_MEMORY_OP, DIRT | PV_XENMEM_CURRENT_RESERVATION, (uintptr_t)&domain, 0, 0, 0), -PV_EINVAL);
    struct pv_gnttab_query_size size = {.dom = PV_DOMID_SELF};
    CHECK_EQUAL(pv_hypercall(PV_HC_GRANT_TABLE_OP, DIRT | PV_GNTTABOP_QUERY_SIZE, (uintptr_t)&size, DIRT | 1, 0, 0), 0);
    char text[] = "x\n";
    CHECK_EQUAL(pv_hypercall(PV_HC_CONSOLE_IO, DIRT | PV_CONSOLEIO_WRITE, DIRT | 2, (uintptr_t)text, 0, 0), 0);
    return report_end();
}
