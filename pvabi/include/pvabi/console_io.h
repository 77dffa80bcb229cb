// SPDX-License-Identifier: MIT
// console_io(cmd, count, buffer): the emergency console, which needs no ring. `buffer` is the guest address of `count`
// bytes. Source: Xen's public/xen.h. No include: assembly may include this file.
#pragma once

#define PV_CONSOLEIO_WRITE 0 // print
#define PV_CONSOLEIO_READ 1  // take what was typed; answers the number of bytes
