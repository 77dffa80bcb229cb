// SPDX-License-Identifier: MIT
// xen_version.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/features.h>
#include <pvabi/xen_version.h>

#define COMMAND_LINE_LEN 1024

// Longer than any buffer that xen_version fills.
static char buffer[PV_XEN_CAPABILITIES_INFO_LEN + 1];

static long extraversion(void *argument) { return pv_xen_version(PV_XENVER_EXTRAVERSION, argument); }
static long capabilities(void *argument) { return pv_xen_version(PV_XENVER_CAPABILITIES, argument); }
static long changeset(void *argument) { return pv_xen_version(PV_XENVER_CHANGESET, argument); }
static long compile_info(void *argument) { return pv_xen_version(PV_XENVER_COMPILE_INFO, argument); }
static long guest_handle(void *argument) { return pv_xen_version(PV_XENVER_GUEST_HANDLE, argument); }
static long command_line(void *argument) { return pv_xen_version(PV_XENVER_COMMANDLINE, argument); }
static long platform_parameters(void *argument) { return pv_xen_version(PV_XENVER_PLATFORM_PARAMETERS, argument); }
static long get_features(void *argument) { return pv_xen_version(PV_XENVER_GET_FEATURES, argument); }

// The answer, and whether a text came that ends within its buffer and nothing was written behind that.
static void say_text(const char *what, pointer_call call, size_t size)
{
    memset(buffer, 'x', sizeof buffer);
    say(what, call(buffer));
    say_whether("  is a text", pv_strlen(buffer) < size && buffer[size] == 'x');
}

static bool has_word(const char *text, const char *word)
{
    const size_t length = pv_strlen(word);
    for (; *text; text++)
        if (memcmp(text, word, length) == 0 && (text[length] == ' ' || text[length] == '\0'))
            return true;
    return false;
}

static void say_features(void)
{
    struct pv_feature_info info = {.submap_idx = 0};
    say("xen_version get_features", get_features(&info));
    say_whether("  auto_translated_physmap", info.submap >> PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP & 1);
    say_whether("  writable_page_tables", info.submap >> PV_XENFEAT_WRITABLE_PAGE_TABLES & 1);
    say_whether("  supervisor_mode_kernel", info.submap >> PV_XENFEAT_SUPERVISOR_MODE_KERNEL & 1);
    say_whether("  mmu_pt_update_preserve_ad", info.submap >> PV_XENFEAT_MMU_PT_UPDATE_PRESERVE_AD & 1);
    say_whether("  gnttab_map_avail_bits", info.submap >> PV_XENFEAT_GNTTAB_MAP_AVAIL_BITS & 1);
    say_whether("  dom0", info.submap >> PV_XENFEAT_DOM0 & 1);
    info.submap_idx = 1;
    say("xen_version get_features of submap 1", get_features(&info));
    info.submap_idx = ~0U;
    say("xen_version get_features of the last submap", get_features(&info));
}

void conform_version(void)
{
    say_whether("xen_version version is 4.17", pv_xen_version(PV_XENVER_VERSION, NULL) == (4 << 16 | 17));
    say_text("xen_version extraversion", extraversion, PV_XEN_EXTRAVERSION_LEN);
    say_whether("  begins with -pvisor-", memcmp(buffer, "-pvisor-", 8) == 0);
    say_text("xen_version capabilities", capabilities, PV_XEN_CAPABILITIES_INFO_LEN);
    say_whether("  has xen-3.0-x86_64", has_word(buffer, "xen-3.0-x86_64"));
    say_text("xen_version changeset", changeset, PV_XEN_CHANGESET_INFO_LEN);
    say("xen_version compile_info", compile_info(buffer));
    say_whether("  names a compiler", pv_strlen(buffer) > 0 && pv_strlen(buffer) < sizeof ((struct pv_compile_info *)buffer)->compiler);
    memset(buffer, 'x', sizeof buffer);
    say("xen_version guest_handle", guest_handle(buffer));
    say_whether("  is zeros", memcmp(buffer, (char[16]){0}, 16) == 0 && buffer[16] == 'x');
    say_text("xen_version commandline", command_line, COMMAND_LINE_LEN);
    say_whether("  is denied", memcmp(buffer, "<denied>", sizeof "<denied>") == 0);
    say_made("xen_version build_id", pv_xen_version(PV_XENVER_BUILD_ID, NULL));
    say("xen_version platform_parameters", platform_parameters(buffer));
    say_features();
    say("xen_version pagesize", pv_xen_version(PV_XENVER_PAGESIZE, NULL));
    say("xen_version pagesize with a buffer", pv_xen_version(PV_XENVER_PAGESIZE, buffer));

    say_bad_pointers("xen_version extraversion, nowhere", extraversion, PV_XEN_EXTRAVERSION_LEN);
    say_bad_pointers("xen_version capabilities, nowhere", capabilities, PV_XEN_CAPABILITIES_INFO_LEN);
    say_bad_pointers("xen_version changeset, nowhere", changeset, PV_XEN_CHANGESET_INFO_LEN);
    say_bad_pointers("xen_version compile_info, nowhere", compile_info, sizeof(struct pv_compile_info));
    say_bad_pointers("xen_version guest_handle, nowhere", guest_handle, 16);
    say_bad_pointers("xen_version commandline, nowhere", command_line, sizeof "<denied>");
    say_bad_pointers("xen_version platform_parameters, nowhere", platform_parameters, sizeof(struct pv_platform_parameters));
    say_bad_pointers("xen_version get_features, nowhere", get_features, sizeof(struct pv_feature_info));
    say("xen_version, command 11", pv_xen_version(11, buffer));
    say("xen_version, command of all ones", pv_xen_version(~0U, buffer));
}
