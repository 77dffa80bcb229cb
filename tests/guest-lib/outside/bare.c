// SPDX-License-Identifier: MIT
// A kernel that uses the headers of the ABI and no library: start, notes, hypercall page, one line of output, the end.
//
//     cc -ffreestanding -nostdlib -static -fno-pie -no-pie -mno-red-zone -fno-stack-protector -fcf-protection=none
//         $(pkg-config --cflags pvabi) -Wl,-Ttext-segment=0x40000000 bare.c -o bare.elf
//
// It is linked to a fixed address, which VIRT_BASE and PADDR_OFFSET tell, and not relocatable.
#include <pvabi/console_io.h>
#include <pvabi/elfnote.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>
#include <pvabi/start_info.h>

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number
#define NOTE(type, value) ".long 4, 8, " TEXT(type) "\n .asciz \"Xen\"\n .quad " value "\n"

__asm__(".section .note.Xen, \"a\", @note\n .balign 4\n"
        NOTE(PV_ELFNOTE_ENTRY, "_start")
        NOTE(PV_ELFNOTE_HYPERCALL_PAGE, "hypercall_page")
        NOTE(PV_ELFNOTE_VIRT_BASE, "0x40000000")
        NOTE(PV_ELFNOTE_PADDR_OFFSET, "0x40000000")
        ".long 4, 4, " TEXT(PV_ELFNOTE_SUPPORTED_FEATURES) "\n .asciz \"Xen\"\n .long 4\n" // auto_translated_physmap
        ".long 4, 8, " TEXT(PV_ELFNOTE_XEN_VERSION) "\n .asciz \"Xen\", \"xen-3.0\"\n"
        ".long 4, 8, " TEXT(PV_ELFNOTE_LOADER) "\n .asciz \"Xen\", \"generic\"\n"
        ".text\n .balign 4096\n hypercall_page: .skip 4096\n"
        ".globl _start\n _start: mov %rsi, %rdi\n and $-16, %rsp\n call kernel_main\n ud2\n");

static long hypercall(long number, long a1, long a2, const void *a3)
{
    extern const char hypercall_page[];
    const char *stub = hypercall_page + number * PV_HYPERCALL_STUB_SIZE;
    long result;
    __asm__ volatile("call *%[stub]"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3)
                     : [stub] "r"(stub)
                     : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

static void print(const char *text)
{
    long length = 0;
    while (text[length])
        length++;
    hypercall(PV_HC_CONSOLE_IO, PV_CONSOLEIO_WRITE, length, text);
}

void kernel_main(const struct pv_start_info *info);

void kernel_main(const struct pv_start_info *info)
{
    print("I was started by a builder of ");
    print(info->magic);
    print("\n");
    struct pv_sched_shutdown off = {.reason = PV_SHUTDOWN_POWEROFF};
    hypercall(PV_HC_SCHED_OP, PV_SCHEDOP_SHUTDOWN, (long)&off, 0);
}
