// SPDX-License-Identifier: MIT
// Reads the package of modules behind start_info's mod_start.

#include <pv/module.h>

#include <stddef.h>

#include <pv/memory.h>
#include <pv/start.h>

#include <pvabi/start_info.h>

static bool has_end(const char *text, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++)
        if (text[i] == '\0')
            return true;
    return false;
}

// The descriptor of module `index`, or null behind the last one.
static const struct pv_multiboot_mod_list *descriptor(const char *package, uint64_t bytes, unsigned index)
{
    const struct pv_multiboot_mod_list *list = (const struct pv_multiboot_mod_list *)package;
    const uint64_t room = bytes / sizeof *list;
    for (unsigned i = 0; i < room && list[i].mod_start != 0; i++)
        if (i == index)
            return &list[i];
    return NULL;
}

bool pv_module_get(unsigned index, struct pv_module *module)
{
    uint64_t bytes;
    const char *package = pv_ramdisk(&bytes);
    if (!package || !(pv_start_info->flags & PV_SIF_MULTIBOOT_MOD))
        return false;
    const struct pv_multiboot_mod_list *found = descriptor(package, bytes, index);
    if (!found || found->mod_end < found->mod_start || found->mod_end >= bytes || found->cmdline >= bytes)
        return false;
    if (!has_end(package + found->cmdline, bytes - found->cmdline))
        return false;
    module->data = package + found->mod_start;
    module->bytes = (uint64_t)found->mod_end - found->mod_start + 1;
    module->command_line = package + found->cmdline;
    return true;
}
