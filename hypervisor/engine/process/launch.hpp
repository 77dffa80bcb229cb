// SPDX-License-Identifier: MIT
// Starting a vCPU's process: from the monitor to the stub's first instruction.
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace pvisor::process {

/// What the host keeps a process apart with besides the filter. Each is used where the host allows it.
struct Seclusion {
  bool namespaces = true;  ///< its own user, process, network, mount and IPC namespaces
  bool questions = true;   ///< a seccomp listener, without which it cannot map another domain's page
  bool is_settled = false; ///< one process has got these: from then on a failure is no reason to do with less
};

struct LaunchSpec {
  int stub = -1;      ///< memory file with the stub's image
  int area = -1;      ///< become the descriptors of the same names (vcpu_area.hpp)
  int ram = -1;
  int doorbell = -1;
  int monitor = -1;   ///< pidfd of this process
};

struct Launched {
  UniqueFd pidfd;     ///< open also when the process could not become a vCPU's: somebody must reap it
  UniqueFd listener;  ///< closed if it was not asked for, or the host allows none
  const char* failed = nullptr;  ///< what could not be done
  int error = 0;                 ///< errno of that
};

/// Tries to start one, as a child of the caller's parent: the caller is the spawner (spawner.hpp).
[[nodiscard]] Launched launch(const LaunchSpec& spec, const Seclusion& seclusion);

/// Ends it if it still runs, waits until it is gone, and says how it ended: "killed by signal 9 (Killed)", "status 1".
/// Empty if nobody knows.
std::string kill_and_reap(int pidfd);
/// The same for one that has ended by itself.
std::string reap(int pidfd);

}  // namespace pvisor::process
