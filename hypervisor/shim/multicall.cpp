// SPDX-License-Identifier: MIT
// multicall: the calls of a list, in order. The shim walks the list, so that a call which concerns only the guest is answered here
// and any other crosses by itself: the monitor knows nothing of lists, and what it promises of one call (its budget, that it may
// block) holds in a list as well.
//
// Between two entries the call looks whether an event is due or the monitor asked for the CPU. If so it ends early, as on Xen: the
// registers are made to say what is left of the list, and the guest comes back through the call's own instruction.
#include "shim/shim.hpp"

#include <stddef.h>

#include <pvabi/errno.h>
#include <pvabi/hypercalls.h>
#include <pvabi/multicall.h>

namespace pvisor::shim {

namespace {

constexpr uint64_t kSyscallBytes = 2;

/// By the monitor: it may take its time, and other vCPUs run meanwhile.
uint64_t remote_call(VcpuPage& page, const pv_multicall_entry& entry) {
  const uint64_t* args = entry.args;
  page.listed = {entry.op, {args[0], args[1], args[2], args[3], args[4]}};
  page.exit.kind = kExitListedCall;
  home_remote(&page);
  return static_cast<uint64_t>(page.exit.result);
}

uint64_t answer(VcpuPage& page, const pv_multicall_entry& entry) {
  if (!is_local(entry.op)) return remote_call(page, entry);
  if (entry.op == PV_HC_MULTICALL) return static_cast<uint64_t>(-PV_EINVAL);  // a list within a list
  if (entry.op == PV_HC_IRET) {
    do_iret(page);
    return page.frame.rax;
  }
  return static_cast<uint64_t>(local_call(page, entry.op, entry.args[0], entry.args[1], entry.args[2]));
}

void come_back_for(VcpuPage& page, uint64_t list, uint64_t count) {
  pv_cpu_user_regs& regs = page.frame;
  regs.rax = PV_HC_MULTICALL;
  regs.rdi = list;
  regs.rsi = count;
  if (page.return_kind == kReturnFull) {
    regs.rip -= kSyscallBytes;
    return;
  }
  // What the caller's `call` pushed stays on its stack, for the `ret` of the call that ends the list.
  regs.rip = page.hypercall_page + PV_HC_MULTICALL * PV_HYPERCALL_STUB_SIZE;
  regs.rflags = kFlagsAlways;
  page.return_kind = kReturnFull;
}

}  // namespace

void do_multicall(VcpuPage& page) {
  const auto count = static_cast<uint32_t>(page.frame.rsi);
  uint64_t at = page.frame.rdi;
  for (uint32_t left = count; left > 0; --left, at += sizeof(pv_multicall_entry)) {
    if (left != count && is_interrupted(page)) return come_back_for(page, at, left);
    pv_multicall_entry entry;  // read once, when its turn has come
    bool done = copy_from_guest(page, &entry, at, sizeof entry);
    if (done) {
      entry.result = answer(page, entry);
      done = copy_to_guest(page, at + offsetof(pv_multicall_entry, result), &entry.result, sizeof entry.result);
      if (entry.op == PV_HC_IRET) return;  // the registers are those that it brought
    }
    if (!done) {
      page.frame.rax = static_cast<uint64_t>(-PV_EFAULT);
      return;
    }
  }
  page.frame.rax = 0;
}

}  // namespace pvisor::shim
