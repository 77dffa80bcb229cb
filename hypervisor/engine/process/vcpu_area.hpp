// SPDX-License-Identifier: MIT
// VcpuArea: the memory that the monitor shares with one vCPU's process, at kAreaAddress there. The guest can write to all of
// it: whatever the monitor reads here is read once and checked, and nothing here is needed to contain the guest.
// Freestanding; the offsets are used by stub/entry.S.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "shim/vcpu_page.hpp"

namespace pvisor::process {

/// Where things lie in a vCPU's process: the stub's image, above it the area. Below is the guest's.
inline constexpr uint64_t kStubAddress = 0x7d00'0000'0000;
inline constexpr uint64_t kAreaAddress = 0x7d00'0100'0000;
inline constexpr uint64_t kGuestLow = 0x1'0000;  ///< Linux lets nobody map below (vm.mmap_min_addr)
inline constexpr uint64_t kGuestHigh = 0x7c00'0000'0000;

/// The descriptors a vCPU's process has, all of them.
enum Descriptor : uint32_t {
  kAreaFd = 3,      ///< until the area is mapped
  kRamFd = 4,       ///< its domain's memory
  kDoorbellFd = 5,  ///< wakes the monitor
  kPageFd = 6,      ///< a page that is shared between domains, while it is being mapped
  kReadOnlyPageFd = 7,  ///< the same of a page that its guest may only read: the filter lets nobody map it for writing
};

/// The monitor's kick, SIGUSR1.
inline constexpr int kKickSignal = 10;

/// Whose turn it is. The stub hands over with its exit, the monitor with its answer.
enum Turn : uint32_t { kMonitorsTurn = 0, kGuestsTurn = 1 };

/// Exits of this engine besides those of the shim (shim/vcpu_page.hpp, ExitKind).
enum ProcessExitKind : uint32_t {
  kExitMoreViews = 64,    ///< the listed views are mapped, and there are more
  kExitSetupFailed = 65,  ///< args: SetupStep, errno
  kExitViewRefused = 66,  ///< args: errno
};

/// What the stub does before the guest's first instruction.
enum SetupStep : uint64_t { kStepArea = 1, kStepUnmap, kStepSignals, kStepFilter, kStepFilterHolds };

/// What crosses for a call, in one cache line: passing a line from CPU to CPU is most of the price of a remote call.
struct alignas(64) HandOff {
  uint32_t turn;  ///< also the word on which the stub sleeps
  uint32_t kind;
  uint64_t number;
  uint64_t args[5];
  int64_t result;
};
static_assert(sizeof(HandOff) == 64);

/// Hints and requests; apart, because they seldom change.
struct alignas(64) Signs {
  uint32_t monitor_asleep;  ///< monitor's: ring the doorbell when you hand over
  uint32_t stub_asleep;     ///< stub's: wake me when you hand over
  uint32_t spins;           ///< monitor's: how often to look at `turn` before sleeping
  uint32_t kick_pending;    ///< monitor sets it with a kick, the stub clears it before it looks for events
};

/// One range of guest addresses that is to show a part of a file.
struct View {
  uint64_t address;
  uint64_t bytes;
  uint64_t offset;
  uint32_t fd;          ///< kRamFd, kPageFd or kReadOnlyPageFd
  uint32_t protection;  ///< PROT_*
};
inline constexpr uint32_t kViewsAtOnce = 32;
/// A page shared between domains is handed over as one of the last two when the stub asks for it by this system call, which the kernel
/// never executes: it passes it to the monitor (seccomp user notification).
inline constexpr uint32_t kAskForPage = 24;  // sched_yield: without arguments, and of no use here

/// Events that the guest sends without waiting for the answer: bits of ports, and of the words that have some.
struct alignas(64) Posted {
  uint64_t words;
  uint64_t bits[64];
};
inline constexpr uint32_t kPorts = 64 * 64;

struct FilterRule {  ///< struct sock_filter (linux/filter.h)
  uint16_t code;
  uint8_t jump_true;
  uint8_t jump_false;
  uint32_t operand;
};

/// Read by the stub before any of the guest's code runs.
struct Setup {
  uint64_t fs_base;
  uint64_t gs_base;
  uint32_t has_fsgsbase;  ///< programs may load the two by themselves
  uint32_t has_fpu;       ///< `fpu` is to be loaded
  uint32_t rules;
  alignas(16) uint8_t fpu[512];
  FilterRule filter[128];
};

struct VcpuArea {
  shim::VcpuPage page;
  HandOff hand_off;
  Signs signs;
  Posted posted;
  uint64_t may_post[64];  ///< monitor's: ports of which it is sure that a send succeeds
  alignas(64) uint32_t views;
  View view[kViewsAtOnce];
  Setup setup;
};
/// Whole pages.
inline constexpr uint64_t kAreaBytes = (sizeof(VcpuArea) + 4095) & ~uint64_t{4095};
static_assert(offsetof(VcpuArea, page) == 0);

}  // namespace pvisor::process
