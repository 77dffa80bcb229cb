// SPDX-License-Identifier: MIT
// Unmasking upcalls, whoever takes them: the library (upcall.c) or the kernel itself.

#include <pv/event.h>
#include <pv/hypercall.h>

#include <pvabi/xen_version.h>

// The exchange is a full fence: an event that came before it is seen by the test, one that comes after makes an upcall by
// itself. Any hypercall delivers what is pending on its way back.
void pv_irq_restore(bool enabled)
{
    if (!enabled)
        return;
    struct pv_vcpu_info *info = pv_own_vcpu_info();
    __atomic_exchange_n(&info->evtchn_upcall_mask, (uint8_t)0, __ATOMIC_SEQ_CST);
    if (PV_READ_ONCE(info->evtchn_upcall_pending))
        pv_xen_version(PV_XENVER_VERSION, NULL);
}
