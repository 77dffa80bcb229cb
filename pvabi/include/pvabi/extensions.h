// SPDX-License-Identifier: MIT
// The calls that Xen does not have: numbers 64 and up in hypercalls.h. They exist if and only if
// xen_version(XENVER_extraversion) answers a text that begins with PV_EXTRAVERSION_PREFIX (version.h).
//
//   chainload(argument)    replaces the running kernel by the one in the given frames; see pv_chainload
//   nop()                  always crosses to the monitor, does nothing, answers 0: for measuring
//   exit_status(code)      what the domain's end shall mean to its starter: 0 to PV_EXIT_STATUS_MAX, else -EINVAL.
//                          Takes effect at the next shutdown with PV_SHUTDOWN_POWEROFF; the last call counts.
#pragma once

#include <stdint.h>

#include "assert.h"

#define PV_EXIT_STATUS_MAX 99

// pv_chainload.flags
#define PV_CHAINLOAD_MULTIBOOT_MOD (1U << 0) // initrd is a multiboot module list (PV_SIF_MULTIBOOT_MOD)
#define PV_CHAINLOAD_FLAGS_ALL (1U << 0)     // other bits are refused

#define PV_CHAINLOAD_REASON_MAX 256 // longer buffers are accepted, no text is longer

// Each object is described by an array of frame numbers (uint64_t each), one per 4 KiB of it, the last frame filled in
// part, and by its size in bytes. Size 0 means that there is none; only the kernel is required.
// On success the call does not return: the domain runs the new kernel. On failure nothing has changed, and the reason is
// written to the buffer as text for people.
struct pv_chainload {
    uint64_t kernel_frames;  // in: guest address of the array for the kernel's file, decompressed
    uint64_t kernel_bytes;   // in
    uint64_t initrd_frames;  // in: the same for the ramdisk, passed on as it is
    uint64_t initrd_bytes;   // in
    uint64_t cmdline_frames; // in: the same for the command line
    uint64_t cmdline_bytes;  // in: without a NUL; less than PV_MAX_GUEST_CMDLINE
    uint64_t reason;         // in: guest address of a buffer that receives a NUL-terminated text on failure; 0: none
    uint32_t reason_bytes;   // in: its size
    uint32_t flags;          // in: PV_CHAINLOAD_*
};

PV_ASSERT_SIZE(struct pv_chainload, 64);
PV_ASSERT_ALIGN(struct pv_chainload, 8);
PV_ASSERT_OFFSET(struct pv_chainload, kernel_frames, 0);
PV_ASSERT_OFFSET(struct pv_chainload, kernel_bytes, 8);
PV_ASSERT_OFFSET(struct pv_chainload, initrd_frames, 16);
PV_ASSERT_OFFSET(struct pv_chainload, initrd_bytes, 24);
PV_ASSERT_OFFSET(struct pv_chainload, cmdline_frames, 32);
PV_ASSERT_OFFSET(struct pv_chainload, cmdline_bytes, 40);
PV_ASSERT_OFFSET(struct pv_chainload, reason, 48);
PV_ASSERT_OFFSET(struct pv_chainload, reason_bytes, 56);
PV_ASSERT_OFFSET(struct pv_chainload, flags, 60);
