// SPDX-License-Identifier: MIT
// The identifiers that guests and the core exchange, each its own type; and the guest addresses, which cannot be
// dereferenced or turned into a pointer: GuestMemory is the only way in.
#pragma once

#include <cstdint>

#include "base/strong_id.hpp"

namespace pvisor {

using DomainId = StrongId<struct DomainIdTag, std::uint16_t>;
using VcpuId = StrongId<struct VcpuIdTag, std::uint32_t>;
using Port = StrongId<struct PortTag, std::uint32_t>;
using GrantRef = StrongId<struct GrantRefTag, std::uint32_t>;
using GrantHandle = StrongId<struct GrantHandleTag, std::uint32_t>;

/// A guest virtual address.
using GuestVirt = StrongId<struct GuestVirtTag, std::uint64_t>;
/// A machine frame number of one domain (at level 0 also its pseudo-physical one).
using GuestFrame = StrongId<struct GuestFrameTag, std::uint64_t>;

/// Domain 0: the monitor itself, as guests see it.
inline constexpr DomainId kMonitorDomain{0};
inline constexpr std::uint64_t kPageSize = 4096;
inline constexpr std::uint64_t kPageShift = 12;

}  // namespace pvisor
