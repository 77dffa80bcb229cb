// SPDX-License-Identifier: MIT
// SharedInfo: the page through which events and time reach a guest (pvabi/shared_info.h), behind a few named functions so
// that the memory order of each access is stated once. The guest may write anything here: nothing read decides more than
// whether the guest itself is disturbed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "core/guest_area.hpp"
#include "core/ids.hpp"
#include "core/shared_page.hpp"

namespace pvisor {

class SharedInfo {
 public:
  explicit SharedInfo(SharedPage page);

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

  /// Publishes a time scale under the version protocol: odd while it changes.
  void publish_time(VcpuId vcpu, const TimeScale& scale) const;
  static void publish_time(const GuestArea& area, const TimeScale& scale);
  void publish_wall_clock(std::uint64_t epoch_ns) const;

  /// From now on the vCPU's pv_vcpu_info is the one in `area` (register_vcpu_info). It begins as a copy of the old one, with
  /// all of its selector's bits set. Preconditions: the area does not cross a page's end; the vCPU does not run now.
  void move_vcpu_info(VcpuId vcpu, GuestArea area);
  /// Where it was moved to; nothing while it is in this page.
  [[nodiscard]] std::optional<GuestVirt> moved_to(VcpuId vcpu) const;

 private:
  /// One vCPU's pv_vcpu_info: in this page, or moved.
  struct Place {
    SharedPage page;
    std::size_t offset;
    std::optional<GuestArea> moved;
  };
  [[nodiscard]] const Place& place(VcpuId vcpu) const;
  void select(Port port, VcpuId vcpu) const;
  SharedPage page_;
  std::vector<Place> places_;  ///< by vCPU
};

}  // namespace pvisor
