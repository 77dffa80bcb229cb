// SPDX-License-Identifier: MIT
// Standstill: keeps all vCPUs of some spaces off the CPU while what they see changes; those that ran go on afterwards, and map the
// change first. A vCPU that lies about whether it runs is not worth more: it spoils its own domain's view.
#pragma once

#include <vector>

#include "engine/process/address_space.hpp"
#include "engine/process/vcpu_context.hpp"

namespace pvisor::process {

class ProcessAddressSpace::Standstill {
 public:
  explicit Standstill(const ProcessAddressSpace& space) { add(space); }
  explicit Standstill(const std::vector<ProcessAddressSpace*>& spaces) {
    for (const ProcessAddressSpace* space : spaces) add(*space);
  }
  ~Standstill() {
    for (ProcessVcpu* vcpu : stopped_) vcpu->go_on();
  }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  void add(const ProcessAddressSpace& space) {
    for (ProcessVcpu* vcpu : space.vcpus_) {
      if (vcpu->is_running() && vcpu->stop()) stopped_.push_back(vcpu);
    }
  }
  std::vector<ProcessVcpu*> stopped_;
};

}  // namespace pvisor::process
