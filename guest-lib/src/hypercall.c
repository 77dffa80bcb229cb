// SPDX-License-Identifier: MIT
// The hypercall whose number is not a constant.

#include <pv/hypercall.h>

#include <pvabi/errno.h>

long pv_hypercall(unsigned number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                  unsigned long a5)
{
    if (number >= PV_HYPERCALL_SLOTS)
        return -PV_ENOSYS;

    register unsigned long r10 __asm__("r10") = a4;
    register unsigned long r8 __asm__("r8") = a5;
    const char *stub = pv_hypercall_page + number * PV_HYPERCALL_STUB_SIZE;
    long result;
    __asm__ volatile("call *%[stub]"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                     : [stub] "r"(stub)
                     : "rcx", "r11", "memory", "cc");
    return result;
}
