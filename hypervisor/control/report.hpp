// SPDX-License-Identifier: MIT
// What people are shown when a guest crashes or is ended by the time limit: the reason, registers, the instruction and the way
// that led there. Every byte of it comes from the guest and is escaped.
#pragma once

#include <string>
#include <string_view>

#include <pvabi/cpu.h>

#include "core/domain.hpp"
#include "core/guest_memory.hpp"

namespace pvisor {

/// One vCPU of a guest to be shown.
struct ReportSubject {
  std::string_view domain;  ///< its name
  std::uint32_t vcpu = 0;
  const GuestMemory& memory;
  const pv_cpu_user_regs& regs;
  const Symbolizer* symbols = nullptr;  ///< may be null
};

/// Several lines, each ended.
[[nodiscard]] std::string crash_report(const ReportSubject& subject, std::string_view reason);
/// "domain a: vCPU 0 blocked at 0x1234 (function+0x12)", then the way that led there. Several lines, each ended.
[[nodiscard]] std::string where_report(const ReportSubject& subject, std::string_view state);

}  // namespace pvisor
