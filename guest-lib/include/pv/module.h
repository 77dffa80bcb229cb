// SPDX-License-Identifier: MIT
// The modules that a boot loader gave this kernel: lines `module FILE ARGUMENTS` of a menu.lst.
//
// They lie in what pv_ramdisk() answers, which is then a package (pv_multiboot_mod_list). Who built it may have made mistakes,
// so a descriptor that leads outside of the package ends the list.
//
// In any context, once pv_memory_init was called.
//
// Example:
//     uint64_t bytes_in_all_modules(void)
//     {
//         struct pv_module module;
//         uint64_t bytes = 0;
//         for (unsigned i = 0; pv_module_get(i, &module); i++)
//             bytes += module.bytes;
//         return bytes;
//     }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_module {
    const void *data;         // begins on a page, if a loader put it there
    uint64_t bytes;
    const char *command_line; // begins with the name of the module's file
};

// Module number `index`, from 0. False when there are not so many, or no modules at all.
bool pv_module_get(unsigned index, struct pv_module *module);

#ifdef __cplusplus
}
#endif
