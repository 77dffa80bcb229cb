// SPDX-License-Identifier: MIT
// The table of hypercalls. To add one: its handler in core/calls/, its line here, its section in ABI.md, its guest test.
#include "core/hypercall.hpp"

#include <pvabi/hypercalls.h>

namespace pvisor {

namespace {

HypercallResult hc_unknown(HypercallContext&) { return -PV_ENOSYS; }
/// What only the domain that manages the others may do on Xen.
HypercallResult hc_privileged(HypercallContext&) { return -PV_EPERM; }

struct Row {
  ServedBy by = ServedBy::Nobody;
  HypercallHandler handler = hc_unknown;
};

constexpr auto kTable = [] {
  std::array<Row, kHypercallNumbers> table{};
  const auto monitor = [&table](std::uint64_t number, HypercallHandler handler) {
    if (table[number].by != ServedBy::Nobody) throw "a hypercall number is served twice";
    table[number] = {ServedBy::Monitor, handler};
  };
  const auto shim = [&table](std::uint64_t number) {
    if (table[number].by != ServedBy::Nobody) throw "a hypercall number is served twice";
    table[number].by = ServedBy::Shim;
  };
  const auto refuse = [&table](std::uint64_t number) { table[number] = {ServedBy::Nobody, hc_privileged}; };
  shim(PV_HC_SET_TRAP_TABLE);
  shim(PV_HC_STACK_SWITCH);
  shim(PV_HC_SET_CALLBACKS);
  shim(PV_HC_FPU_TASKSWITCH);
  shim(PV_HC_MULTICALL);
  shim(PV_HC_XEN_VERSION);
  shim(PV_HC_VM_ASSIST);
  shim(PV_HC_IRET);
  shim(PV_HC_SET_SEGMENT_BASE);
  shim(PV_HC_CALLBACK_OP);
  monitor(PV_HC_MEMORY_OP, hc_memory_op);
  monitor(PV_HC_UPDATE_VA_MAPPING, hc_update_va_mapping);
  monitor(PV_HC_SET_TIMER_OP, hc_set_timer_op);
  monitor(PV_HC_CONSOLE_IO, hc_console_io);
  monitor(PV_HC_GRANT_TABLE_OP, hc_grant_table_op);
  monitor(PV_HC_VCPU_OP, hc_vcpu_op);
  monitor(PV_HC_SCHED_OP, hc_sched_op);
  monitor(PV_HC_EVENT_CHANNEL_OP, hc_event_channel_op);
  monitor(PV_HC_CHAINLOAD, hc_chainload);
  monitor(PV_HC_NOP, hc_nop);
  monitor(PV_HC_EXIT_STATUS, hc_exit_status);
  refuse(PV_HC_PLATFORM_OP);
  refuse(PV_HC_SYSCTL);
  refuse(PV_HC_DOMCTL);
  refuse(PV_HC_KEXEC_OP);
  refuse(PV_HC_HYPFS_OP);
  return table;
}();

}  // namespace

constexpr std::array<HypercallHandler, kHypercallNumbers> kHypercallHandlers = [] {
  std::array<HypercallHandler, kHypercallNumbers> handlers{};
  for (std::uint64_t number = 0; number < kHypercallNumbers; ++number) handlers[number] = kTable[number].handler;
  return handlers;
}();

ServedBy served_by(std::uint64_t number) { return number < kTable.size() ? kTable[number].by : ServedBy::Nobody; }

}  // namespace pvisor
