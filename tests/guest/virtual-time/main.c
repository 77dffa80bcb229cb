// SPDX-License-Identifier: MIT
// In a deterministic run time is what the monitor says: it moves by one step with each call that reaches the monitor and not
// by itself, the CPU's counter shows the same time, also where it is read with rdtscp, and a long sleep takes no time.

#include <pv/guest.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include "report.h"

static uint64_t counter(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t counter_and_cpu(uint32_t *cpu)
{
    uint32_t low, high;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*cpu) : : "memory");
    return (uint64_t)high << 32 | low;
}

// The answer comes by way of a signal: it must not disturb what the guest keeps in registers.
static bool keeps_registers(void)
{
    uint64_t given = 0x1122334455667788, got;
    __asm__ volatile("movq %1, %%xmm7\n\trdtsc\n\tmovq %%xmm7, %0" : "=r"(got) : "r"(given) : "rax", "rdx", "xmm7");
    return got == given;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const uint64_t before = pv_time_ns();
    for (volatile int i = 0; i < 1000000; i++)
        ;
    CHECK(pv_time_ns() == before);
    CHECK(counter() == before);
    uint32_t cpu = 77;
    CHECK(counter_and_cpu(&cpu) == before);
    CHECK_EQUAL(cpu, 0);
    CHECK(keeps_registers());

    CHECK_EQUAL(pv_nop(), 0);
    const uint64_t step = pv_time_ns() - before;
    CHECK_EQUAL(step, 1000);
    CHECK(counter() == before + step);

    pv_sleep_ns(3600 * PV_SECOND_NS);
    CHECK(pv_time_ns() >= before + 3600 * PV_SECOND_NS);
    CHECK(counter() == pv_time_ns());
    return report_end();
}
