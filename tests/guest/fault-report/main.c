// SPDX-License-Identifier: MIT
// fault-report: a guest that faults ends with a report that leads to the line at fault.
//
// Whoever ports a kernel sees this report a hundred times. It names the exception, the address, the functions by name, and
// the command ends with 134; what the guest printed before is on the console.

#include "report.h"

// The backtrace shall name these functions, so the compiler must neither inline nor specialise them.
#if defined(__clang__)
#define AS_WRITTEN __attribute__((noinline))
#else
#define AS_WRITTEN __attribute__((noinline, noclone))
#endif

#define NOBODYS_ADDRESS 0x1010

AS_WRITTEN static void write_to(volatile int *address)
{
    pv_puts("writing"); // a call first: the frame, by which the report finds the caller, is set up before it
    *address = 42;
    pv_puts("FAILURE it was written");
    __asm__ volatile("");
}

AS_WRITTEN static void middle_of_things(void)
{
    write_to((volatile int *)NOBODYS_ADDRESS);
    __asm__ volatile("");
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_puts("before the fault");
    middle_of_things();
    pv_puts("FAILURE it went on");
    return 1;
}
