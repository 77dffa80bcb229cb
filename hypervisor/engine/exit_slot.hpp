// SPDX-License-Identifier: MIT
// From the shim's exit slot to an Exit: common to all engines. The slot is the guest's to scribble on: read once, checked.
#pragma once

#include "engine/exit.hpp"
#include "shim/vcpu_page.hpp"

namespace pvisor {

/// What a shim::DeathReason means, for a DiedExit.
[[nodiscard]] std::string_view death_text(std::uint32_t death);

/// Fills `exit` from the slot and, for a call, the frame; both are copies unless the engine trusts its guests. An unknown
/// kind becomes DiedExit.
void take_slot(const shim::VcpuPage& page, Exit& exit);

}  // namespace pvisor
