// SPDX-License-Identifier: MIT
// One hypercall: answered here if it concerns only the guest itself, else by the monitor.
#include "shim/shim.hpp"

#include <pvabi/hypercalls.h>

using namespace pvisor::shim;

extern "C" bool shim_hypercall(VcpuPage* page) {
  pv_cpu_user_regs& regs = page->frame;
  const uint64_t number = regs.rax;
  if (number == PV_HC_IRET) {
    do_iret(*page);
    return false;
  }

  const uint64_t args[5] = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8};
  int64_t result = 0;
  if (local_call(*page, number, args, result)) {
    regs.rax = static_cast<uint64_t>(result);
    return false;
  }
  ExitSlot& slot = page->exit;
  slot.kind = kExitHypercall;
  slot.number = number;
  slot.args[0] = args[0];
  slot.args[1] = args[1];
  slot.args[2] = args[2];
  slot.args[3] = args[3];
  slot.args[4] = args[4];
  return true;
}
