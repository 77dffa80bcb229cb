// SPDX-License-Identifier: MIT
// ClaimedRing: a page of a guest's in use as a ring: its grant and the sole right to it, from connect to disconnect.
#pragma once

#include <optional>
#include <string>

#include "core/grant_table.hpp"
#include "core/ids.hpp"
#include "devices/ring_pages.hpp"

namespace pvisor {

struct ClaimedRing {
  GrantUse use;
  RingPages::Claim claim;
};

/// Nothing, and `error` says why in one line, if `ref` is no writable grant for domain 0 or its page a ring already. `node` is
/// where the guest named it: "ring-ref".
[[nodiscard]] std::optional<ClaimedRing> claim_ring(GrantTable& grants, RingPages& pages, DomainId domain, GrantRef ref,
                                                    const char* node, std::string& error);

}  // namespace pvisor
