// SPDX-License-Identifier: MIT
// All of pvabi at once, for the programs that print and compare its layout.
#pragma once

#include <pvabi/assert.h>
#include <pvabi/callback.h>
#include <pvabi/console_io.h>
#include <pvabi/cpu.h>
#include <pvabi/domid.h>
#include <pvabi/elfnote.h>
#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/extensions.h>
#include <pvabi/features.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>
#include <pvabi/io/blkif.h>
#include <pvabi/io/console.h>
#include <pvabi/io/netif.h>
#include <pvabi/io/ring.h>
#include <pvabi/io/xenbus.h>
#include <pvabi/io/xs_wire.h>
#include <pvabi/memory.h>
#include <pvabi/mmu.h>
#include <pvabi/multicall.h>
#include <pvabi/page.h>
#include <pvabi/sched.h>
#include <pvabi/shared_info.h>
#include <pvabi/start_info.h>
#include <pvabi/vcpu.h>
#include <pvabi/version.h>
#include <pvabi/xen_version.h>
