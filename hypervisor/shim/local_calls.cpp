// SPDX-License-Identifier: MIT
// The calls that concern only the guest itself: trap table, callbacks, stack, segments, FPU flag, vm_assist, xen_version.
// ABI.md has a section for each. Every guest pointer is copied once, then checked, then used.
#include "shim/shim.hpp"

#include <pvabi/callback.h>
#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/features.h>
#include <pvabi/hypercalls.h>
#include <pvabi/version.h>
#include <pvabi/xen_version.h>

namespace pvisor::shim {

namespace {

/// Calls that need a stack frame stay out of local_call, so that those that do not need one are a few instructions.
#define PV_APART [[gnu::noinline]]

/// At most this many rows of a trap table are read: one per vector and the end.
constexpr uint32_t kMaxTrapRows = PV_TRAP_VECTORS + 1;

[[nodiscard]] bool is_canonical(uint64_t address) {
  constexpr uint64_t kSignBits = ~uint64_t{0} << 47;
  const uint64_t upper = address & kSignBits;
  return upper == 0 || upper == kSignBits;
}

PV_APART int64_t set_trap_table(VcpuPage& page, uint64_t table) {
  if (table == 0) {
    for (pv_trap_info& trap : page.traps) trap.address = 0;
    return 0;
  }
  for (uint32_t row = 0; row < kMaxTrapRows; ++row) {
    pv_trap_info info;
    if (!copy_from_guest(page, &info, table + row * sizeof info, sizeof info)) return -PV_EFAULT;
    if (info.address == 0) return 0;
    if (!is_canonical(info.address)) return -PV_EINVAL;
    page.traps[info.vector] = info;
  }
  return -PV_EINVAL;
}

/// As on Xen: an address that cannot be is passed over without a word, and flags of an earlier registration go.
int64_t set_callbacks(VcpuPage& page, uint64_t event, uint64_t failsafe, uint64_t syscall) {
  if (is_canonical(event)) page.event = {event, 0};
  if (is_canonical(failsafe)) page.failsafe = {failsafe, 0};
  if (is_canonical(syscall)) page.syscall = {syscall, 0};
  return 0;
}

Callback* callback_of(VcpuPage& page, uint16_t type) {
  switch (type) {
    case PV_CALLBACKTYPE_EVENT: return &page.event;
    case PV_CALLBACKTYPE_FAILSAFE: return &page.failsafe;
    case PV_CALLBACKTYPE_SYSCALL: return &page.syscall;
    default: return nullptr;
  }
}

PV_APART int64_t callback_op(VcpuPage& page, uint32_t command, uint64_t argument) {
  if (command == PV_CALLBACKOP_REGISTER) {
    pv_callback_register op;
    if (!copy_from_guest(page, &op, argument, sizeof op)) return -PV_EFAULT;
    if (!is_canonical(op.address)) return -PV_EINVAL;
    Callback* callback = callback_of(page, op.type);
    if (callback == nullptr) return -PV_ENOSYS;
    callback->address = op.address;
    callback->flags = op.flags;
    return 0;
  }
  if (command == PV_CALLBACKOP_UNREGISTER) {
    pv_callback_unregister op;
    if (!copy_from_guest(page, &op, argument, sizeof op)) return -PV_EFAULT;
    // As on Xen: the three that a kernel cannot live without are not taken away.
    return callback_of(page, op.type) != nullptr ? -PV_EINVAL : -PV_ENOSYS;
  }
  return -PV_ENOSYS;
}

int64_t vm_assist(uint32_t command, uint32_t type) {
  // At level 0 there are no page tables to assist; what Xen's guests ask for is accepted where it changes nothing here.
  if (type > PV_VMASST_TYPE_PAE_EXTENDED_CR3) return -PV_EINVAL;
  return command == PV_VMASST_CMD_ENABLE || command == PV_VMASST_CMD_DISABLE ? 0 : -PV_ENOSYS;
}

PV_APART int64_t set_segment_base(VcpuPage& page, uint32_t which, uint64_t base) {
  switch (which) {
    case PV_SEGBASE_FS:
    case PV_SEGBASE_GS_KERNEL:
      if (!is_canonical(base)) return -PV_EINVAL;
      return home_set_segment_base(&page, which, base) ? 0 : -PV_ENOSYS;
    // There is no user mode at level 0, so nobody ever sees these two.
    case PV_SEGBASE_GS_USER: return is_canonical(base) ? 0 : -PV_EINVAL;
    case PV_SEGBASE_GS_USER_SEL: return 0;
    default: return -PV_EINVAL;
  }
}

/// Copies a text into a zeroed field of `size` bytes at `to`.
template <uint64_t Size, uint64_t Length>
PV_APART int64_t answer_text(const VcpuPage& page, uint64_t to, const char (&text)[Length]) {
  static_assert(Length <= Size);
  static constexpr char kZero[64] = {};
  if (!copy_to_guest(page, to, text, Length)) return -PV_EFAULT;
  for (uint64_t at = Length; at < Size; at += sizeof kZero) {
    const uint64_t left = Size - at;
    if (!copy_to_guest(page, to + at, kZero, left < sizeof kZero ? left : sizeof kZero)) return -PV_EFAULT;
  }
  return 0;
}

/// Neither when nor by whom, so that builds are alike.
PV_APART int64_t get_compile_info(const VcpuPage& page, uint64_t argument) {
  static constexpr pv_compile_info kInfo = {__VERSION__, "pvisor", "", ""};
  return copy_to_guest(page, argument, &kInfo, sizeof kInfo) ? 0 : -PV_EFAULT;
}

/// Nobody assigns UUIDs to domains here.
PV_APART int64_t get_handle(const VcpuPage& page, uint64_t argument) {
  static constexpr uint8_t kNoHandle[16] = {};
  return copy_to_guest(page, argument, kNoHandle, sizeof kNoHandle) ? 0 : -PV_EFAULT;
}

/// What Xen tells everybody but its first domain.
PV_APART int64_t get_command_line(const VcpuPage& page, uint64_t argument) {
  static constexpr char kDenied[] = "<denied>";
  return copy_to_guest(page, argument, kDenied, sizeof kDenied) ? 0 : -PV_EFAULT;
}

PV_APART int64_t get_features(const VcpuPage& page, uint64_t argument) {
  pv_feature_info info;
  if (!copy_from_guest(page, &info, argument, sizeof info)) return -PV_EFAULT;
  if (info.submap_idx >= PV_XENFEAT_NR_SUBMAPS) return -PV_EINVAL;
  info.submap = 1U << PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP;
  return copy_to_guest(page, argument, &info, sizeof info) ? 0 : -PV_EFAULT;
}

PV_APART int64_t get_platform(const VcpuPage& page, uint64_t argument) {
  // Everything behind the guest's own memory belongs to others.
  const pv_platform_parameters parameters{page.window_base + page.window_bytes};
  return copy_to_guest(page, argument, &parameters, sizeof parameters) ? 0 : -PV_EFAULT;
}

int64_t xen_version(const VcpuPage& page, uint32_t command, uint64_t argument) {
  switch (command) {
    case PV_XENVER_VERSION: return (PV_XEN_VERSION_MAJOR << 16) | PV_XEN_VERSION_MINOR;
    case PV_XENVER_EXTRAVERSION: return answer_text<PV_XEN_EXTRAVERSION_LEN>(page, argument, PV_EXTRAVERSION);
    case PV_XENVER_CAPABILITIES: return answer_text<PV_XEN_CAPABILITIES_INFO_LEN>(page, argument, "xen-3.0-x86_64");
    case PV_XENVER_CHANGESET: return answer_text<PV_XEN_CHANGESET_INFO_LEN>(page, argument, "unavailable");
    case PV_XENVER_PLATFORM_PARAMETERS: return get_platform(page, argument);
    case PV_XENVER_GET_FEATURES: return get_features(page, argument);
    case PV_XENVER_COMPILE_INFO: return get_compile_info(page, argument);
    case PV_XENVER_GUEST_HANDLE: return get_handle(page, argument);
    case PV_XENVER_COMMANDLINE: return get_command_line(page, argument);
    case PV_XENVER_BUILD_ID: return -PV_EPERM;
    case PV_XENVER_PAGESIZE: return argument == 0 ? 4096 : -PV_EINVAL;
    default: return -PV_ENOSYS;
  }
}

}  // namespace

int64_t local_call(VcpuPage& page, uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3) {
  const auto command = static_cast<uint32_t>(a1);
  switch (number) {
    case PV_HC_XEN_VERSION: return xen_version(page, command, a2);
    case PV_HC_SET_TRAP_TABLE: return set_trap_table(page, a1);
    case PV_HC_SET_CALLBACKS: return set_callbacks(page, a1, a2, a3);
    case PV_HC_CALLBACK_OP: return callback_op(page, command, a2);
    case PV_HC_STACK_SWITCH: page.kernel_sp = a2; return 0;
    case PV_HC_FPU_TASKSWITCH: return 0;
    case PV_HC_SET_SEGMENT_BASE: return set_segment_base(page, command, a2);
    case PV_HC_VM_ASSIST: return vm_assist(command, static_cast<uint32_t>(a2));
    default: return -PV_ENOSYS;
  }
}

}  // namespace pvisor::shim
