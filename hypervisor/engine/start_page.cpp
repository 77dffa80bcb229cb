// SPDX-License-Identifier: MIT
#include "engine/start_page.hpp"

#include <algorithm>
#include <cstring>

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

void start_fpu(std::uint8_t (&image)[512], const pv_fpu_ctxt& wanted) {
  constexpr std::size_t kMxcsrAt = 24;
  constexpr std::uint32_t kMxcsrBits = 0xffff;  // loading any other is a fault
  static_assert(sizeof wanted == sizeof image);
  std::memcpy(image, &wanted, sizeof image);
  std::uint32_t mxcsr = 0;
  std::memcpy(&mxcsr, image + kMxcsrAt, sizeof mxcsr);
  mxcsr &= kMxcsrBits;
  std::memcpy(image + kMxcsrAt, &mxcsr, sizeof mxcsr);
}

}  // namespace pvisor
