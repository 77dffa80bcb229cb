// SPDX-License-Identifier: MIT
// The shim: what concerns only the guest itself, answered inside the guest's protection domain. One freestanding source for
// all engines; an engine's folder is its home and supplies the primitives below.
//
// A call, step by step:
//   1. the hypercall page jumps to the home's entry, which saves the guest's registers in VcpuPage::frame, moves to the home
//      stack and calls shim_hypercall;
//   2. the shim answers a local call itself; for a remote one it says so in VcpuPage::exit, and the home asks the
//      monitor and puts exit.result into the frame's rax;
//   3. the home's exit path tests work_pending (-> home_remote with kExitPreempted) and upcall_pending && !upcall_mask
//      (-> shim_deliver_event), then restores the frame. It is a restartable sequence: a signal that finds rip inside it sets
//      rip back to its start, so that no event arrives unseen between the test and the return.
// Exceptions enter by shim_trap with the frame saved, and leave by the same exit path.
#pragma once

#include <stdint.h>

#include "shim/vcpu_page.hpp"

extern "C" {

// Called by the home, on the home stack, with the frame saved.
/// False: answered. True: the frame holds a call for the monitor.
bool shim_hypercall(pvisor::shim::VcpuPage* page);
void shim_trap(pvisor::shim::VcpuPage* page, uint8_t vector, uint32_t error_code, uint64_t address);
void shim_deliver_event(pvisor::shim::VcpuPage* page);

// Where the shim touches guest memory, which may be unmapped or read-only. A home that is told of a fault there goes on as
// follows; anywhere else in the shim a fault is ours.
/// Copies; answers how many bytes are left because a page was not there. Fault in [touch, touched): go on at `touched`.
uint64_t shim_copy(void* to, const void* from, uint64_t bytes);
extern const char shim_copy_touch[], shim_copy_touched[];
/// The code that works on guest_words(). Fault in it: the guest's stack is not there, it dies of kDeathBadGuestStack.
extern const char __start_shim_on_stack[], __stop_shim_on_stack[];
#define PV_SHIM_ON_STACK [[gnu::section("shim_on_stack"), gnu::noinline]]

// Supplied by the home.
/// Tells the monitor what VcpuPage::exit says and returns when it has answered in exit.result. Does not return if the vCPU
/// never runs again.
void home_remote(pvisor::shim::VcpuPage* page);
/// Loads the base of a segment register that the guest may have: PV_SEGBASE_FS or PV_SEGBASE_GS_KERNEL. False: it is the host's.
bool home_set_segment_base(pvisor::shim::VcpuPage* page, uint32_t which, uint64_t base);
}

namespace pvisor::shim {

// Between the shim's own files.
/// Copies between shim and guest memory; false if the range does not exist.
[[nodiscard]] bool copy_from_guest(const VcpuPage& page, void* to, uint64_t from, uint64_t bytes);
[[nodiscard]] bool copy_to_guest(const VcpuPage& page, uint64_t to, const void* from, uint64_t bytes);

/// `count` words of the guest's memory, to be read or written one by one, each once; nullptr if they are not all in it.
[[nodiscard]] volatile uint64_t* guest_words(const VcpuPage& page, uint64_t address, uint64_t count);

/// True for the calls that are answered here.
[[nodiscard]] bool is_local(uint64_t number);
/// Answers a local call other than iret and multicall. None of them takes more than three arguments.
[[nodiscard]] int64_t local_call(VcpuPage& page, uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3);
/// The multicall hypercall: makes the calls of a list, by the monitor where they are not local.
void do_multicall(VcpuPage& page);
/// The iret hypercall: replaces the frame by the one on the guest's stack.
void do_iret(VcpuPage& page);
/// Pushes a Xen frame for `handler` on the guest's stack and makes the frame continue there.
void bounce(VcpuPage& page, uint64_t handler, bool mask_events, bool has_error_code, uint32_t error_code);
/// Ends the vCPU.
void die(VcpuPage& page, DeathReason reason);

/// True if the exit path has something to do before the guest goes on: an event to deliver, or the monitor asked.
[[nodiscard]] bool is_interrupted(const VcpuPage& page);

[[nodiscard]] uint8_t load_byte(uint64_t address);
/// Without a fence: for setting the mask, where an event that is due at this moment may still come.
void set_byte(uint64_t address, uint8_t value);
/// With one: for clearing the mask, after which the exit path looks whether an event is pending.
void store_byte(uint64_t address, uint8_t value);

}  // namespace pvisor::shim
