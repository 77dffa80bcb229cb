// SPDX-License-Identifier: MIT
// What the vCPUs of one engine share: the program they run, the doorbell by which they wake the monitor, and where their ends and
// questions are heard of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/process/spawner.hpp"

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
  /// Its process has ended, and nobody has taken note yet; somebody has.
  void note_death(const ProcessVcpu& vcpu);
  void death_taken() { --deaths_; }

  void began(ProcessVcpu& vcpu) { running_.push_back(&vcpu); }
  void ended(ProcessVcpu& vcpu) { std::erase(running_, &vcpu); }

  /// The doorbell, and what is readable when a process has ended or asks.
  [[nodiscard]] std::span<const int> wait_fds() const { return wait_fds_; }
  void serve(int fd);
  [[nodiscard]] bool has_exits() const;
  [[nodiscard]] bool has_exits_soon() const;
  void set_sleeping(bool asleep);
  [[nodiscard]] bool is_sleeping() const { return asleep_; }
  /// How often a stub looks for its turn before it sleeps: only while nobody else needs its CPU.
  [[nodiscard]] std::uint32_t spins() const;
  [[nodiscard]] int doorbell() const { return doorbell_.get(); }
  void silence_doorbell() const;

 private:
  UniqueFd doorbell_;
  UniqueFd epoll_;
  Spawner spawner_;
  std::size_t cpus_;
  std::array<int, 2> wait_fds_;
  std::vector<ProcessVcpu*> running_;
  std::size_t deaths_ = 0;  ///< of which nobody has been told
  bool asleep_ = false;
};

}  // namespace pvisor::process
