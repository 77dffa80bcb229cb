// SPDX-License-Identifier: MIT
// FakeEngine: an engine without guests, in both forms of the contract. Synchronous: run() asks the engine's script for one exit
// after the other. Asynchronous: run() only starts, and the test announces the exit when it likes.
//
//   FakeEngine engine;                                      // or FakeEngine engine(FakeEngine::Form::Asynchronous);
//   engine.script = [](FakeVcpu&, std::optional<std::int64_t>) -> Exit { return HypercallExit{29, {}}; };
//   engine.vcpus().back()->announce(PreemptedExit{});       // asynchronous: wait_fds() become readable
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/engine.hpp"
#include "support/fake_ram.hpp"

namespace pvisor {

class FakeEngine;

/// Guest memory. A foreign mapping is a copy of the owner's page made when it is mapped; unmapping brings the own page back
/// (and, for a writable mapping, first copies what is there to the owner).
class FakeAddressSpace final : public AddressSpace {
 public:
  FakeAddressSpace(const AddressSpaceSpec& spec, std::uint64_t virt_base);
  [[nodiscard]] std::shared_ptr<Ram> ram() const override { return ram_; }
  [[nodiscard]] std::uint64_t virt_base() const override { return virt_base_; }
  void fill_hypercall_page(std::span<std::byte, 4096> page) const override;
  [[nodiscard]] bool map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame,
                                 FrameAccess access) override;
  void unmap_foreign(std::uint64_t frame) override;
  [[nodiscard]] bool show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) override;
  [[nodiscard]] bool show_nothing(std::uint64_t frame) override;
  [[nodiscard]] bool show_own(std::uint64_t frame) override;
  [[nodiscard]] bool release(std::uint64_t first, std::uint64_t count) override;
  [[nodiscard]] bool populate(std::uint64_t first, std::uint64_t count) override;

  [[nodiscard]] const FakeRam& fake_ram() const { return *ram_; }
  [[nodiscard]] std::size_t foreign_count() const { return foreign_.size(); }
  bool refuse_foreign = false;  ///< map_foreign answers "no room"
  bool refuse_views = false;    ///< so do show_special, show_nothing, show_own, release and populate
  /// Frames whose address shows a special frame (that one's number) or nothing.
  std::map<std::uint64_t, std::optional<std::uint64_t>> views;
  std::set<std::uint64_t> released;  ///< frames

 private:
  struct Foreign {
    std::shared_ptr<FakeRam> owner;
    std::uint64_t owner_frame;
    FrameAccess access;
    std::vector<std::byte> own_content;
  };
  std::shared_ptr<FakeRam> ram_;
  std::uint64_t virt_base_;
  std::map<std::uint64_t, Foreign> foreign_;
};

class FakeVcpu final : public NoOwnPaging {
 public:
  FakeVcpu(FakeEngine& engine, const VcpuStart& start) : vcpu_info(start.vcpu_info), start_(start), engine_(engine) {}
  ~FakeVcpu() override;
  void run(std::optional<std::int64_t> result, RunBudget budget, ExitHandler& handler) override;
  [[nodiscard]] const Exit* take_exit() override;
  void kick() override { ++kicks; }
  bool stop() override;
  void set_vcpu_info(std::uint64_t address) override { vcpu_info = address; }
  [[nodiscard]] pv_cpu_user_regs registers() const override { return start_.context.user_regs; }

  /// Asynchronous form: the exit that take_exit() gives next. Only while it runs.
  void announce(Exit exit);
  [[nodiscard]] const VcpuStart& start() const { return start_; }
  [[nodiscard]] bool is_running() const { return running_; }
  [[nodiscard]] bool has_announced() const { return announced_.has_value(); }

  std::uint64_t vcpu_info;  ///< where the guest has it now
  std::uint32_t kicks = 0;
  std::uint32_t stops = 0;
  std::vector<std::optional<std::int64_t>> results;  ///< what each entry brought, in order

 private:
  VcpuStart start_;
  FakeEngine& engine_;
  std::optional<Exit> announced_;
  Exit taken_;  ///< what take_exit() points to
  bool running_ = false;
  bool exited_with_call_ = false;
};

class FakeEngine final : public Engine {
 public:
  enum class Form : std::uint8_t { Synchronous, Asynchronous };
  static constexpr std::uint64_t kVirtBase = 0x10'0000'0000;

  explicit FakeEngine(Form form = Form::Synchronous);
  [[nodiscard]] const EngineTraits& traits() const override { return traits_; }
  [[nodiscard]] std::unique_ptr<AddressSpace> create_address_space(const AddressSpaceSpec& spec) override;
  [[nodiscard]] std::unique_ptr<VcpuContext> create_vcpu(AddressSpace& space, const VcpuStart& start) override;
  [[nodiscard]] std::span<const int> wait_fds() const override { return exit_fd_.is_open() ? std::span(&wait_fd_, 1) : std::span<const int>(); }
  [[nodiscard]] bool has_exits() const override;

  /// Synchronous form: what a vCPU does when it is entered. The default is preempted for ever.
  std::function<Exit(FakeVcpu&, std::optional<std::int64_t>)> script;
  /// The vCPUs that exist now, in order of creation.
  [[nodiscard]] const std::vector<FakeVcpu*>& vcpus() const { return vcpus_; }

 private:
  friend class FakeVcpu;
  void signal();
  void unsignal_if_idle();

  EngineTraits traits_;
  UniqueFd exit_fd_;
  int wait_fd_ = -1;
  std::vector<FakeVcpu*> vcpus_;
};

}  // namespace pvisor
