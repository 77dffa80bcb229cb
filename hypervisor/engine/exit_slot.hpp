// SPDX-License-Identifier: MIT
// From the shim's exit slot to an Exit: common to all engines. The slot is the guest's to scribble on: read once, checked.
#pragma once

#include "engine/exit.hpp"
#include "shim/vcpu_page.hpp"

namespace pvisor {

/// `slot` is a copy. An unknown kind becomes DiedExit.
[[nodiscard]] Exit exit_from_slot(const shim::ExitSlot& slot);

}  // namespace pvisor
