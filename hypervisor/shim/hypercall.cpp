// SPDX-License-Identifier: MIT
// One hypercall: answered here if it concerns only the guest itself, else by the monitor.
#include "shim/shim.hpp"

#include <pvabi/hypercalls.h>

using namespace pvisor::shim;

namespace {

/// The calls that are answered here. A test of one bit, as every call for the monitor passes it too.
[[nodiscard]] bool is_local(uint64_t number) {
  switch (number) {
    case PV_HC_SET_TRAP_TABLE:
    case PV_HC_STACK_SWITCH:
    case PV_HC_SET_CALLBACKS:
    case PV_HC_FPU_TASKSWITCH:
    case PV_HC_XEN_VERSION:
    case PV_HC_VM_ASSIST:
    case PV_HC_IRET:
    case PV_HC_CALLBACK_OP: return true;
    default: return false;
  }
}

}  // namespace

extern "C" bool shim_hypercall(VcpuPage* page) {
  const uint64_t number = page->frame.rax;
  if (!is_local(number)) {
    page->exit.kind = kExitHypercall;
    return true;
  }
  if (number == PV_HC_IRET) {
    do_iret(*page);
  } else {
    page->frame.rax = static_cast<uint64_t>(local_call(*page, number));
  }
  return false;
}
