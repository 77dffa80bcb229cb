// SPDX-License-Identifier: MIT
#include "engine/start_page.hpp"

#include <algorithm>

namespace pvisor {

void start_page(shim::VcpuPage& page, const VcpuStart& start) {
  const pv_vcpu_guest_context& context = start.context;
  page.frame = context.user_regs;
  page.frame.rflags = (context.user_regs.rflags & shim::kGuestFlags) | shim::kFlagsAlways;
  page.return_kind = shim::kReturnFull;
  page.kernel_mode = 1;
  page.vcpu_id = start.id;
  page.vcpu_info = start.vcpu_info;
  page.hypercall_page = start.hypercall_page;
  page.kernel_sp = context.kernel_sp;
  page.event = {context.event_callback_eip, 0};
  page.failsafe = {context.failsafe_callback_eip, 0};
  page.syscall = {context.syscall_callback_eip, 0};
  // As on Xen, the row's place is its vector here, whatever the row says.
  std::copy(std::begin(context.trap_ctxt), std::end(context.trap_ctxt), std::begin(page.traps));
}

}  // namespace pvisor
