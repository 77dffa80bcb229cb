// SPDX-License-Identifier: MIT
// From the stub's first instruction to its first turn: nobody else's code has run in this process yet, so what the area says
// is still the monitor's word. The descriptors are those of vcpu_area.hpp, the environment is empty, and what launch.cpp could do
// before the exec is done.
#include <stdint.h>

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "engine/process/stub/gate.hpp"
#include "engine/process/stub/stub.hpp"
#include "shim/shim.hpp"

namespace pvisor::process {

namespace {

struct FilterProgram {  // struct sock_fprog
  uint16_t rules;
  const FilterRule* rule;
};

// Linux 5.11, prctl(2): system calls outside of a range raise SIGSYS.
constexpr uint64_t kSyscallUserDispatch = 59;
constexpr uint64_t kDispatchOn = 1;
constexpr uint64_t kGateBytes = 64;

uint64_t gate_address() { return reinterpret_cast<uint64_t>(stub_gate); }

constexpr uint64_t kTopOfAddresses = 0x7fff'ffff'f000;

int64_t map_area() {
  const int64_t at =
      system_call(kMmap, kAreaAddress, kAreaBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, kAreaFd, 0U);
  return at == static_cast<int64_t>(kAreaAddress) ? 0 : at;
}

/// The kernel's own pages (vdso, vvar) and the stack that exec made: nothing stays but the stub and the area.
int64_t unmap_everything_else() {
  if (const int64_t error = system_call(kMunmap, 0U, kStubAddress); error != 0) return error;
  const uint64_t above = kAreaAddress + kAreaBytes;
  return system_call(kMunmap, above, kTopOfAddresses - above);
}

void load_start_state() {
  const Setup& setup = vcpu_area.setup;
  if (setup.has_fpu != 0) asm volatile("fxrstor64 %0" : : "m"(setup.fpu));
  load_segment_base(true, setup.fs_base);
  load_segment_base(false, setup.gs_base);
}

}  // namespace

extern "C" void stub_main() {
  // Nobody can be told why if the area is not there.
  if (map_area() != 0) system_call(kExitGroup, kStepArea);
  system_call(kClose, kAreaFd);
  system_call(kPrctl, PR_SET_DUMPABLE, 0U);
  system_call(kPrctl, PR_SET_TIMERSLACK, 1U);
  static constexpr char kName[] = "pvisor-vcpu";
  system_call(kPrctl, PR_SET_NAME, reinterpret_cast<uint64_t>(kName));
  if (const int64_t error = unmap_everything_else(); error != 0) give_up(kStepUnmap, error);
  if (const int64_t error = install_signals(); error != 0) give_up(kStepSignals, error);
  load_start_state();
  // Even what Linux exempts from filters (335 and 336, which serve its tracing) is a trap then; and it is quicker. Absent on old kernels.
  system_call(kPrctl, kSyscallUserDispatch, kDispatchOn, gate_address(), kGateBytes, 0U);
  const FilterProgram program{static_cast<uint16_t>(vcpu_area.setup.rules), vcpu_area.setup.filter};
  const int64_t error = system_call(kSeccomp, SECCOMP_SET_MODE_FILTER, 0U, reinterpret_cast<uint64_t>(&program));
  if (error != 0) give_up(kStepFilter, error);
  // What the gate may not do, the filter must have stopped: see is_of_stub in signals.cpp.
  if (system_call(kGetpid) != kRefused) give_up(kStepFilterHolds, 0);
  wait_for_first_turn();
}

}  // namespace pvisor::process
