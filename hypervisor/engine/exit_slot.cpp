// SPDX-License-Identifier: MIT
#include "engine/exit_slot.hpp"

namespace pvisor {

std::string_view death_text(std::uint32_t death) {
  switch (death) {
    case shim::kDeathBadGuestStack: return "its stack pointer does not lead to its memory while an event or exception is delivered";
    case shim::kDeathNoEventCallback: return "an event is due but no event callback is registered (set_callbacks or callback_op)";
    case shim::kDeathBadIretFrame: return "iret with its frame outside the guest's memory";
    case shim::kDeathIretToUser: return "iret to user mode (cs & 3 == 3), but no user page table is loaded";
    case shim::kDeathDoubleFault: return "a fault while an exception is delivered";
    case shim::kDeathSpins: return "spins without a hypercall";
    default: return "the shim stopped for an unknown reason";
  }
}

void take_slot(const shim::VcpuPage& page, Exit& exit) {
  const shim::ExitSlot& slot = page.exit;
  const pv_cpu_user_regs& frame = page.frame;
  const shim::ListedCall& listed = page.listed;
  switch (slot.kind) {
    case shim::kExitHypercall:
      exit = HypercallExit{frame.rax, {frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8}};
      return;
    case shim::kExitListedCall:
      exit = HypercallExit{listed.number, {listed.args[0], listed.args[1], listed.args[2], listed.args[3], listed.args[4]}};
      return;
    case shim::kExitFault: exit = FaultExit{slot.vector, slot.error_code, slot.address}; return;
    case shim::kExitPreempted: exit = PreemptedExit{}; return;
    case shim::kExitDied: exit = DiedExit{death_text(slot.death)}; return;
    default: exit = DiedExit{"its exit slot holds nonsense"}; return;
  }
}

}  // namespace pvisor
