// SPDX-License-Identifier: MIT
// One line that says what an exception was, in the field's words.
#pragma once

#include <string>

#include "engine/exit.hpp"

namespace pvisor {

[[nodiscard]] std::string describe(const FaultExit& fault);
/// `rip`: where it stood then.
[[nodiscard]] std::string describe(const DiedExit& died, std::uint64_t rip);

}  // namespace pvisor
