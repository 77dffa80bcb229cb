// SPDX-License-Identifier: MIT
// What the vCPUs of one engine share: the program they run, the doorbell by which they wake the monitor, and where their ends and
// questions are heard of.
#pragma once

#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/process/launch.hpp"

namespace pvisor::process {

class ProcessVcpu;

class VcpuProcesses {
 public:
  /// Throws HostError.
  VcpuProcesses();
  VcpuProcesses(const VcpuProcesses&) = delete;
  VcpuProcesses& operator=(const VcpuProcesses&) = delete;

  /// Starts a process with these two files. Throws HostError.
  [[nodiscard]] Launched start(int area, int ram);
  /// Starts one without a guest, ends it, and tells what the host allows. Throws HostError.
  [[nodiscard]] Seclusion try_one();
  /// Hears of its end and its questions, until forget().
  void watch(ProcessVcpu& vcpu);
  void forget(ProcessVcpu& vcpu);
  void forget_death(const ProcessVcpu& vcpu);

  void began(ProcessVcpu& vcpu) { running_.push_back(&vcpu); }
  void ended(ProcessVcpu& vcpu) { std::erase(running_, &vcpu); }

  /// Readable when something happened for which serve() is due.
  [[nodiscard]] int fd() const { return epoll_.get(); }
  void serve();
  [[nodiscard]] bool has_exits() const;
  void set_sleeping(bool asleep);
  [[nodiscard]] bool is_sleeping() const { return asleep_; }
  /// How often a stub looks for its turn before it sleeps: only while nobody else needs its CPU.
  [[nodiscard]] std::uint32_t spins() const;
  [[nodiscard]] int doorbell() const { return doorbell_.get(); }
  void silence_doorbell() const;

 private:
  UniqueFd stub_;
  UniqueFd doorbell_;
  UniqueFd epoll_;
  UniqueFd monitor_;  ///< pidfd of this process
  Seclusion seclusion_;
  std::size_t cpus_;
  std::vector<ProcessVcpu*> running_;
  bool asleep_ = false;
};

}  // namespace pvisor::process
