// SPDX-License-Identifier: MIT
// Sizes fixed when the library is built. Readable by C, C++ and the assembler.
//
// Example:
//     #if PV_MAIN_STACK_SIZE < 0x8000
//     #error "this kernel's parser recurses deeper than that"
//     #endif
#pragma once

// The stack pv_main runs on, at the lowest addresses of the image: an overflow faults. The hypervisor's boot stack may be a
// single page.
#define PV_MAIN_STACK_SIZE 0x10000

// Ports that may have a handler at the same time (at most 255).
#define PV_EVENT_HANDLERS 128

// Grant table frames asked for; each holds 512 grants.
#define PV_GRANT_FRAMES 4
