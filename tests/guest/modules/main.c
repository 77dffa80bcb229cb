// SPDX-License-Identifier: MIT
// modules: pv_module_get finds the modules of a package, and reads none that leads outside of it.
//
// Packages from a loader are tested with the loader; here the guest makes its own and lets start_info tell of them.

#include "report.h"

#include <pv/memory.h>
#include <pv/module.h>
#include <pv/string.h>

#define PACKAGE_BYTES 256
#define FIRST 64 // where the first module's bytes are, behind two descriptors and the empty one

static union {
    struct pv_multiboot_mod_list list[3];
    char bytes[PACKAGE_BYTES];
} package;
static struct pv_start_info info;

static void make_package(void)
{
    memset(&package, 0, sizeof package);
    package.list[0] = (struct pv_multiboot_mod_list){.mod_start = FIRST, .mod_end = FIRST + 4, .cmdline = FIRST + 16};
    package.list[1] = (struct pv_multiboot_mod_list){.mod_start = FIRST, .mod_end = PACKAGE_BYTES - 1, .cmdline = PACKAGE_BYTES - 1};
    memcpy(package.bytes + FIRST, "hello", 5);
    memcpy(package.bytes + FIRST + 16, "/file a b", 10);
}

static void use_package(uint32_t flags)
{
    info = *pv_start_info;
    info.mod_start = (uintptr_t)&package;
    info.mod_len = PACKAGE_BYTES;
    info.flags = flags;
    pv_start_info = &info;
}

static unsigned count_modules(void)
{
    struct pv_module module;
    unsigned count = 0;
    while (count < 10 && pv_module_get(count, &module))
        count++;
    return count;
}

static void check_good_package(void)
{
    struct pv_module module;
    make_package();
    CHECK_EQUAL(count_modules(), 2);
    CHECK(pv_module_get(0, &module));
    CHECK(module.data == package.bytes + FIRST);
    CHECK_EQUAL(module.bytes, 5);
    CHECK(pv_streq(module.command_line, "/file a b"));
    CHECK(pv_module_get(1, &module)); // it ends where the package does
    CHECK_EQUAL(module.bytes, PACKAGE_BYTES - FIRST);
    CHECK_EQUAL(module.command_line[0], '\0');
    CHECK(!pv_module_get(2, &module));
    CHECK(!pv_module_get(~0u, &module));
}

static void check_bad_packages(void)
{
    make_package();
    package.list[0].mod_end = FIRST - 1;
    CHECK_EQUAL(count_modules(), 0);
    make_package();
    package.list[1].mod_end = PACKAGE_BYTES;
    CHECK_EQUAL(count_modules(), 1);
    make_package();
    package.list[1].mod_start = package.list[1].mod_end = ~0u;
    CHECK_EQUAL(count_modules(), 1);
    make_package();
    package.list[1].cmdline = PACKAGE_BYTES;
    CHECK_EQUAL(count_modules(), 1);
    make_package();
    package.bytes[PACKAGE_BYTES - 1] = 'x'; // a command line without an end
    CHECK_EQUAL(count_modules(), 1);
    make_package();
    info.mod_len = sizeof(struct pv_multiboot_mod_list) + 1; // the second descriptor is cut, the first one's module is outside
    CHECK_EQUAL(count_modules(), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(count_modules(), 0); // no ramdisk
    use_package(0);
    make_package();
    CHECK_EQUAL(count_modules(), 0); // a ramdisk that is no package
    use_package(PV_SIF_MULTIBOOT_MOD);
    check_good_package();
    check_bad_packages();
    return report_end();
}
