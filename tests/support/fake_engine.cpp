// SPDX-License-Identifier: MIT
#include "support/fake_engine.hpp"

#include <sys/eventfd.h>

#include <algorithm>

#include "base/assert.hpp"

namespace pvisor {

FakeAddressSpace::FakeAddressSpace(const AddressSpaceSpec& spec, std::uint64_t virt_base)
    : ram_(std::make_shared<FakeRam>(spec.ram_pages + spec.special_pages)), virt_base_(virt_base) {}

void FakeAddressSpace::fill_hypercall_page(std::span<std::byte, 4096> page) const {
  // Any recognisable content does: nothing executes it. 0xcc is a breakpoint.
  std::fill(page.begin(), page.end(), std::byte{0xcc});
}

bool FakeAddressSpace::map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame,
                                   FrameAccess access) {
  if (refuse_foreign) return false;
  auto& other = dynamic_cast<FakeAddressSpace&>(owner);
  const auto here = ram_->page(frame);
  const auto there = other.ram_->page(owner_frame);
  const auto [position, inserted] =
      foreign_.try_emplace(frame, Foreign{other.ram_, owner_frame, access, {here.begin(), here.end()}});
  PV_CHECK(inserted);
  std::copy(there.begin(), there.end(), here.begin());
  return true;
}

void FakeAddressSpace::unmap_foreign(std::uint64_t frame) {
  const auto found = foreign_.find(frame);
  PV_CHECK(found != foreign_.end());
  const Foreign& foreign = found->second;
  const auto here = ram_->page(frame);
  if (foreign.access == FrameAccess::ReadWrite) {
    std::copy(here.begin(), here.end(), foreign.owner->page(foreign.owner_frame).begin());
  }
  std::copy(foreign.own_content.begin(), foreign.own_content.end(), here.begin());
  foreign_.erase(found);
}

bool FakeAddressSpace::show_special(std::uint64_t frame, std::uint64_t special, FrameAccess) {
  return !refuse_views && views.emplace(frame, special).second;
}

bool FakeAddressSpace::show_nothing(std::uint64_t frame) {
  return !refuse_views && views.emplace(frame, std::nullopt).second;
}

bool FakeAddressSpace::show_own(std::uint64_t frame) { return !refuse_views && views.erase(frame) == 1; }

bool FakeAddressSpace::release(std::uint64_t first, std::uint64_t count) {
  if (refuse_views) return false;
  for (std::uint64_t frame = first; frame < first + count; ++frame) {
    PV_CHECK(released.insert(frame).second);
    std::ranges::fill(ram_->page(frame), std::byte{0});
  }
  return true;
}

bool FakeAddressSpace::populate(std::uint64_t first, std::uint64_t count) {
  if (refuse_views) return false;
  for (std::uint64_t frame = first; frame < first + count; ++frame) PV_CHECK(released.erase(frame) == 1);
  return true;
}

FakeVcpu::~FakeVcpu() {
  std::erase(engine_.vcpus_, this);
  engine_.unsignal_if_idle();
}

void FakeVcpu::run(std::optional<std::int64_t> result, RunBudget, ExitHandler& handler) {
  FakeEngine& engine = engine_;  // the handler may destroy `this`
  FakeVcpu* self = this;
  for (;;) {
    PV_CHECK(!self->running_);
    self->results.push_back(result);
    if (engine.traits().asynchronous) {
      running_ = true;
      return;
    }
    const Exit exit = engine.script ? engine.script(*self, result) : Exit{PreemptedExit{}};
    self->exited_with_call_ = std::holds_alternative<HypercallExit>(exit);
    const ExitHandler::Answer answer = handler.on_exit(exit);
    if (answer.next == nullptr) return;
    self = dynamic_cast<FakeVcpu*>(answer.next);
    PV_CHECK(self != nullptr);
    result = self->exited_with_call_ ? std::optional(answer.result) : std::nullopt;
  }
}

const Exit* FakeVcpu::take_exit() {
  if (!announced_) return nullptr;
  taken_ = *std::exchange(announced_, std::nullopt);
  running_ = false;
  engine_.unsignal_if_idle();
  return &taken_;
}

bool FakeVcpu::stop() {
  ++stops;
  if (announced_) return false;
  running_ = false;
  return true;
}

void FakeVcpu::announce(Exit exit) {
  PV_CHECK(running_ && !announced_);
  announced_ = std::move(exit);
  engine_.signal();
}

FakeEngine::FakeEngine(Form form) {
  traits_.name = form == Form::Synchronous ? "fake" : "fake-asynchronous";
  traits_.isolates_memory = true;
  traits_.preempts = true;
  traits_.many_vcpus = true;
  traits_.asynchronous = form == Form::Asynchronous;
  traits_.window_low = kVirtBase;
  traits_.window_high = kVirtBase << 4;
  if (form == Form::Asynchronous) exit_fd_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  wait_fd_ = exit_fd_.get();
}

std::unique_ptr<AddressSpace> FakeEngine::create_address_space(const AddressSpaceSpec& spec) {
  return std::make_unique<FakeAddressSpace>(spec, spec.fixed_base.value_or(kVirtBase));
}

std::unique_ptr<VcpuContext> FakeEngine::create_vcpu(AddressSpace&, const VcpuStart& start) {
  auto vcpu = std::make_unique<FakeVcpu>(*this, start);
  vcpus_.push_back(vcpu.get());
  return vcpu;
}

void FakeEngine::signal() {
  if (exit_fd_.is_open()) PV_CHECK(::eventfd_write(exit_fd_.get(), 1) == 0);
}

bool FakeEngine::has_exits() const {
  return std::any_of(vcpus_.begin(), vcpus_.end(), [](const FakeVcpu* vcpu) { return vcpu->has_announced(); });
}

void FakeEngine::unsignal_if_idle() {
  eventfd_t count = 0;
  if (!has_exits() && exit_fd_.is_open()) static_cast<void>(::eventfd_read(exit_fd_.get(), &count));
}

}  // namespace pvisor
