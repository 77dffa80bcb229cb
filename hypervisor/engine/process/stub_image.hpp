// SPDX-License-Identifier: MIT
// The stub: the program of a vCPU's process (stub/), as it lies in the monitor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/unique_fd.hpp"

namespace pvisor::process {

struct StubImage {
  std::span<const std::byte> bytes;
  std::uint64_t entry;        ///< where the hypercall page leads
  std::uint64_t entry_whole;  ///< the same for iret and multicall
  std::uint64_t gate_return;  ///< behind the one `syscall` that the host kernel answers
};

[[nodiscard]] const StubImage& stub_image();
/// A memory file with it, to be executed; nobody can write to it any more. Throws HostError.
[[nodiscard]] UniqueFd make_stub_file();

}  // namespace pvisor::process
