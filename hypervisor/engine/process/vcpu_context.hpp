// SPDX-License-Identifier: MIT
// The process engine's vCPU: a process, the area shared with it, and what is known of both on this side.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "engine/engine.hpp"
#include "engine/process/address_space.hpp"
#include "engine/process/launch.hpp"
#include "engine/process/vcpu_area.hpp"

namespace pvisor::process {

class VcpuProcesses;

class ProcessVcpu final : public NoOwnPaging {
 public:
  /// Throws HostError.
  ProcessVcpu(VcpuProcesses& processes, ProcessAddressSpace& space, const VcpuStart& start);
  ~ProcessVcpu() override;
  ProcessVcpu(const ProcessVcpu&) = delete;
  ProcessVcpu& operator=(const ProcessVcpu&) = delete;

  void run(std::optional<std::int64_t> result, RunBudget budget, ExitHandler& handler) override;
  [[nodiscard]] const Exit* take_exit() override;
  void kick() override;
  bool stop() override;
  void set_vcpu_info(std::uint64_t address) override { area_->page.vcpu_info = address; }
  void allow_posted(std::uint32_t port, bool allowed) override;
  void take_posted(PostedSends& sends) override;
  [[nodiscard]] pv_cpu_user_regs registers() const override;

  // For its address space.
  [[nodiscard]] bool is_running() const { return running_; }
  /// After stop(): lets it run again.
  void go_on();
  /// What these frames show has changed.
  void must_map(std::uint64_t first, std::uint64_t count);

  // For the engine.
  /// It has handed over its turn, or never had it.
  [[nodiscard]] bool has_turn() const { return __atomic_load_n(&area_->hand_off.turn, __ATOMIC_ACQUIRE) == kMonitorsTurn; }
  [[nodiscard]] bool has_posted() const { return __atomic_load_n(&area_->posted.words, __ATOMIC_ACQUIRE) != 0; }
  void set_monitor_asleep(bool asleep);
  /// Its process asks for a page.
  void answer_question();
  /// Its process has ended.
  void note_death();
  [[nodiscard]] int pidfd() const { return process_.pidfd.get(); }
  [[nodiscard]] int listener() const { return process_.listener.get(); }

 private:
  void set_up(const VcpuStart& start);
  void set_running(bool running);
  void pass_turn();
  /// From the area to `exit_`; false: it is the engine's own affair.
  [[nodiscard]] bool read_exit();
  [[nodiscard]] bool wait_for_exit(std::uint64_t nanoseconds);
  void freeze();
  // views.cpp
  void list_views();
  [[nodiscard]] std::uint64_t alike_from(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] View view_of(std::uint64_t first, std::uint64_t count) const;

  VcpuProcesses& processes_;
  ProcessAddressSpace& space_;
  Mapping area_memory_;
  VcpuArea* area_ = nullptr;
  Launched process_;
  bool running_ = false;
  bool asked_out_ = false;    ///< it was told to come out, and may not have noticed yet
  bool frozen_ = false;       ///< stopped by a signal that nobody can block
  bool was_late_ = false;     ///< it once did not come out in time: nobody waits for it any more
  bool is_dead_ = false;
  bool death_taken_ = false;
  std::map<std::uint64_t, std::uint64_t> unmapped_;  ///< frames that its process must map anew: first and count
  std::deque<FrameShown> asked_for_;  ///< pages listed for mapping, in the order in which it will ask
  std::int64_t result_ = 0;
  std::string death_;
  Exit exit_;
};

}  // namespace pvisor::process
