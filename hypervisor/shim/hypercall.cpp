// SPDX-License-Identifier: MIT
// One hypercall: answered here if it concerns only the guest itself, else by the monitor.
#include "shim/shim.hpp"

#include <pvabi/hypercalls.h>

namespace pvisor::shim {

/// A test of one bit, as every call for the monitor passes it too.
bool is_local(uint64_t number) {
  switch (number) {
    case PV_HC_SET_TRAP_TABLE:
    case PV_HC_STACK_SWITCH:
    case PV_HC_SET_CALLBACKS:
    case PV_HC_FPU_TASKSWITCH:
    case PV_HC_MULTICALL:
    case PV_HC_XEN_VERSION:
    case PV_HC_VM_ASSIST:
    case PV_HC_IRET:
    case PV_HC_SET_SEGMENT_BASE:
    case PV_HC_CALLBACK_OP: return true;
    default: return false;
  }
}

}  // namespace pvisor::shim

using namespace pvisor::shim;

extern "C" bool shim_hypercall(VcpuPage* page) {
  pv_cpu_user_regs& regs = page->frame;
  const uint64_t number = regs.rax;
  if (!is_local(number)) {
    page->exit.kind = kExitHypercall;
    return true;
  }
  if (number == PV_HC_IRET) {
    do_iret(*page);
  } else if (number == PV_HC_MULTICALL) {
    do_multicall(*page);
  } else {
    regs.rax = static_cast<uint64_t>(local_call(*page, number, regs.rdi, regs.rsi, regs.rdx));
  }
  return false;
}
