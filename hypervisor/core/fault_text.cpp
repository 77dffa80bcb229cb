// SPDX-License-Identifier: MIT
#include "core/fault_text.hpp"

#include <array>

#include <fmt/format.h>

namespace pvisor {

namespace {

constexpr std::array<const char*, 20> kNames = {
    "divide error",        "debug exception",     "non-maskable interrupt", "breakpoint",         "overflow",
    "bound range",         "invalid opcode",      "device not available",   "double fault",       "coprocessor overrun",
    "invalid TSS",         "segment not present", "stack fault",            "general protection", "page fault",
    "reserved exception",  "x87 floating point",  "alignment check",        "machine check",      "SIMD floating point",
};

}  // namespace

std::string describe(const FaultExit& fault) {
  constexpr std::uint8_t kPageFault = 14;
  const char* name = fault.vector < kNames.size() ? kNames[fault.vector] : "exception";
  if (fault.vector == kPageFault) {
    const char* access = (fault.error_code & 16) != 0 ? "executing" : (fault.error_code & 2) != 0 ? "writing" : "reading";
    return fmt::format("page fault (#{}) {} address {:#x}, error code {:#x}, no handler", fault.vector, access, fault.address,
                       fault.error_code);
  }
  return fmt::format("{} (#{}), error code {:#x}, no handler", name, fault.vector, fault.error_code);
}

std::string describe(const DiedExit& died, std::uint64_t rip) { return fmt::format("{}, at {:#x}", died.reason, rip); }

}  // namespace pvisor
