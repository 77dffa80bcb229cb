// SPDX-License-Identifier: MIT
// The spawner: a small process that starts the vCPUs' processes, made before the monitor confines itself, so that the monitor need
// not be able to start anything. It knows one program, the stub, and executes no other, whoever asks. Its death ends nothing
// that runs: the vCPUs' processes are the monitor's children.
#pragma once

#include "base/unique_fd.hpp"
#include "engine/process/launch.hpp"

namespace pvisor::process {

class Spawner {
 public:
  /// Makes the process. It is the smaller the earlier, and safest while this one has a single thread. Throws HostError.
  explicit Spawner(int doorbell);
  /// Ends it.
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  /// Has a vCPU's process started with these two files, and waits for it. Throws HostError.
  [[nodiscard]] Launched start(int area, int ram);
  /// What the host has turned out to allow.
  [[nodiscard]] const Seclusion& seclusion() const { return seclusion_; }

 private:
  struct Answer;
  [[nodiscard]] Launched ask(int area, int ram, Answer& answer);

  int doorbell_;
  UniqueFd socket_;
  UniqueFd pidfd_;
  Seclusion seclusion_;
};

}  // namespace pvisor::process
