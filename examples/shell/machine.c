// SPDX-License-Identifier: MIT
// Looking at what the hypervisor tells, and leaving.

#include "commands.h"
#include "text.h"

#include <pv/error.h>
#include <pv/fs.h>
#include <pv/guest.h>
#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>
#include <pvabi/io/xs_wire.h>
#include <pvabi/vcpu.h>

#define SECONDS_PER_DAY 86400

struct date {
    unsigned long year, month, day;
};

// Counted from 1 March of year 0, so that a leap day is the last of its year: 400 years have 146097 days, and month m of such a
// year begins at day (153 m + 2) / 5.
static struct date date_of(unsigned long days_since_1970)
{
    const unsigned long days = days_since_1970 + 719468;
    const unsigned long in_era = days % 146097;
    const unsigned long year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const unsigned long in_year = in_era - (365 * year + year / 4 - year / 100);
    const unsigned long month = (5 * in_year + 2) / 153;
    const bool is_next_year = month >= 10;
    return (struct date){
        .year = days / 146097 * 400 + year + (is_next_year ? 1 : 0),
        .month = is_next_year ? month - 9 : month + 3,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

void run_time(const char *argument)
{
    (void)argument;
    const uint64_t up = pv_time_ns();
    const uint64_t now = pv_wall_clock_ns() / PV_SECOND_NS;
    const struct date date = date_of(now / SECONDS_PER_DAY);
    const uint64_t second = now % SECONDS_PER_DAY;
    pv_printf("%lu-%02lu-%02lu %02lu:%02lu:%02lu UTC, up %lu.%03lu s\n", date.year, date.month, date.day, second / 3600,
              second / 60 % 60, second % 60, up / PV_SECOND_NS, up % PV_SECOND_NS / PV_MILLISECOND_NS);
}

// One line for a vCPU; false if there is no such vCPU.
static bool show_vcpu(unsigned vcpu)
{
    const long is_up = pv_vcpu_op(PV_VCPUOP_IS_UP, vcpu, NULL);
    if (is_up < 0)
        return false;
    static const char *const states[] = {"running", "runnable", "blocked", "offline"};
    struct pv_vcpu_runstate_info info;
    if (pv_vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, vcpu, &info) == 0 && info.state >= 0 && info.state <= PV_RUNSTATE_OFFLINE) {
        pv_printf("%4u  %-8s", vcpu, states[info.state]);
        for (unsigned i = PV_RUNSTATE_RUNNING; i <= PV_RUNSTATE_BLOCKED; i++)
            pv_printf("  %5lu.%03lu s", info.time[i] / PV_SECOND_NS, info.time[i] % PV_SECOND_NS / PV_MILLISECOND_NS);
        pv_printf("\n");
    } else {
        pv_printf("%4u  %s; this hypervisor does not count its time\n", vcpu, is_up ? "up" : "down");
    }
    return true;
}

static void show_domains(void)
{
    static char names[PV_XENSTORE_PAYLOAD_MAX + 1];
    const int own = pv_xs_own_domid();
    const int length = pv_xs_directory(PV_XS_NO_TRANSACTION, "/local/domain", names, sizeof names);
    if (length < 0) {
        pv_printf("domains: %s\n", pv_error_text(length));
        return;
    }
    pv_printf("\ndomain  name\n");
    for (const char *id = names; id < names + length; id += pv_strlen(id) + 1) {
        char path[64], name[64];
        uint64_t number;
        pv_snprintf(path, sizeof path, "/local/domain/%s/name", id);
        if (!pv_parse_number(id, &number) || pv_xs_read(PV_XS_NO_TRANSACTION, path, name, sizeof name) < 0)
            continue; // gone meanwhile, or the monitor, which has no name
        pv_printf("%6lu  ", number);
        print_text(name, pv_strlen(name), "");
        pv_printf("%s\n", number == (uint64_t)own ? "  (this one)" : "");
    }
}

// A kernel is the one process in its domain. What somebody schedules here are vCPUs and domains, so those are shown.
void run_ps(const char *argument)
{
    (void)argument;
    pv_printf("vCPU  state         running     runnable      blocked\n");
    for (unsigned vcpu = 0; show_vcpu(vcpu); vcpu++)
        ;
    show_domains();
}

void run_reboot(const char *argument)
{
    (void)argument;
    pv_fs_release();
    pv_reboot();
}

void run_poweroff(const char *argument)
{
    uint64_t status = 0;
    if (*argument && (!pv_parse_number(argument, &status) || status > 99)) {
        pv_printf("poweroff: the status is a number from 0 to 99\n");
        return;
    }
    pv_fs_release();
    pv_exit((int)status);
}
