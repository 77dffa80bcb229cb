// SPDX-License-Identifier: MIT
// Guest instructions as text, and what a ported kernel should do instead of a privileged one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/guest_memory.hpp"

namespace pvisor {

struct DisassembledInstruction {
  std::uint64_t address = 0;
  std::string text;  ///< AT&T syntax, as objdump prints it
};

struct Disassembly {
  std::vector<DisassembledInstruction> before;  ///< a few that lead to the address; a good guess, x86 cannot be read backwards
  std::vector<DisassembledInstruction> at;      ///< the one at the address and a few after; empty if there is no code
  std::string hint;                             ///< for a privileged instruction: the PV way; empty for others
};

[[nodiscard]] Disassembly disassemble_around(const GuestMemory& memory, std::uint64_t address);

}  // namespace pvisor
