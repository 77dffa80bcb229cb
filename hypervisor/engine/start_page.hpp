// SPDX-License-Identifier: MIT
// From a VcpuStart to the shim's page of a new vCPU: common to all engines.
#pragma once

#include "engine/engine.hpp"
#include "shim/vcpu_page.hpp"

namespace pvisor {

/// Fills what the ABI decides; home_stack and the window are the engine's to add. FPU state and segment bases are not in the page.
void start_page(shim::VcpuPage& page, const VcpuStart& start);

}  // namespace pvisor
