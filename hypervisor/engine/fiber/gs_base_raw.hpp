// SPDX-License-Identifier: MIT
// The GS base is the guest's: nothing of ours uses GS, so it stays loaded until this thread enters another vCPU. A guest may
// also change it by itself (wrgsbase), hence it is read back. Implemented in gs_base_raw.cpp.
#pragma once

#include <cstdint>

#include "engine/fiber/vcpu_raw.hpp"

namespace pvisor::fiber {

/// The vCPU whose base is loaded on this thread; nullptr: nobody's.
extern constinit thread_local FiberVcpu* gs_base_owner;

void switch_gs_base(FiberVcpu& vcpu);

inline void give_gs_base_to(FiberVcpu& vcpu) {
  if (gs_base_owner != &vcpu) [[unlikely]] switch_gs_base(vcpu);
}
inline void forget_gs_base_of(const FiberVcpu& vcpu) {
  if (gs_base_owner == &vcpu) gs_base_owner = nullptr;
}
/// Loads the base of the vCPU that runs.
void set_gs_base(std::uint64_t base);

}  // namespace pvisor::fiber
