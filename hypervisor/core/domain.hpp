// SPDX-License-Identifier: MIT
// Domain: a guest: its memory, ports, grants, vCPUs and devices. Owned by the Monitor, found by id. Everything else holds
// ids and looks up. The same object lives through a chain-load, only its image is replaced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/device.hpp"
#include "core/event_channels.hpp"
#include "core/grant_table.hpp"
#include "core/guest_area.hpp"
#include "core/guest_memory.hpp"
#include "core/ids.hpp"
#include "core/shared_info.hpp"
#include "core/vcpu.hpp"
#include "core/watchdogs.hpp"

namespace pvisor {

class Monitor;

/// Turns an address in the guest into "function+0x12"; kept from the kernel's symbol table for reports.
class Symbolizer {
 public:
  virtual ~Symbolizer() = default;
  [[nodiscard]] virtual std::string name(std::uint64_t address) const = 0;
};

/// Memory ready to run, as the domain builder leaves it.
struct DomainImage {
  std::unique_ptr<AddressSpace> space;
  std::uint64_t ram_pages = 0;
  std::uint32_t vcpus = 1;  ///< at most PV_LEGACY_MAX_VCPUS; all but the first are down
  GuestFrame start_info;
  GuestFrame xenstore;
  GuestFrame console;
  GuestFrame shared_info;  ///< special frame
  GuestFrame grant_frames; ///< first of GrantTable::kMaxFrames special frames
  VcpuStart boot_vcpu;
  std::shared_ptr<const Symbolizer> symbols;  ///< shared with a report that may outlive the domain; may be null
};

/// Ports every new domain has, in this order; the builder writes them to start_info.
inline constexpr Port kXenstorePort{1};
inline constexpr Port kConsolePort{2};
/// Special frames behind RAM: shared_info, then the grant table.
inline constexpr std::uint64_t kSpecialFrames = 1 + GrantTable::kMaxFrames;

/// Why a domain does not run any more.
struct DomainEnd {
  enum class Kind : std::uint8_t { Poweroff, Reboot, Suspend, Crash, Watchdog, Killed };
  Kind kind = Kind::Killed;
  int exit_code = 0;   ///< given by exit_status, 0 when it gave none
  std::string reason;  ///< for Crash: one line
  std::string report;  ///< for Crash: the lines of the report, may be empty
};

/// DomainEnd::reason of a guest that ended itself as crashed (sched_op shutdown).
inline constexpr const char* kGuestReportedCrash = "the guest reported a crash (sched_op shutdown, reason crash)";

class Domain final : private EventSink {
 public:
  Domain(Monitor& monitor, DomainId id, std::string name, Engine& engine);
  ~Domain() override;
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  [[nodiscard]] DomainId id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Engine& engine() const { return engine_; }
  [[nodiscard]] Monitor& monitor() const { return monitor_; }

  /// Puts an image in place of the one before (none at first), detaches and attaches all devices, and makes vCPU 0 runnable.
  /// Throws HostError, with nothing changed, when the host cannot give a vCPU.
  void install(DomainImage image);
  /// Detaches the devices and frees the memory (what I/O in flight holds goes with its last completion).
  void uninstall();
  void add_device(std::unique_ptr<DomainDevice> device);

  // Valid once an image is installed.
  [[nodiscard]] const DomainImage& image() const { return parts_->image; }
  [[nodiscard]] const GuestMemory& memory() const { return parts_->memory; }
  [[nodiscard]] const SharedInfo& shared_info() const { return parts_->shared_info; }
  [[nodiscard]] EventChannels& events() { return parts_->events; }
  [[nodiscard]] GrantTable& grants() { return parts_->grants; }
  [[nodiscard]] GrantMappings& mappings() { return parts_->mappings; }
  [[nodiscard]] Watchdogs& watchdogs() { return parts_->watchdogs; }
  /// The reason that any later shutdown shall have (sched_op shutdown_code); the first one given counts.
  [[nodiscard]] std::optional<std::uint8_t>& shutdown_code() { return parts_->shutdown_code; }
  [[nodiscard]] bool is_installed() const { return parts_ != nullptr; }
  [[nodiscard]] std::size_t vcpu_count() const { return vcpus_.size(); }
  [[nodiscard]] Vcpu* vcpu(VcpuId id);
  [[nodiscard]] std::uint32_t vcpus_up() const;

  /// Gives a vCPU its registers; it stays down. Throws HostError, with nothing changed, when the host cannot give one.
  /// Precondition: it has none yet.
  void initialise_vcpu(Vcpu& vcpu, const pv_vcpu_guest_context& context);
  /// Moves the vCPU's pv_vcpu_info into `area`, with what is pending, and marks every port's word: nothing is lost, and the
  /// guest looks once for nothing. Precondition: the vCPU does not run now; `area` does not cross a page's end.
  void move_vcpu_info(Vcpu& vcpu, GuestArea area);
  /// Tells the guest the time, in vcpu_info and where else the vCPU wants it.
  void publish_time(const Vcpu& vcpu) const;
  /// Writes the vCPU's run-state times where the guest wants them, if it does.
  void publish_run_state(const Vcpu& vcpu) const;

  /// True for a RAM frame that is where it belongs and that nobody needs there now: no I/O is under way, no grant of it is in
  /// use, and it holds neither start_info nor a ring of the monitor's.
  [[nodiscard]] bool can_replace(GuestFrame frame);
  /// True for a RAM frame that update_va_mapping took away.
  [[nodiscard]] bool is_taken_away(GuestFrame frame) const;
  /// Shows such a frame again; nothing to do for any other. False: the host has no room.
  [[nodiscard]] bool bring_back(GuestFrame frame);
  /// Ends the mapping at `handle` and shows the mapper's own frame again.
  void unmap_grant(GrantHandle handle);

  /// Takes all vCPUs off the CPU until unpause(). Timers and devices go on; what they raise is found afterwards. Both may be repeated.
  void pause();
  void unpause();

  /// The guest ended itself, or was ended. The first end counts; no vCPU runs afterwards.
  void end(DomainEnd end);
  [[nodiscard]] const std::optional<DomainEnd>& ended() const { return end_; }
  void set_exit_code(int code) { exit_code_ = code; }
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  static void stop(const Vcpu& vcpu);
  [[nodiscard]] GuestVirt vcpu_info_address(VcpuId id) const;
  void raise_event(Port port, VcpuId vcpu) override;
  void unmask_event(Port port, VcpuId vcpu) override;
  void clear_event(Port port) override;
  void port_leads_out(Port port, bool yes) override;
  void give_context(Vcpu& vcpu, std::unique_ptr<VcpuContext> context);
  void wake_for(Port port, VcpuId vcpu, bool upcall);
  /// What lives and dies with one image.
  struct Parts {
    Parts(Domain& domain, DomainImage new_image);
    DomainImage image;
    GuestMemory memory;
    SharedInfo shared_info;
    EventChannels events;
    GrantMappings mappings;
    GrantTable grants;
    Watchdogs watchdogs;
    std::optional<std::uint8_t> shutdown_code;
  };

  Monitor& monitor_;
  DomainId id_;
  std::string name_;
  Engine& engine_;
  std::unique_ptr<Parts> parts_;
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  std::vector<std::unique_ptr<DomainDevice>> devices_;
  std::optional<DomainEnd> end_;
  int exit_code_ = 0;
  bool is_paused_ = false;
  std::shared_ptr<Ram> replaced_;  ///< memory that a chain-load left behind, until its successor runs: freeing it takes time
  WorkItem free_replaced_;
};

}  // namespace pvisor
