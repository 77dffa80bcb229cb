// SPDX-License-Identifier: MIT
// The shim's local calls on a vCPU page whose guest memory is an array of this test, and the page of a new vCPU.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include <pvabi/callback.h>
#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/features.h>
#include <pvabi/hypercalls.h>
#include <pvabi/xen_version.h>

#include "engine/start_page.hpp"
#include "shim/shim.hpp"

using namespace pvisor::shim;

namespace {

constexpr std::uint64_t kHighestLow = 0x0000'7fff'ffff'ffff;
constexpr std::uint64_t kLowestHigh = 0xffff'8000'0000'0000;
/// The upper half of a register, which 32-bit arguments do not have.
constexpr std::uint64_t kNoise = 0xdead'beef'0000'0000;

struct Guest {
  Guest() {
    page->window_base = reinterpret_cast<std::uint64_t>(memory.data());
    page->window_bytes = memory.size();
  }
  template <class T>
  std::uint64_t put(const T& value, std::size_t offset = 0) {
    std::memcpy(&memory[offset], &value, sizeof value);
    return page->window_base + offset;
  }
  std::int64_t call(std::uint64_t number, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) const {
    return local_call(*page, number, a, b, c);
  }
  [[nodiscard]] std::uint64_t end() const { return page->window_base + page->window_bytes; }

  std::array<std::byte, 8192> memory{};
  std::unique_ptr<VcpuPage> page = std::make_unique<VcpuPage>();
};

}  // namespace

TEST_CASE("A trap table adds its rows until the first without an address, and none removes all") {
  Guest guest;
  std::array<pv_trap_info, 3> table{};
  table[0] = {3, 0, 0, 0x1000};
  table[1] = {14, PV_TRAP_MASK_EVENTS, 0, kHighestLow};
  CHECK(guest.call(PV_HC_SET_TRAP_TABLE, guest.put(table)) == 0);
  CHECK(guest.page->traps[3].address == 0x1000);
  CHECK(guest.page->traps[14].address == kHighestLow);
  CHECK(guest.page->traps[14].flags == PV_TRAP_MASK_EVENTS);
  table[0] = {6, 0, 0, kLowestHigh};
  table[1] = {};
  CHECK(guest.call(PV_HC_SET_TRAP_TABLE, guest.put(table)) == 0);
  CHECK(guest.page->traps[6].address == kLowestHigh);
  CHECK(guest.page->traps[3].address == 0x1000);
  CHECK(guest.call(PV_HC_SET_TRAP_TABLE, 0) == 0);
  for (const pv_trap_info& trap : guest.page->traps) CHECK(trap.address == 0);
}

TEST_CASE("A trap table is in force up to its first bad row") {
  Guest guest;
  for (const std::uint64_t bad : {kHighestLow + 1, kLowestHigh - 1, std::uint64_t{1} << 63}) {
    std::array<pv_trap_info, 4> table{};
    table[0] = {3, 0, 0, 0x1000};
    table[1] = {4, 0, 0, bad};
    table[2] = {5, 0, 0, 0x2000};
    CHECK(guest.call(PV_HC_SET_TRAP_TABLE, guest.put(table)) == -PV_EINVAL);
    CHECK(guest.page->traps[3].address == 0x1000);
    CHECK(guest.page->traps[4].address == 0);
    CHECK(guest.page->traps[5].address == 0);
  }
  const pv_trap_info last{7, 0, 0, 0x3000};
  CHECK(guest.call(PV_HC_SET_TRAP_TABLE, guest.put(last, guest.memory.size() - sizeof last)) == -PV_EFAULT);
  CHECK(guest.page->traps[7].address == 0x3000);
  std::array<pv_trap_info, PV_TRAP_VECTORS + 1> endless{};
  endless.fill({8, 0, 0, 0x4000});
  CHECK(guest.call(PV_HC_SET_TRAP_TABLE, guest.put(endless)) == -PV_EINVAL);
}

TEST_CASE("Callbacks are registered by type, and an address that cannot be is refused first") {
  Guest guest;
  const auto add = [&](std::uint16_t type, std::uint16_t flags, std::uint64_t address) {
    return guest.call(PV_HC_CALLBACK_OP, kNoise | PV_CALLBACKOP_REGISTER, guest.put(pv_callback_register{type, flags, address}));
  };
  CHECK(add(PV_CALLBACKTYPE_EVENT, 0, 0x1000) == 0);
  CHECK(add(PV_CALLBACKTYPE_FAILSAFE, PV_CALLBACKF_MASK_EVENTS, 0x2000) == 0);
  CHECK(add(PV_CALLBACKTYPE_SYSCALL, 0, 0x3000) == 0);
  CHECK(guest.page->event.address == 0x1000);
  CHECK(guest.page->failsafe.address == 0x2000);
  CHECK(guest.page->failsafe.flags == PV_CALLBACKF_MASK_EVENTS);
  CHECK(guest.page->syscall.address == 0x3000);
  CHECK(add(PV_CALLBACKTYPE_EVENT, 0, kHighestLow + 1) == -PV_EINVAL);
  CHECK(add(99, 0, kHighestLow + 1) == -PV_EINVAL);
  CHECK(add(PV_CALLBACKTYPE_NMI, 0, 0x1000) == -PV_ENOSYS);
  CHECK(guest.page->event.address == 0x1000);
  const auto remove = [&](std::uint16_t type) {
    return guest.call(PV_HC_CALLBACK_OP, PV_CALLBACKOP_UNREGISTER, guest.put(pv_callback_unregister{type, 0}));
  };
  CHECK(remove(PV_CALLBACKTYPE_EVENT) == -PV_EINVAL);
  CHECK(remove(PV_CALLBACKTYPE_SYSENTER) == -PV_ENOSYS);
  CHECK(guest.call(PV_HC_CALLBACK_OP, 2, guest.put(0)) == -PV_ENOSYS);
  CHECK(guest.call(PV_HC_CALLBACK_OP, PV_CALLBACKOP_REGISTER, guest.end() - 15) == -PV_EFAULT);
}

TEST_CASE("set_callbacks passes over an address that cannot be and forgets earlier flags") {
  Guest guest;
  guest.page->event = {0x9000, 0};
  guest.page->failsafe = {0x9000, PV_CALLBACKF_MASK_EVENTS};
  CHECK(guest.call(PV_HC_SET_CALLBACKS, kLowestHigh - 1, 0x2000, 0x3000) == 0);
  CHECK(guest.page->event.address == 0x9000);
  CHECK(guest.page->failsafe.address == 0x2000);
  CHECK(guest.page->failsafe.flags == 0);
  CHECK(guest.page->syscall.address == 0x3000);
}

TEST_CASE("xen_version tells its page size only to who gives no buffer, and commands are 32 bits wide") {
  Guest guest;
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_PAGESIZE, 0) == 4096);
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_PAGESIZE, guest.put(0)) == -PV_EINVAL);
  CHECK(guest.call(PV_HC_XEN_VERSION, kNoise | PV_XENVER_VERSION, 1) == (4 << 16 | 17));
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_GET_FEATURES, guest.put(pv_feature_info{1, 0})) == -PV_EINVAL);
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_EXTRAVERSION, guest.end() - 15) == -PV_EFAULT);
  pv_platform_parameters parameters{};
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_PLATFORM_PARAMETERS, guest.put(parameters)) == 0);
  std::memcpy(&parameters, guest.memory.data(), sizeof parameters);
  CHECK(parameters.virt_start == guest.end());
}

TEST_CASE("What xen_version tells everybody of its making, and what it keeps") {
  Guest guest;
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_COMPILE_INFO, guest.put(0)) == 0);
  pv_compile_info info{};
  std::memcpy(&info, guest.memory.data(), sizeof info);
  CHECK(std::string_view(info.compile_by) == "pvisor");
  CHECK(std::string_view(info.compile_date).empty());
  guest.memory.fill(std::byte{0x55});
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_GUEST_HANDLE, guest.page->window_base) == 0);
  CHECK(guest.memory[15] == std::byte{0});
  CHECK(guest.memory[16] == std::byte{0x55});
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_COMMANDLINE, guest.page->window_base) == 0);
  CHECK(std::memcmp(guest.memory.data(), "<denied>", 9) == 0);
  CHECK(guest.call(PV_HC_XEN_VERSION, PV_XENVER_BUILD_ID, guest.page->window_base) == -PV_EPERM);
  for (const auto command : std::to_array<std::uint64_t>({PV_XENVER_COMPILE_INFO, PV_XENVER_GUEST_HANDLE, PV_XENVER_COMMANDLINE})) {
    CHECK(guest.call(PV_HC_XEN_VERSION, command, guest.end() - 8) == -PV_EFAULT);
  }
  CHECK(guest.call(PV_HC_XEN_VERSION, 11, guest.put(0)) == -PV_ENOSYS);
}

TEST_CASE("stack_switch names the kernel's stack, and fpu_taskswitch changes nothing") {
  const Guest guest;
  CHECK(guest.call(PV_HC_STACK_SWITCH, 0, 0x5000) == 0);
  CHECK(guest.page->kernel_sp == 0x5000);
  for (const auto set : std::to_array<std::uint64_t>({0, 1})) CHECK(guest.call(PV_HC_FPU_TASKSWITCH, set) == 0);
}

TEST_CASE("vm_assist accepts what page tables would need and refuses the rest") {
  const Guest guest;
  for (const std::uint64_t command : {std::uint64_t{PV_VMASST_CMD_ENABLE}, kNoise | PV_VMASST_CMD_DISABLE}) {
    CHECK(guest.call(PV_HC_VM_ASSIST, command, PV_VMASST_TYPE_4GB_SEGMENTS) == 0);
    CHECK(guest.call(PV_HC_VM_ASSIST, command, PV_VMASST_TYPE_WRITABLE_PAGETABLES) == 0);
    CHECK(guest.call(PV_HC_VM_ASSIST, command, kNoise | PV_VMASST_TYPE_PAE_EXTENDED_CR3) == 0);
    CHECK(guest.call(PV_HC_VM_ASSIST, command, PV_VMASST_TYPE_ARCHITECTURAL_IOPL) == -PV_EINVAL);
    CHECK(guest.call(PV_HC_VM_ASSIST, command, 0xffff'ffff) == -PV_EINVAL);
  }
  CHECK(guest.call(PV_HC_VM_ASSIST, 2, PV_VMASST_TYPE_WRITABLE_PAGETABLES) == -PV_ENOSYS);
  CHECK(guest.call(PV_HC_VM_ASSIST, 2, PV_VMASST_TYPE_ARCHITECTURAL_IOPL) == -PV_EINVAL);
}

TEST_CASE("set_segment_base takes canonical bases, knows four registers, and the fiber engine keeps FS for the host") {
  const Guest guest;
  for (const auto which : std::to_array<std::uint64_t>({PV_SEGBASE_FS, PV_SEGBASE_GS_USER, PV_SEGBASE_GS_KERNEL})) {
    CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, which, kHighestLow + 1) == -PV_EINVAL);
    CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, which, kLowestHigh - 1) == -PV_EINVAL);
  }
  CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, PV_SEGBASE_FS, 0x1000) == -PV_ENOSYS);
  CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, kNoise | PV_SEGBASE_GS_USER, kHighestLow) == 0);
  CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, PV_SEGBASE_GS_USER_SEL, kNoise) == 0);
  CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, 4, 0) == -PV_EINVAL);
  CHECK(guest.call(PV_HC_SET_SEGMENT_BASE, PV_SEGBASE_GS_KERNEL, 0) == 0);  // as it is: this is the test's own register
}

TEST_CASE("a new vCPU's page has what its context asks for, with the flags that a guest may choose") {
  pvisor::VcpuStart start;
  start.id = 3;
  start.vcpu_info = 0x4000;
  start.hypercall_page = 0x5000;
  start.context.user_regs.rip = 0x1234;
  start.context.user_regs.rflags = ~std::uint64_t{0};
  start.context.kernel_sp = 0x8000;
  start.context.event_callback_eip = 0x10;
  start.context.failsafe_callback_eip = 0x20;
  start.context.syscall_callback_eip = 0x30;
  start.context.trap_ctxt[14] = {99, PV_TRAP_MASK_EVENTS, 0, 0x40};
  auto page = std::make_unique<VcpuPage>();
  pvisor::start_page(*page, start);
  CHECK(page->vcpu_id == 3);
  CHECK(page->vcpu_info == 0x4000);
  CHECK(page->hypercall_page == 0x5000);
  CHECK(page->frame.rip == 0x1234);
  CHECK((page->frame.rflags & 0x3000) == 0);  // I/O privilege is not a guest's to choose
  CHECK((page->frame.rflags & 0x202) == 0x202);
  CHECK(page->kernel_sp == 0x8000);
  CHECK(page->event.address == 0x10);
  CHECK(page->failsafe.address == 0x20);
  CHECK(page->syscall.address == 0x30);
  CHECK(page->traps[14].address == 0x40);
  CHECK(page->traps[99].address == 0);
  CHECK(page->return_kind == kReturnFull);
}
