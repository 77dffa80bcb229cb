// SPDX-License-Identifier: MIT
// xen-version: everything a kernel may ask about its hypervisor, answered as Xen does, and no byte beyond the answer.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/string.h>

#include <pvabi/errno.h>
#include <pvabi/features.h>
#include <pvabi/xen_version.h>

static char buffer[2048];

// Asks with a poisoned buffer: `size` bytes are the answer's, those behind stay.
static long ask(unsigned command, size_t size)
{
    memset(buffer, 'x', sizeof buffer);
    const long result = pv_xen_version(command, buffer);
    for (size_t i = size; i < sizeof buffer; i++)
        if (buffer[i] != 'x') {
            CHECK_EQUAL(i, size);
            break;
        }
    return result;
}

static bool zero_from(size_t at, size_t end)
{
    while (at < end && buffer[at] == 0)
        at++;
    return at == end;
}

static void check_text(unsigned command, size_t size, const char *text)
{
    CHECK_EQUAL(ask(command, size), 0);
    CHECK_EQUAL(memcmp(buffer, text, pv_strlen(text)), 0);
    CHECK(zero_from(pv_strlen(buffer), size));
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(ask(PV_XENVER_VERSION, 0), 4 << 16 | 17);
    check_text(PV_XENVER_EXTRAVERSION, PV_XEN_EXTRAVERSION_LEN, "-pvisor-");
    check_text(PV_XENVER_CAPABILITIES, PV_XEN_CAPABILITIES_INFO_LEN, "xen-3.0-x86_64");
    check_text(PV_XENVER_CHANGESET, PV_XEN_CHANGESET_INFO_LEN, "unavailable");

    CHECK_EQUAL(ask(PV_XENVER_COMPILE_INFO, sizeof(struct pv_compile_info)), 0);
    const struct pv_compile_info *info = (const struct pv_compile_info *)buffer;
    CHECK(pv_strlen(info->compiler) > 0);
    CHECK_EQUAL(memcmp(info->compile_by, "pvisor", 7), 0);
    CHECK_EQUAL(info->compile_domain[0] | info->compile_date[0], 0);

    CHECK_EQUAL(ask(PV_XENVER_PLATFORM_PARAMETERS, sizeof(struct pv_platform_parameters)), 0);
    CHECK(((const struct pv_platform_parameters *)buffer)->virt_start > (uintptr_t)pv_shared);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_PAGESIZE, NULL), 4096);
    CHECK_EQUAL(ask(PV_XENVER_PAGESIZE, 0), -PV_EINVAL);

    CHECK_EQUAL(ask(PV_XENVER_GUEST_HANDLE, 16), 0);
    CHECK(zero_from(0, 16));
    CHECK_EQUAL(ask(PV_XENVER_COMMANDLINE, 9), 0);
    CHECK_EQUAL(memcmp(buffer, "<denied>", 9), 0);
    CHECK_EQUAL(ask(PV_XENVER_BUILD_ID, 0), -PV_EPERM);

    struct pv_feature_info features = {.submap_idx = 0};
    CHECK_EQUAL(pv_xen_version(PV_XENVER_GET_FEATURES, &features), 0);
    CHECK_EQUAL(features.submap, 1u << PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP);
    features.submap_idx = 1;
    CHECK_EQUAL(pv_xen_version(PV_XENVER_GET_FEATURES, &features), -PV_EINVAL);

    static const unsigned with_buffer[] = {PV_XENVER_COMPILE_INFO, PV_XENVER_GUEST_HANDLE, PV_XENVER_COMMANDLINE};
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQUAL(pv_xen_version(with_buffer[i], NULL), -PV_EFAULT);
    CHECK_EQUAL(ask(11, 0), -PV_ENOSYS);
    return report_end();
}
