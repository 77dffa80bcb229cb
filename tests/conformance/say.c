// SPDX-License-Identifier: MIT
// Answers as words.

#include "say.h"

#include <stdint.h>

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/printf.h>

#include <pvabi/errno.h>
#include <pvabi/grant_table.h>
#include <pvabi/xen_version.h>

static void print_answer(long answer)
{
#define NAME(error) case -PV_##error: pv_printf(" -%s", #error); return
    switch (answer) {
        NAME(EPERM);
        NAME(ENOENT);
        NAME(ESRCH);
        NAME(ENXIO);
        NAME(E2BIG);
        NAME(ENOMEM);
        NAME(EACCES);
        NAME(EFAULT);
        NAME(EBUSY);
        NAME(EEXIST);
        NAME(EINVAL);
        NAME(ENOSPC);
        NAME(ENOSYS);
        NAME(ETIME);
        NAME(EOPNOTSUPP);
    }
#undef NAME
    pv_printf(" %ld", answer);
}

void say_all(const char *what, const long *answers, unsigned count)
{
    pv_printf("%s:", what);
    for (unsigned i = 0; i < count; i++)
        print_answer(answers[i]);
    pv_printf("\n");
}

void say(const char *what, long answer)
{
    say_all(what, &answer, 1);
}

void say_made(const char *what, long answer)
{
    if (answer < 0)
        say(what, answer);
    else
        pv_printf("%s: made\n", what);
}

void say_whether(const char *what, bool so)
{
    pv_printf("%s: %s\n", what, so ? "yes" : "no");
}

void say_status(const char *what, long answer, int status)
{
    static const char *const names[] = {"okay",           "general_error",     "bad_domain",   "bad_gntref", "bad_handle",
                                        "bad_virt_addr",  "bad_dev_addr",      "no_device_space", "permission_denied", "bad_page",
                                        "bad_copy_arg",   "address_too_big",   "eagain",       "no_space"};
    if (answer != 0)
        say(what, answer);
    else if (status <= 0 && status > -(int)(sizeof names / sizeof names[0]))
        pv_printf("%s: %s\n", what, names[-status]);
    else
        pv_printf("%s: status %d\n", what, status);
}

// Behind the last byte that the guest may use.
static uintptr_t end_of_memory(void)
{
    struct pv_platform_parameters parameters;
    if (!pv_is_auto_translated() || pv_xen_version(PV_XENVER_PLATFORM_PARAMETERS, &parameters) != 0)
        return pv_ram_end;
    return parameters.virt_start;
}

void say_bad_pointers(const char *what, pointer_call call, size_t bytes)
{
    const uintptr_t bad[] = {0, UINT64_C(0x7fffffff0000), UINT64_C(1) << 63, end_of_memory() - bytes / 2};
    long answers[sizeof bad / sizeof bad[0]];
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        answers[i] = call((void *)bad[i]);
    say_all(what, answers, sizeof bad / sizeof bad[0]);
}
