// SPDX-License-Identifier: MIT
// A kernel on two processors: they share the work of counting primes, then pass a word to and fro by events.

#include <pv/event.h>
#include <pv/guest.h>
#include <pv/hypercall.h>
#include <pv/smp.h>

#include <pvabi/errno.h>
#include <pvabi/sched.h>

#define LIMIT 20000u
#define CHUNK 500u
#define PASSES 3

static char stack[16384] __attribute__((aligned(16)));

// Both vCPUs print: one line at a time.
static struct pv_spinlock console_lock;
#define say(...)                       \
    do {                               \
        pv_spin_lock(&console_lock);   \
        pv_printf(__VA_ARGS__);        \
        pv_spin_unlock(&console_lock); \
    } while (0)

static unsigned next_chunk = 2; // whoever is free takes the next one
static unsigned primes;
static pv_evtchn_port_t to[2]; // an event that wakes vCPU 0, and one for vCPU 1

static bool is_prime(unsigned number)
{
    for (unsigned divisor = 2; divisor * divisor <= number; divisor++)
        if (number % divisor == 0)
            return false;
    return true;
}

static void count_primes(void)
{
    for (;;) {
        const unsigned from = __atomic_fetch_add(&next_chunk, CHUNK, __ATOMIC_RELAXED);
        if (from >= LIMIT)
            return;
        unsigned found = 0;
        for (unsigned number = from; number < from + CHUNK && number < LIMIT; number++)
            found += is_prime(number);
        __atomic_fetch_add(&primes, found, __ATOMIC_RELAXED);
    }
}

static void second(void *name)
{
    say("This is vCPU %u, started as \"%s\".\n", pv_vcpu_id(), (const char *)name);
    count_primes();
    pv_event_send(to[0]);
    for (unsigned pass = 0; pass < PASSES; pass++) {
        pv_event_wait(to[1]);
        say("vCPU 1: pong\n");
        pv_event_send(to[0]);
    }
    say("vCPU 1 stops.\n");
}

static int bind_ports(void)
{
    for (unsigned id = 0; id < 2; id++) {
        const int port = pv_event_bind_ipi(id);
        if (port < 0)
            return port;
        to[id] = (pv_evtchn_port_t)port;
    }
    return 0;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_printf("This is vCPU 0 of %u.\n", pv_vcpu_count());
    int result = bind_ports();
    if (result == 0)
        result = pv_vcpu_start(1, second, (void *)"second", stack, sizeof stack);
    if (result < 0) {
        pv_printf("cannot start vCPU 1: error %d%s\n", -result, result == -PV_ENOENT ? ": give the domain two, by --vcpus 2" : "");
        return 1;
    }
    count_primes();
    pv_event_wait(to[0]); // it has said its name and counted, too; told once, for events do not add up while one is pending
    say("There are %u primes below %u.\n", primes, LIMIT);
    for (unsigned pass = 0; pass < PASSES; pass++) {
        say("vCPU 0: ping\n");
        pv_event_send(to[1]);
        pv_event_wait(to[0]);
    }
    while (pv_vcpu_is_up(1))
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    pv_printf("vCPU 0 is alone again.\n");
    return 0;
}
