// SPDX-License-Identifier: MIT
// The wait graph: who waits for whom when nothing can happen any more.
#pragma once

#include <string>

#include "core/monitor.hpp"

namespace pvisor {

/// Several lines: each vCPU that waits, and what could wake it. `monitor` is only looked at.
[[nodiscard]] std::string wait_graph(Monitor& monitor);

}  // namespace pvisor
