// SPDX-License-Identifier: MIT
// The kernel's own allocator, printing, panic and interrupt flag; at the end the library's hooks, which lead here.

#include "toys.h"

#include <stdarg.h>

#include <pv/event.h>
#include <pv/heap.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/panic.h>

#include <pvabi/console_io.h>
#include <pvabi/sched.h>

static uintptr_t heap_begin, heap_end; // nothing comes back: this is a toy

void heap_init(uintptr_t begin, uintptr_t end)
{
    heap_begin = begin;
    heap_end = end;
}

static void *take(size_t size, size_t alignment)
{
    const uintptr_t block = (heap_begin + alignment - 1) & ~(alignment - 1);
    if (block > heap_end || size > heap_end - block)
        panic("out of memory");
    heap_begin = block + size;
    return (void *)block;
}

void *malloc(size_t size) { return take(size, 16); }
void free(void *block) { (void)block; }
void *page_alloc(void) { return take(PV_PAGE_SIZE, PV_PAGE_SIZE); }

void *memset(void *to, int byte, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile char *)to)[i] = (char)byte;
    return to;
}

static void put(const char *bytes, size_t size)
{
    pv_console_io(PV_CONSOLEIO_WRITE, (unsigned)size, (char *)(uintptr_t)bytes);
}

static void put_number(unsigned number)
{
    if (number >= 10)
        put_number(number / 10);
    put(&"0123456789"[number % 10], 1);
}

int printf(const char *format, ...) // %s and %u
{
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(format, 1);
            continue;
        }
        format++;
        if (*format == 'u')
            put_number(va_arg(arguments, unsigned));
        else
            for (const char *text = va_arg(arguments, const char *); *text; text++)
                put(text, 1);
    }
    va_end(arguments);
    return 0;
}

void panic(const char *why)
{
    printf("panic: %s\n", why);
    struct pv_sched_shutdown crash = {.reason = PV_SHUTDOWN_CRASH};
    for (;;)
        pv_sched_op(PV_SCHEDOP_SHUTDOWN, &crash);
}

// The flag is one byte that the hypervisor looks at. Who clears it has to look whether something came meanwhile.
void cli(void)
{
    __atomic_store_n(&pv_shared->vcpu_info[0].evtchn_upcall_mask, (uint8_t)1, __ATOMIC_SEQ_CST);
}

void sti(void)
{
    __atomic_exchange_n(&pv_shared->vcpu_info[0].evtchn_upcall_mask, (uint8_t)0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pv_shared->vcpu_info[0].evtchn_upcall_pending, __ATOMIC_SEQ_CST))
        pv_sched_op(PV_SCHEDOP_YIELD, NULL); // any hypercall delivers on its way back
}

// Hooks of the library ---------------------------------------------------------------------------------------------

void *pv_malloc(size_t size) { return malloc(size); }
void pv_free(void *block) { free(block); }
void *pv_pages_alloc(unsigned order) { return order == 0 ? page_alloc() : NULL; }
void pv_pages_free(void *run, unsigned order) { (void)run, (void)order; }

void pv_panic(const char *format, ...)
{
    panic(format);
    for (;;)
        ;
}
