// SPDX-License-Identifier: MIT
// From the relocated image to pv_main. Only memory is prepared here; every other part of the library prepares itself at
// its first use, so that a guest carries only what it uses.

#include <pv/start.h>

#include <pv/memory.h>

void pv_start_main(const struct pv_start_info *info, uintptr_t load_bias, uintptr_t boot_stack_top); // from start.S

void pv_start_main(const struct pv_start_info *info, uintptr_t load_bias, uintptr_t boot_stack_top)
{
    pv_memory_init(info, load_bias, boot_stack_top); // VIRT_BASE is 0 at link time
    pv_exit(pv_main(info->cmd_line));
}
