// SPDX-License-Identifier: MIT
// events-reset: EVTCHNOP_reset closes every port, the console's and xenstore's included.
//
// Kernels that start another one (kexec) do it. Printing goes by console_io here, since the console's own port is gone.

#include <pv/event.h>
#include <pv/guest.h>
#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/console_io.h>
#include <pvabi/errno.h>

static bool failed;

static void say(const char *text)
{
    pv_console_io(PV_CONSOLEIO_WRITE, (unsigned)pv_strlen(text), (char *)(uintptr_t)text);
}

static void check(const char *what, bool so)
{
    if (so)
        return;
    failed = true;
    say("not so: ");
    say(what);
    say("\n");
}

static bool is_closed(pv_evtchn_port_t port)
{
    struct pv_evtchn_status argument = {.dom = PV_DOMID_SELF, .port = port};
    return pv_evtchn_op(PV_EVTCHNOP_STATUS, &argument) == 0 && argument.status == PV_EVTCHNSTAT_CLOSED;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    for (unsigned i = 0; i < 100; i++)
        check("ports can be made", pv_event_bind_ipi(0) > 0);
    check("the timer's, too", pv_event_bind_virq(PV_VIRQ_TIMER, 0) > 0);
    struct pv_evtchn_reset argument = {.dom = PV_DOMID_SELF};
    check("reset answers 0", pv_evtchn_op(PV_EVTCHNOP_RESET, &argument) == 0);
    for (pv_evtchn_port_t port = 1; port < 200; port++)
        check("a port is closed", is_closed(port));
    check("and refuses to send", pv_event_send(1) == -PV_EINVAL);
    check("the first is free again", pv_event_bind_ipi(0) == 1);
    check("the timer can be bound again", pv_event_bind_virq(PV_VIRQ_TIMER, 0) > 0);
    say(failed ? "FAILURE see above\n" : "SUCCESS\n");
    return failed ? 1 : 0;
}
