// SPDX-License-Identifier: MIT
// What pvisor's exit status means. 0 to 99 belong to the guest, which sets it by the exit_status call.
#pragma once

namespace pvisor {

enum ExitStatus : int {
  kExitSuccess = 0,
  kExitTimeLimit = 124,    ///< --timeout ended it
  kExitHostFailure = 125,  ///< the host lacks something, or a kernel or image cannot be started
  kExitUsage = 126,        ///< wrong usage or configuration
  kExitInterrupted = 130,  ///< left by Ctrl-], SIGINT or another request to stop
  kExitGuestCrash = 134,   ///< a guest crashed, or failed to boot
};

}  // namespace pvisor
