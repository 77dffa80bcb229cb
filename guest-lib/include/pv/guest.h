// SPDX-License-Identifier: MIT
// What nearly every guest needs: pv_main and pv_exit, printing, giving up. Everything else is included by name:
//   hypercall.h event.h trap.h time.h    the ABI, its events, exceptions and clocks
//   memory.h pages.h heap.h grant.h      memory, one's own and shared
//   xenstore.h blkfront.h console.h      talking to the outside
//   string.h barrier.h                   small tools
//
// Example:
//     int pv_main(const char *command_line)
//     {
//         pv_printf("Hello, %s\n", command_line);
//         return 0;
//     }
#pragma once

#include <pv/console.h>
#include <pv/panic.h>
#include <pv/printf.h>
#include <pv/start.h>
