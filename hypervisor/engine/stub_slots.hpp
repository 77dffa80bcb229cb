// SPDX-License-Identifier: MIT
// A hypercall page whose slots jump to a home's entry: common to the engines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pvisor {

/// Fills all slots: each loads its number and jumps to `entry`; those of iret and multicall, which leave by the whole frame, to
/// `entry_whole`. The slot of iret first pushes rcx, r11 and rax, as Xen's does.
void fill_stub_slots(std::span<std::byte, 4096> page, std::uint64_t entry, std::uint64_t entry_whole);

}  // namespace pvisor
