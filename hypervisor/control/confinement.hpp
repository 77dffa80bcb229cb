// SPDX-License-Identifier: MIT
// The monitor confines itself: once all is open and before the first guest runs it gives up what it does not need any more, so that a
// guest that gets the better of it has won little. In this order:
//   1. name_denied_calls(), before engines are made;
//   2. give_up_rights(), when all files are open, while there is one thread: no new privileges, no capabilities, no files by
//      name (Landlock);
//   3. filter_calls(), when the I/O is set up: only the system calls of allowed_calls.hpp.
#pragma once

#include <span>
#include <vector>

#include "base/file_root.hpp"
#include "base/unique_fd.hpp"
#include "control/hosted_domain.hpp"
#include "engine/probe.hpp"

namespace pvisor {

/// What a plan needs beyond the ordinary.
struct ConfinementNeeds {
  bool runs_guests = false;      ///< inside this process (fiber): memory that is written and executed
  bool opens_sockets = false;    ///< user-mode networking
  bool binds_low_ports = false;  ///< and forwards ports below 1024: one capability stays
  std::vector<UniqueFd> log_folders{};     ///< where console files are rotated
  std::vector<UniqueFd> readable_files{};  ///< read again and again
};

[[nodiscard]] ConfinementNeeds needs_of(std::span<const HostedDomain> domains, const FileRoot& root);

/// A call that the filter denies is a mistake of ours: it is named on standard error, and the process ends with kExitHostFailure.
void name_denied_calls();
/// Without Landlock, where the host has none. Throws HostError.
void give_up_rights(const ConfinementNeeds& needs);
/// Without a filter, where the host has none.
void filter_calls(const ConfinementNeeds& needs);

/// What of it this host and this build can do.
[[nodiscard]] std::vector<Finding> probe_confinement();

}  // namespace pvisor
