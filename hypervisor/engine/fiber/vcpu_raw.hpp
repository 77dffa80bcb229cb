// SPDX-License-Identifier: MIT
// What entry.S, the signal handler and the vCPU context of the fiber engine share: thread-local words and labels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/vcpu_page.hpp"

namespace pvisor::fiber {

/// Values of the dispatch selector (Linux, SYSCALL_DISPATCH_FILTER_*).
inline constexpr char kAllow = 0;
inline constexpr char kBlock = 1;

/// What interrupted the guest; the landing pad acts on it.
enum class Cause : std::uint32_t {
  Trap,
  BadStack,  ///< the shim could not reach the guest's stack
  Syscall,
  Tick,
  Counter,  ///< it read the CPU's counter, and the handler has answered: it goes on
  Spin,     ///< in virtual time it made no call for too long
};

class FiberVcpuContext;

/// The shim's page and what only this engine needs of a vCPU. `page` comes first: assembly uses one pointer for both.
struct FiberVcpu {
  shim::VcpuPage page;
  Cause cause;
  std::uint8_t trap_vector;
  std::uint32_t trap_error;
  std::uint64_t trap_address;
  std::uint8_t* xstate;        ///< 64-byte aligned: vector state of an interrupted guest, in XSAVE's standard format
  std::uint64_t xstate_bytes;  ///< room at `xstate`
  std::uint64_t xstate_mask;   ///< components to restore
  FiberVcpuContext* context;   ///< whose this is
  bool has_avx2;               ///< the host's CPU and kernel
  std::uint32_t mxcsr;         ///< the guest's control words while its call is answered
  std::uint16_t x87_control;
  bool other_control;          ///< they are not the usual ones, which the monitor has loaded
  std::uint64_t gs_base;       ///< the guest's, while another vCPU's is loaded
};
// Used by entry.S.
static_assert(offsetof(FiberVcpu, page) == 0);
static_assert(offsetof(FiberVcpu, xstate) == 4824);
static_assert(offsetof(FiberVcpu, xstate_mask) == 4840);
static_assert(offsetof(FiberVcpu, has_avx2) == 4856);
static_assert(offsetof(FiberVcpu, mxcsr) == 4860);
static_assert(offsetof(FiberVcpu, x87_control) == 4864);
static_assert(offsetof(FiberVcpu, other_control) == 4866);

extern "C" {
// Thread-local: each thread runs at most one guest at a time.
extern constinit thread_local FiberVcpu* volatile fiber_current;
extern constinit thread_local volatile char fiber_selector;
extern constinit thread_local std::uint64_t fiber_scratch;
extern constinit thread_local volatile bool fiber_tick_armed;

// Labels in entry.S; [begin, end) ranges for the signal handler.
extern const char fiber_entry_whole[], fiber_entry[], fiber_entry_end[];  // the first before the second
extern const char fiber_exit[], fiber_exit_end[];
extern const char fiber_landing[];

// Called by entry.S.
void fiber_landed(FiberVcpu* vcpu);
std::int64_t fiber_remote(FiberVcpu* vcpu);
}

/// Installs the signal handlers once per process; the alternate stack, dispatch and tick once per thread. Throws HostError.
void prepare_thread();
/// Makes this thread's tick run if it does not. It stops by itself when no guest has run for some ticks.
void arm_tick();
/// In virtual time, at each entry: the guest has kSpinNanoseconds of real time until its next call.
void arm_spin_guard();
inline constexpr std::uint64_t kSpinNanoseconds = 1'000'000'000;
/// Length of one tick.
inline constexpr std::uint64_t kTickNanoseconds = 200'000;

}  // namespace pvisor::fiber
