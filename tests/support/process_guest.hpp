// SPDX-License-Identifier: MIT
// ProcessGuest: a real vCPU of the process engine that does what a test orders, one thing at a time: call whatever lies at an address,
// such as the stub's gate to the host kernel, with whatever in the registers.
//
//   VcpuProcesses processes;
//   ProcessGuest guest(processes);
//   CHECK(guest.gate(SYS_getpid) == ProcessGuest::kRefused);
//   CHECK(guest.peek(guest.address(ProcessGuest::kFree)) == 0);
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>

#include "engine/process/address_space.hpp"
#include "engine/process/processes.hpp"
#include "engine/process/vcpu_area.hpp"
#include "engine/process/vcpu_context.hpp"

namespace pvisor {

class ProcessGuest {
 public:
  static constexpr std::int64_t kRefused = -4095;  ///< what the gate answers when the filter refuses (stub/gate.hpp)
  static constexpr std::uint64_t kPages = 64;
  /// Its frames: hypercall page, code, stack, shared_info, orders, and those that the test may use.
  enum Frame : std::uint64_t { kCalls, kCode, kStack, kInfo, kOrders, kFree };
  /// What an order may name as its target besides an address.
  enum class Does : std::uint64_t { Gate, Peek, Poke, Spin, GateOnStack, Nothing };

  explicit ProcessGuest(process::VcpuProcesses& processes);

  /// Gives the order and answers how the vCPU came back: a HypercallExit when it has been done.
  const Exit& order(Does what, std::initializer_list<std::uint64_t> registers = {});
  /// The same without waiting.
  void begin(Does what, std::initializer_list<std::uint64_t> registers = {});
  /// What its `rax` was, once order() came back by a call.
  [[nodiscard]] std::int64_t result() const;
  /// Number, then the arguments; the answer.
  std::int64_t gate(std::uint64_t number, std::initializer_list<std::uint64_t> args = {});
  std::uint64_t peek(std::uint64_t address);
  void poke(std::uint64_t address, std::uint64_t value);

  /// The next exit: waits for it as the monitor does. Its text for a died vCPU is death().
  const Exit& next_exit();
  [[nodiscard]] bool is_dead() const { return std::holds_alternative<DiedExit>(last_); }
  [[nodiscard]] std::string_view death() const { return std::get<DiedExit>(last_).reason; }

  [[nodiscard]] std::uint64_t address(std::uint64_t frame) const { return space->virt_base() + frame * process::kPage; }
  [[nodiscard]] std::byte* memory(std::uint64_t frame) const { return space->ram()->bytes().data() + frame * process::kPage; }
  /// The area, in this process.
  [[nodiscard]] process::VcpuArea& area() const { return *area_; }
  /// Its process; sends it a signal.
  [[nodiscard]] int pid() const;
  void signal(int number) const;
  /// Stops its process and returns when it stands: from then on the test may play its part in the area.
  void hold() const;
  [[nodiscard]] std::uint64_t code(Does what) const;
  void run(std::optional<std::int64_t> result = {});

  process::VcpuProcesses& processes;
  std::unique_ptr<process::ProcessAddressSpace> space;
  std::unique_ptr<process::ProcessVcpu> vcpu;

 private:
  struct Orders;
  [[nodiscard]] Orders& orders() const;

  process::VcpuArea* area_;
  Exit last_;
};

}  // namespace pvisor
