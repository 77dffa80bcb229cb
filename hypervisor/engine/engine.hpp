// SPDX-License-Identifier: MIT
// The engine contract: how a vCPU is run until something happens. Three classes and nothing else: an Engine makes the
// others and states its traits, an AddressSpace is a guest's memory, a VcpuContext runs.
//
// Threads: every method is called by the reactor thread. An engine may run guests elsewhere (other processes, other
// threads) but announces their exits to the reactor; it never calls the core.
// Errors: creating something throws HostError when the host lacks it. Nothing a guest does makes any of these throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "engine/exit.hpp"
#include <pvabi/cpu.h>

namespace pvisor {

/// What an engine can do; constant for the engine's life. Tests name the trait that they need and are skipped without it.
struct EngineTraits {
  std::string_view name;
  bool isolates_memory = false;  ///< a guest cannot reach the monitor or another guest
  bool preempts = false;         ///< a guest that never calls is still taken off the CPU
  bool many_vcpus = false;       ///< a domain may have more than one vCPU
  bool guest_fs = false;         ///< the FS base belongs to the guest
  bool own_paging = false;       ///< level 1: the guest may bring its own page tables
  bool asynchronous = false;     ///< vCPUs run elsewhere and announce their exits
  bool deterministic = false;    ///< with virtual time and a seed a run repeats exactly
  std::uint64_t window_low = 0;  ///< lowest guest virtual address this engine can give
  std::uint64_t window_high = 0; ///< first address above the window
};

/// How an engine is to run its guests.
struct EngineOptions {
  /// Set: every run shall repeat. Guests are placed at fixed addresses, are not preempted, read this word when they ask for the
  /// CPU's counter, and end when they make no call for a second of real time. Needs traits().deterministic; outlives the engine.
  const std::uint64_t* virtual_ns = nullptr;
};

/// A domain's memory as the host sees it: RAM frames, then the special frames. Shared, because I/O in flight may outlive
/// the domain. The bytes stay mapped, at the same place, until the last owner goes.
class Ram {
 public:
  virtual ~Ram() = default;
  [[nodiscard]] virtual std::span<std::byte> bytes() const = 0;
  /// The monitor will write all of this part of bytes(): a host that brings memory in page by page may do it in one go.
  virtual void expect_writes(std::span<std::byte>) const {}
};

struct AddressSpaceSpec {
  std::uint64_t ram_pages = 0;
  std::uint64_t special_pages = 0;              ///< behind RAM, same memory object
  std::optional<std::uint64_t> fixed_base;      ///< guest address of frame 0; absent: the engine chooses
};

enum class FrameAccess : std::uint8_t { ReadOnly, ReadWrite };

class AddressSpace {
 public:
  virtual ~AddressSpace() = default;
  [[nodiscard]] virtual std::shared_ptr<Ram> ram() const = 0;
  /// Guest virtual address of frame 0. Level 0 maps frame n at virt_base() + (n << 12).
  [[nodiscard]] virtual std::uint64_t virt_base() const = 0;
  /// Writes this engine's hypercall page: 128 slots of 32 bytes.
  virtual void fill_hypercall_page(std::span<std::byte, 4096> page) const = 0;
  /// Makes `frame` of this space show `owner_frame` of `owner` until unmap_foreign. False: the host has no room.
  /// Preconditions: both frames exist, neither is pinned for I/O, `frame` shows no foreign frame yet.
  [[nodiscard]] virtual bool map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame,
                                         FrameAccess access) = 0;
  /// Ends it; the frame shows its own, older content again. The owner's later writes are not visible any more.
  virtual void unmap_foreign(std::uint64_t frame) = 0;

  // What the addresses of RAM frames show (level 0). All begin with their own frame. False, with nothing changed: the host has
  // no room.
  /// Makes the address of `frame` show `special`, a special frame, until show_own. Ram::bytes() at `frame` follows.
  /// Precondition: it shows its own frame, which is not pinned.
  [[nodiscard]] virtual bool show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) = 0;
  /// Makes the address of `frame` fault until show_own; the frame keeps its content. Precondition: as above.
  [[nodiscard]] virtual bool show_nothing(std::uint64_t frame) = 0;
  /// Ends show_special or show_nothing.
  [[nodiscard]] virtual bool show_own(std::uint64_t frame) = 0;
  /// Gives RAM frames back to the host: their addresses fault, their content is gone. Precondition: they show themselves.
  [[nodiscard]] virtual bool release(std::uint64_t first, std::uint64_t count) = 0;
  /// Brings released frames back, zeroed.
  [[nodiscard]] virtual bool populate(std::uint64_t first, std::uint64_t count) = 0;
};

/// How a vCPU begins: what the builder or the guest wants in its registers, and where the pieces of the ABI that the shim
/// serves lie. Addresses are guest virtual.
struct VcpuStart {
  std::uint32_t id = 0;
  /// Addresses in it are canonical. Page tables and segments mean nothing at level 0, and of rflags the engine takes what a
  /// guest may choose.
  pv_vcpu_guest_context context{};
  std::uint64_t vcpu_info = 0;
  std::uint64_t hypercall_page = 0;
};

/// How long run() may keep a vCPU on this thread before it exits with PreemptedExit (asynchronous engines ignore it).
struct RunBudget {
  std::uint64_t nanoseconds = 200'000;
};

class VcpuContext;

/// Told of the events that a vCPU has sent without waiting for an answer.
class PostedSends {
 public:
  /// The guest may have made up the number.
  virtual void on_posted(std::uint32_t port) = 0;

 protected:
  ~PostedSends() = default;
};

/// The caller of run(): told each exit of a vCPU that runs on this thread, it says who goes on.
class ExitHandler {
 public:
  static constexpr std::size_t kStackBytes = 192 * 1024;
  struct Answer {
    VcpuContext* next;    ///< run this one on: the one that exited, or another of its engine; nullptr: run() returns
    std::int64_t result;  ///< answer to the HypercallExit that `next` reported last; means nothing after another exit
  };
  /// `exit` belongs to the context, which the handler may destroy: then the answer is not that one. It may run on a stack of
  /// the engine's, of kStackBytes at least. What it throws comes out of run(), and the vCPU does not run again.
  [[nodiscard]] virtual Answer on_exit(const Exit& exit) = 0;

 protected:
  ~ExitHandler() = default;
};

class VcpuContext {
 public:
  virtual ~VcpuContext() = default;
  /// Runs the vCPU. `result` is the answer to the HypercallExit it last reported, absent after any other exit.
  /// Synchronous engines run it here, pass each exit to `handler` and run on whom that names, until it names nobody; what an
  /// exit means, and whose turn it is, is none of the engine's business. It is a loop inside, because then calls and returns
  /// of guest and monitor stay paired, as the CPU predicts them. Asynchronous engines start it and return: it runs elsewhere and will announce its exit.
  /// PreemptedExit may come early for no reason.
  virtual void run(std::optional<std::int64_t> result, RunBudget budget, ExitHandler& handler) = 0;
  /// The exit announced by a running vCPU, fetched once and validated; nullptr if it still runs. Valid until the next run().
  /// One whose carrier has ended gives a DiedExit, once, whether it runs or not.
  [[nodiscard]] virtual const Exit* take_exit() = 0;
  /// Asks a running vCPU to exit or to look at its events soon. Idempotent; a no-op when it does not run.
  virtual void kick() = 0;
  /// Takes the vCPU off the CPU without its cooperation; a later run(), without a result, goes on where it was. False: it had
  /// announced an exit already, and take_exit() gives that.
  virtual bool stop() = 0;
  /// The guest's pv_vcpu_info is at this address from now on. Only while the vCPU does not run.
  virtual void set_vcpu_info(std::uint64_t address) = 0;
  /// Whether the guest may send to this port without waiting for the answer, which is 0 then. Engines whose vCPUs run elsewhere make
  /// use of it: a round trip costs them more than the call.
  virtual void allow_posted(std::uint32_t /*port*/, bool /*allowed*/) {}
  /// Gives what was sent so since the last time, each port at most once; to be asked after take_exit(), and its answer served first.
  virtual void take_posted(PostedSends& /*sends*/) {}
  /// Registers at the last exit, for reports. Meaningless while it runs.
  [[nodiscard]] virtual pv_cpu_user_regs registers() const = 0;

  // Own page tables (level 1). Only called when traits().own_paging.
  /// Loads the root page-table frame of the kernel (or user) half. False: the frame is not usable.
  [[nodiscard]] virtual bool set_base(std::uint64_t root_frame, bool user) = 0;
  /// Forgets the translation of one address, or all of them.
  virtual void invalidate(std::optional<std::uint64_t> address) = 0;
};

/// Ready answers for an engine without own paging.
class NoOwnPaging : public VcpuContext {
 public:
  bool set_base(std::uint64_t, bool) final { return false; }
  void invalidate(std::optional<std::uint64_t>) final {}
};

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual const EngineTraits& traits() const = 0;
  [[nodiscard]] virtual std::unique_ptr<AddressSpace> create_address_space(const AddressSpaceSpec& spec) = 0;
  /// `space` must outlive the context and come from the same engine.
  [[nodiscard]] virtual std::unique_ptr<VcpuContext> create_vcpu(AddressSpace& space, const VcpuStart& start) = 0;
  /// Descriptors to wait for, constant; none when the engine is synchronous. One is readable when an exit was announced while the
  /// thread slept, or something has happened to a vCPU's carrier: serve() is due.
  [[nodiscard]] virtual std::span<const int> wait_fds() const { return {}; }
  /// Sees to what made this one of wait_fds() readable. The exits are taken by take_exit().
  virtual void serve(int) {}
  /// Looks at memory only: take_exit() or take_posted() of some vCPU has something to give.
  [[nodiscard]] virtual bool has_exits() const { return false; }
  /// The same, after a moment at most: as long as a vCPU takes that makes its next call at once, where waiting keeps nobody from running.
  [[nodiscard]] virtual bool has_exits_soon() const { return has_exits(); }
  /// True before the thread sleeps: from now on an exit makes a descriptor readable; has_exits() is asked once more. False afterwards.
  virtual void set_sleeping(bool) {}
};

}  // namespace pvisor
