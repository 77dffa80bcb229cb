// SPDX-License-Identifier: MIT
// VcpuPage: everything the shim knows of one vCPU. It lies inside the guest's protection domain, so the monitor treats
// whatever it reads from here as hostile. The shim has no other state. Freestanding; offsets are used by the homes' assembly.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <pvabi/cpu.h>

namespace pvisor::shim {

/// How the exit path returns to the guest.
enum ReturnKind : uint8_t {
  kReturnFast = 0,    ///< from a hypercall: the registers a call may change, then `ret`
  kReturnFull = 1,    ///< the whole frame, by iretq
};

/// Why the shim needs the monitor.
enum ExitKind : uint32_t {
  kExitNone = 0,
  kExitHypercall = 1,
  kExitFault = 2,      ///< an exception without a handler
  kExitPreempted = 3,  ///< `work_pending` was set
  kExitDied = 4,       ///< the shim cannot go on: see DeathReason
  kExitListedCall = 5, ///< a call out of a multicall's list: number and arguments are in VcpuPage::listed
};

/// Texts for these are in the engines' common code (engine/exit_slot.cpp).
enum DeathReason : uint32_t {
  kDeathNone = 0,
  kDeathBadGuestStack = 1,    ///< a frame does not fit on the guest's stack
  kDeathNoEventCallback = 2,  ///< an upcall is due but no callback was registered
  kDeathBadIretFrame = 3,     ///< iret with its frame outside the guest's memory
  kDeathIretToUser = 4,       ///< iret to user mode without a user page table
  kDeathDoubleFault = 5,      ///< an exception while delivering to the handler
  kDeathSpins = 6,            ///< a home that must not preempt found it running without a call
};

/// Written by the shim before it asks, `result` by the monitor before it answers. A call's number and arguments are in the
/// frame, as the guest passed them: copying them here would cost a null call some of its time.
struct ExitSlot {
  uint32_t kind;
  uint32_t death;
  int64_t result;
  uint64_t address;
  uint32_t error_code;
  uint8_t vector;
  uint8_t reserved[3];
};

/// One call of a multicall's list, for the monitor. The frame keeps the registers of the multicall itself.
struct ListedCall {
  uint64_t number;
  uint64_t args[5];
};

/// What a guest may choose of rflags, by iret or for a new vCPU: arithmetic flags, trap, direction, resume, alignment check, id.
inline constexpr uint64_t kGuestFlags = 0x0cd5 | (1U << 8) | (1U << 10) | (1U << 16) | (1U << 18) | (1U << 21);
inline constexpr uint64_t kFlagsAlways = 0x202;  // bit 1 is fixed; interrupts stay on for the host

struct Callback {
  uint64_t address;
  uint64_t flags;
};

struct VcpuPage {
  pv_cpu_user_regs frame;  ///< guest registers at the last entry
  uint8_t return_kind;
  uint8_t vector_state_saved;  ///< 1: the home holds the interrupted vector state and must put it back
  uint8_t work_pending;        ///< set by a kick or tick that found the shim running; the exit path looks
  uint8_t kernel_mode;         ///< 1: guest kernel, 0: guest user
  uint32_t vcpu_id;
  uint64_t home_stack;    ///< top of the stack on which the shim runs
  uint64_t vcpu_info;     ///< guest address of this vCPU's pv_vcpu_info
  uint64_t window_base;   ///< level 0: guest memory that exists is [window_base, window_base + window_bytes)
  uint64_t window_bytes;
  uint64_t kernel_sp;     ///< stack_switch
  Callback event;
  Callback failsafe;
  Callback syscall;
  ExitSlot exit;
  ListedCall listed;
  alignas(64) uint8_t vector[256];  ///< xmm0-15 across a remote call, where the home shares a CPU with the monitor
  pv_trap_info traps[256];
  uint64_t hypercall_page;  ///< guest address; a multicall that is interrupted goes on by its slot there
};

// Used by assembly (engine/*/entry.S).
inline constexpr size_t kOffReturnKind = 200;
inline constexpr size_t kOffWorkPending = 202;
inline constexpr size_t kOffHomeStack = 208;
inline constexpr size_t kOffVcpuInfo = 216;
inline constexpr size_t kOffExit = 296;
inline constexpr size_t kOffVector = 384;
static_assert(offsetof(VcpuPage, return_kind) == kOffReturnKind);
static_assert(offsetof(VcpuPage, vector_state_saved) == kOffReturnKind + 1);
static_assert(offsetof(VcpuPage, work_pending) == kOffWorkPending);
static_assert(offsetof(VcpuPage, home_stack) == kOffHomeStack);
static_assert(offsetof(VcpuPage, vcpu_info) == kOffVcpuInfo);
static_assert(offsetof(VcpuPage, exit) == kOffExit);
static_assert(offsetof(VcpuPage, exit.result) == kOffExit + 8);
static_assert(offsetof(VcpuPage, vector) == kOffVector);

}  // namespace pvisor::shim
