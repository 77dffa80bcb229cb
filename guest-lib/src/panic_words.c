// SPDX-License-Identifier: MIT
// What the last words of a guest are made of.

#include "panic_words.h"

#include <pv/event.h>
#include <pv/memory.h>
#include <pv/panic.h>
#include <pv/printf.h>
#include <pv/start.h>

#include <pvabi/sched.h>

#define MAX_FRAMES 32

// Frames lie in the domain's memory, aligned, each above the one before: a broken chain ends instead of faulting.
void pv_print_calls(uintptr_t frame)
{
    uintptr_t lowest = pv_base;
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        if (frame < lowest || frame > pv_ram_end - 16 || frame % 8 != 0)
            return;
        const uintptr_t *words = (const uintptr_t *)frame;
        pv_printf("  called from %#lx\n", (unsigned long)(words[1] - pv_base));
        lowest = frame + 16;
        frame = words[0];
    }
}

void pv_backtrace(void)
{
    pv_print_calls((uintptr_t)__builtin_frame_address(0));
}

// A panic while panicking ends at once.
void pv_panic_begin(const char *format, va_list arguments)
{
    static bool panicking;
    pv_irq_disable();
    if (panicking)
        pv_shutdown(PV_SHUTDOWN_CRASH);
    panicking = true;
    pv_printf("guest panic: ");
    pv_vprintf(format, arguments);
    pv_printf("\n");
}
