// SPDX-License-Identifier: MIT
// What the process engine finds on this host.
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "base/host_error.hpp"
#include "engine/process/launch.hpp"
#include "engine/process/process_engine.hpp"
#include "engine/process/processes.hpp"
#include "engine/process/sealed_file.hpp"

namespace pvisor::process {

namespace {

using State = Finding::State;

bool has_action(std::uint32_t action) { return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0; }

/// Starts a process as for a vCPU, without a guest: what the host allows is seen by what it did.
void try_a_process(std::vector<Finding>& findings) {
  try {
    VcpuProcesses processes;
    const Seclusion got = processes.try_one();
    findings.push_back({State::There, "processes started from memory", "each vCPU is one"});
    findings.push_back({got.namespaces ? State::There : State::Weaker, "namespaces of its own (user, process, network, mount, IPC)",
                        got.namespaces ? "a vCPU's process sees no other process and no network even if the filter failed"
                                       : "the host allows none here: the seccomp filter alone contains a guest",
                        true});
    findings.push_back({got.questions ? State::There : State::Weaker, "seccomp user notification",
                        got.questions ? "guests can map each other's pages"
                                      : "a guest that maps another's page gets an error; another listener is installed, or Linux is older than 5.9"});
  } catch (const HostError& error) {
    findings.push_back({State::Missing, "processes started from memory", error.what()});
  }
}

}  // namespace

std::vector<Finding> probe_process_engine() {
  std::vector<Finding> findings{
      finding(has_action(SECCOMP_RET_TRAP) && has_action(SECCOMP_RET_KILL_PROCESS), State::Missing, "seccomp filters",
              "the host kernel contains a guest", "guests cannot be contained; use Linux 4.14 or newer"),
      finding(make_sealed_file("pvisor-probe", 0).is_open(), State::Missing, "sealed memory files", "a guest cannot take memory away from under the monitor",
              "guests cannot be contained"),
  };
  try_a_process(findings);
  return findings;
}

}  // namespace pvisor::process
