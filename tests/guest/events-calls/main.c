// SPDX-License-Identifier: MIT
// events-calls: every error of event_channel_op, and running out of ports.
//
// Ports are a small table that each guest fills by itself. A refused call must leave it as it was, also when it is full, and
// what was closed can be used again.

#include "event_calls.h"
#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>

#include <pvabi/errno.h>

#define NOBODY 4242

static long alloc(unsigned domain, unsigned remote)
{
    struct pv_evtchn_alloc_unbound argument = {.dom = (pv_domid_t)domain, .remote_dom = (pv_domid_t)remote};
    const long result = pv_evtchn_op(PV_EVTCHNOP_ALLOC_UNBOUND, &argument);
    return result < 0 ? result : (long)argument.port;
}

static long status(unsigned domain, pv_evtchn_port_t port)
{
    struct pv_evtchn_status argument = {.dom = (pv_domid_t)domain, .port = port};
    const long result = pv_evtchn_op(PV_EVTCHNOP_STATUS, &argument);
    return result < 0 ? result : (long)argument.status;
}

static void check_bad_ports(void)
{
    static const pv_evtchn_port_t bad[] = {0, 3000, PV_EVTCHN_2L_NR_CHANNELS, 0x7fffffff, 0x80000000, 0xffffffff};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQUAL(close_port(bad[i]), -PV_EINVAL);
        CHECK_EQUAL(send(bad[i]), -PV_EINVAL);
        CHECK_EQUAL(bind_vcpu(bad[i], 0), -PV_EINVAL);
        CHECK_EQUAL(pv_event_bind_interdomain(PV_DOMID_SELF, bad[i]), -PV_EINVAL);
        if (bad[i] >= PV_EVTCHN_2L_NR_CHANNELS) {
            CHECK_EQUAL(unmask(bad[i]), -PV_EINVAL);
            CHECK_EQUAL(status(PV_DOMID_SELF, bad[i]), -PV_EINVAL);
        }
    }
    CHECK_EQUAL(status(PV_DOMID_SELF, 3000), PV_EVTCHNSTAT_CLOSED);
}

static void check_domains(void)
{
    CHECK_EQUAL(alloc(NOBODY, 0), -PV_ESRCH);
    CHECK_EQUAL(alloc(0, 0), -PV_EPERM);
    CHECK_EQUAL(status(NOBODY, 1), -PV_ESRCH);
    CHECK_EQUAL(status(0, 1), -PV_EPERM);
    CHECK_EQUAL(pv_event_bind_interdomain(NOBODY, 1), -PV_ESRCH);
    CHECK_EQUAL(pv_event_bind_interdomain(0, 1), -PV_EINVAL);
    struct pv_evtchn_reset reset = {.dom = NOBODY};
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_RESET, &reset), -PV_ESRCH);
    reset.dom = 0;
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_RESET, &reset), -PV_EPERM);
}

static void check_virqs(void)
{
    CHECK_EQUAL(pv_event_bind_virq(PV_NR_VIRQS, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_event_bind_virq(0xffffffff, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_TIMER, 1), -PV_ENOENT);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_TIMER, 0xffffffff), -PV_ENOENT);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_CONSOLE, 1), -PV_EINVAL);
    const int port = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    CHECK(port > 0);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_TIMER, 0), -PV_EEXIST);
    CHECK_EQUAL(status(PV_DOMID_SELF, (pv_evtchn_port_t)port), PV_EVTCHNSTAT_VIRQ);
    CHECK_EQUAL(send((pv_evtchn_port_t)port), -PV_EINVAL);
    CHECK_EQUAL(bind_vcpu((pv_evtchn_port_t)port, 0), -PV_EINVAL);
    CHECK_EQUAL(close_port((pv_evtchn_port_t)port), 0);
    CHECK_EQUAL(close_port((pv_evtchn_port_t)port), -PV_EINVAL);
    CHECK_EQUAL(pv_event_bind_ipi(1), -PV_ENOENT);
}

// Both ends in this domain: allocate, bind, send, close one.
static void check_channel(void)
{
    const long one = alloc(PV_DOMID_SELF, PV_DOMID_SELF);
    CHECK(one > 0);
    const pv_evtchn_port_t here = (pv_evtchn_port_t)one;
    CHECK_EQUAL(status(PV_DOMID_SELF, here), PV_EVTCHNSTAT_UNBOUND);
    CHECK_EQUAL(send(here), 0); // nobody there yet
    CHECK_EQUAL(bind_vcpu(here, 1), -PV_ENOENT);
    CHECK_EQUAL(bind_vcpu(here, 0), 0);
    const int other = pv_event_bind_interdomain(PV_DOMID_SELF, here);
    CHECK(other > 0 && other != one);
    const pv_evtchn_port_t there = (pv_evtchn_port_t)other;
    CHECK(pv_event_take(there)); // starts pending
    CHECK_EQUAL(status(PV_DOMID_SELF, here), PV_EVTCHNSTAT_INTERDOMAIN);
    CHECK_EQUAL(pv_event_bind_interdomain(PV_DOMID_SELF, here), -PV_EINVAL); // taken
    CHECK_EQUAL(send(here), 0);
    CHECK(pv_event_take(there) && !pv_event_take(here));
    CHECK_EQUAL(send(there), 0);
    CHECK(pv_event_take(here) && !pv_event_take(there));
    CHECK_EQUAL(close_port(there), 0);
    CHECK_EQUAL(status(PV_DOMID_SELF, here), PV_EVTCHNSTAT_UNBOUND);
    CHECK_EQUAL(close_port(here), 0);
}

static void check_exhaustion(void)
{
    static pv_evtchn_port_t ports[PV_EVTCHN_2L_NR_CHANNELS];
    unsigned count = 0;
    int port = 0;
    while (count < PV_EVTCHN_2L_NR_CHANNELS && (port = pv_event_bind_ipi(0)) > 0)
        ports[count++] = (pv_evtchn_port_t)port;
    CHECK_EQUAL(port, -PV_ENOSPC);
    CHECK_EQUAL(count, PV_EVTCHN_2L_NR_CHANNELS - 3); // 0, xenstore's and the console's
    CHECK_EQUAL(pv_event_bind_ipi(0), -PV_ENOSPC);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_TIMER, 0), -PV_ENOSPC);
    CHECK_EQUAL(alloc(PV_DOMID_SELF, 0), -PV_ENOSPC);
    const long freed = (long)ports[count / 2];
    CHECK_EQUAL(close_port((pv_evtchn_port_t)freed), 0);
    CHECK_EQUAL(alloc(PV_DOMID_SELF, PV_DOMID_SELF), freed);
    CHECK_EQUAL(pv_event_bind_interdomain(PV_DOMID_SELF, (pv_evtchn_port_t)freed), -PV_ENOSPC);
    CHECK_EQUAL(status(PV_DOMID_SELF, (pv_evtchn_port_t)freed), PV_EVTCHNSTAT_UNBOUND);
    unsigned failed = 0;
    for (unsigned i = 0; i < count; i++)
        failed += close_port(ports[i]) != 0;
    CHECK_EQUAL(failed, 0);
    port = pv_event_bind_virq(PV_VIRQ_TIMER, 0); // the refused one left nothing bound
    CHECK(port > 0);
    CHECK_EQUAL(close_port((pv_evtchn_port_t)port), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_bad_ports();
    check_domains();
    check_virqs();
    check_channel();
    for (unsigned i = 0; i < 3; i++)
        check_exhaustion();
    return report_end();
}
