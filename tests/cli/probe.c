// SPDX-License-Identifier: MIT
// The guest of the command's tests: its command line says what it does. `do=` is one of
//   exit    ends with `status=N`, after `after=MS` milliseconds if that is given
//   echo    says "ready", then the number of each byte that is typed, until a 'q'
//   count   prints `lines=N` numbered lines
//   spin    says "spinning" and spins for ever, with events masked and without a call
//   yield   says "yielding" and yields for ever
//   crash   writes where nothing is
//   panic   gives up

#include <pv/console.h>
#include <pv/event.h>
#include <pv/guest.h>
#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pvabi/sched.h>

static int echo(void)
{
    pv_puts("ready");
    for (;;) {
        pv_console_wait(~UINT64_C(0));
        for (int byte = pv_console_getc(); byte >= 0; byte = pv_console_getc()) {
            pv_printf("byte %d\n", byte);
            if (byte == 'q')
                return (int)pv_option_number("status", 0);
        }
    }
}

static void count(void)
{
    const uint64_t lines = pv_option_number("lines", 10);
    for (uint64_t i = 0; i < lines; i++)
        pv_printf("line %010lu of a text that is as long as its number is large\n", i);
}

__attribute__((noinline)) static void spin_here(void)
{
    for (volatile unsigned long i = 0;; i++)
        __asm__ volatile("");
}

static volatile uintptr_t absent = 16; // the compiler must not know

__attribute__((noinline)) static void crash_here(void)
{
    volatile int *nothing = (volatile int *)absent;
    *nothing = 1;
}

int pv_main(const char *command_line)
{
    char what[16] = "";
    pv_option("do", what, sizeof what);
    const uint64_t after = pv_option_number("after", 0);
    if (pv_streq(what, "echo"))
        return echo();
    if (pv_streq(what, "count"))
        count();
    if (pv_streq(what, "spin")) {
        pv_irq_disable();
        pv_puts("spinning");
        spin_here();
    }
    if (pv_streq(what, "yield")) {
        pv_puts("yielding");
        for (;;)
            pv_sched_op(PV_SCHEDOP_YIELD, 0);
    }
    if (pv_streq(what, "crash")) {
        pv_puts("crashing");
        crash_here();
    }
    if (pv_streq(what, "panic"))
        pv_panic("the test asked for it");
    if (pv_streq(what, "exit"))
        pv_printf("told \"%s\"\n", command_line);
    if (after)
        pv_sleep_ns(after * PV_MILLISECOND_NS);
    return (int)pv_option_number("status", 0);
}
