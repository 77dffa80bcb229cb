// SPDX-License-Identifier: MIT
#include "devices/claimed_ring.hpp"

#include <utility>

namespace pvisor {

std::optional<ClaimedRing> claim_ring(GrantTable& grants, RingPages& pages, DomainId domain, GrantRef ref, const char* node,
                                      std::string& error) {
  const std::string named = std::string(node) + " " + std::to_string(ref.value());
  std::int16_t status = 0;
  auto use = grants.use(ref, kMonitorDomain, FrameAccess::ReadWrite, status);
  if (!use) {
    error = named + " is no writable grant for domain 0 (status " + std::to_string(status) + ")";
    return std::nullopt;
  }
  auto claim = pages.claim(domain, use->frame());
  if (!claim) {
    error = named + " is a page that another device uses as its ring";
    return std::nullopt;
  }
  return ClaimedRing{std::move(*use), std::move(*claim)};
}

}  // namespace pvisor
