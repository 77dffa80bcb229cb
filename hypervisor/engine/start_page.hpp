// SPDX-License-Identifier: MIT
// From a VcpuStart to the shim's page of a new vCPU: common to all engines.
#pragma once

#include "engine/engine.hpp"
#include "shim/vcpu_page.hpp"

namespace pvisor {

/// Fills what the ABI decides; home_stack and the window are the engine's to add. FPU state and segment bases are not in the page.
void start_page(shim::VcpuPage& page, const VcpuStart& start);
/// The x87 and SSE state that the guest wants, such that loading it (fxrstor) cannot fault.
void start_fpu(std::uint8_t (&image)[512], const pv_fpu_ctxt& wanted);

}  // namespace pvisor
