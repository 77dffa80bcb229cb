// SPDX-License-Identifier: MIT
// SharedInfo: the page through which events and time reach a guest (pvabi/shared_info.h), behind a few named functions so
// that the memory order of each access is stated once. The guest may write anything here: nothing read decides more than
// whether the guest itself is disturbed.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/shared_page.hpp"

namespace pvisor {

class SharedInfo {
 public:
  explicit SharedInfo(SharedPage page) : page_(std::move(page)) {}

  /// State of a new domain: every upcall masked, all channels unmasked, nothing pending.
  void initialise(std::uint32_t vcpus) const;

  /// What is left to do after a port was marked.
  enum class Raised : std::uint8_t {
    AlreadyPending,  ///< the guest has not seen the last one: nothing more to do
    Masked,          ///< the port is masked: it stays pending
    Upcall,          ///< upcall_pending was set: the vCPU must look
  };
  /// Steps 1 to 3 of the two-level protocol: pending bit, selector bit, upcall_pending; each a locked read-modify-write,
  /// so that a guest that clears upcall_pending and then scans cannot miss the bit.
  [[nodiscard]] Raised raise(Port port, VcpuId vcpu) const;
  /// Re-raises a port that became unmasked while pending. True if the vCPU must look.
  [[nodiscard]] bool unmask(Port port, VcpuId vcpu) const;
  [[nodiscard]] bool is_pending(Port port) const;
  [[nodiscard]] bool is_masked(Port port) const;
  void clear_pending(Port port) const;
  void mask(Port port) const;

  /// upcall_pending != 0 && upcall_mask == 0: an upcall would be delivered now.
  [[nodiscard]] bool upcall_due(VcpuId vcpu) const;
  [[nodiscard]] bool upcall_pending(VcpuId vcpu) const;
  void set_upcall_mask(VcpuId vcpu, bool masked) const;
  void set_fault_address(VcpuId vcpu, std::uint64_t address) const;

  /// Publishes a time scale under the version protocol: odd while it changes.
  void publish_time(VcpuId vcpu, const TimeScale& scale) const;
  void publish_wall_clock(std::uint64_t epoch_ns) const;

 private:
  void select(Port port, VcpuId vcpu) const;
  SharedPage page_;
};

}  // namespace pvisor
