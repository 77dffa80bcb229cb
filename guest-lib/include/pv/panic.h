// SPDX-License-Identifier: MIT
// Giving up: prints why and where, and crashes the domain. Addresses in backtraces are link-time ones, ready for
// `addr2line -e guest.elf`. With upcalls in whatever state, in handlers too.
//
// A hook: what the library itself gives up for ends in pv_panic, too. A kernel that has its own way defines pv_panic, and the
// library's, with all it needs for printing, is not linked.
//
// Example:
//     void check_index(unsigned index, unsigned size)
//     {
//         PV_ASSERT(size != 0);
//         if (index >= size)
//             pv_panic("index %u of %u", index, size);
//     }
#pragma once

#include <pv/attributes.h>

struct pv_cpu_user_regs;

#ifdef __cplusplus
extern "C" {
#endif

PV_NORETURN void pv_panic(const char *format, ...) PV_PRINTF(1, 2);

// The same for code that was interrupted with these registers.
PV_NORETURN void pv_panic_at(const struct pv_cpu_user_regs *regs, const char *format, ...) PV_PRINTF(2, 3);

// For what cannot be unless this program is wrong.
#define PV_ASSERT(condition) \
    ((condition) ? (void)0 : pv_panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition))

// Prints the calls that led here, by frame pointers.
void pv_backtrace(void);

#ifdef __cplusplus
}
#endif
