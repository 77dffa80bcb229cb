// SPDX-License-Identifier: MIT
// The life of a guest: pv_main is called once the library knows its memory; returning from it, or pv_exit, ends the
// domain. Upcalls are masked and every event channel is masked until the guest asks for them (event.h).
//
// Example:
//     int pv_main(const char *command_line)
//     {
//         return command_line[0] == '\0' ? 1 : (int)pv_option_number("status", 0);
//     }
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <pvabi/start_info.h>

#include <pv/attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

// Written by the guest. Runs on a stack of PV_MAIN_STACK_SIZE bytes. The result is the exit status, 0 to 99.
int pv_main(const char *command_line);

// Waits for the console to take what was printed, tells the exit status (pvisor only) and powers the domain off.
PV_NORETURN void pv_exit(int status);

// Ends the domain and has it started anew.
PV_NORETURN void pv_reboot(void);

// Ends the domain for one of the reasons PV_SHUTDOWN_*; what pv_exit and pv_reboot are made of.
PV_NORETURN void pv_shutdown(unsigned reason);

// What the builder told this domain. Valid for ever. (Named for the linker, too: under pvabi/xen_compat.h the word is another.)
extern const struct pv_start_info *pv_start_info __asm__("pv_start_info");

// Copies the value of `key=value` from the command line, or "" for a bare `key`. Words are separated by blanks.
// Returns its length, or -PV_ENOENT, or -PV_ENAMETOOLONG if it does not fit into size bytes with its NUL.
int pv_option(const char *key, char *value, size_t size);

// The value of `key=N` in decimal (or hexadecimal with 0x), or the default when it is absent or no number.
uint64_t pv_option_number(const char *key, uint64_t otherwise);

#ifdef __cplusplus
}
#endif
