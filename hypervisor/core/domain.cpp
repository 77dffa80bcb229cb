// SPDX-License-Identifier: MIT
#include "core/domain.hpp"

#include <pvabi/grant_table.h>
#include <pvabi/shared_info.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

#include "base/assert.hpp"
#include "core/monitor.hpp"

namespace pvisor {

namespace {

/// Back ends that live in a domain of their own, as xenstored can on Xen, reach the two rings by these entries.
void grant_to_monitor(Domain& domain, std::uint32_t ref, GuestFrame frame) {
  const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, kMonitorDomain.value(), static_cast<std::uint32_t>(frame.value())};
  const GuestMemory& memory = domain.memory();
  PV_CHECK(memory.copy_out(domain.grants().frame(0), ref * sizeof entry, std::as_bytes(std::span(&entry, 1))));
}

}  // namespace

Domain::Parts::Parts(Domain& domain, DomainImage new_image)
    : image(std::move(new_image)),
      memory(image.space->ram(), GuestVirt(image.space->virt_base()), image.ram_pages),
      shared_info(memory.share(image.shared_info).value()),
      events(domain.id(), image.vcpus, domain, domain.monitor()),
      grants(domain.id(), memory, image.grant_frames),
      watchdogs(domain.monitor().timers(), [&domain] { domain.end({DomainEnd::Kind::Watchdog, domain.exit_code(), {}, {}}); }) {}

Domain::Domain(Monitor& monitor, DomainId id, std::string name, Engine& engine)
    : monitor_(monitor), id_(id), name_(std::move(name)), engine_(engine), free_replaced_(monitor.work(), [this] { replaced_.reset(); }) {}

Domain::~Domain() { uninstall(); }

void Domain::add_device(std::unique_ptr<DomainDevice> device) {
  devices_.push_back(std::move(device));
  if (is_installed()) devices_.back()->attach(*this);
}

void Domain::install(DomainImage image) {
  auto context = engine_.create_vcpu(*image.space, image.boot_vcpu);
  if (is_installed()) {
    replaced_ = this->image().space->ram();
    free_replaced_.post();
  }
  uninstall();

  exit_code_ = 0;
  parts_ = std::make_unique<Parts>(*this, std::move(image));
  shared_info().initialise(this->image().vcpus);
  shared_info().publish_wall_clock(monitor_.clock().wall_base_ns());
  PV_CHECK(events().alloc_unbound(kMonitorDomain) == kXenstorePort.value());
  PV_CHECK(events().alloc_unbound(kMonitorDomain) == kConsolePort.value());
  grant_to_monitor(*this, PV_GNTTAB_RESERVED_XENSTORE, this->image().xenstore);
  grant_to_monitor(*this, PV_GNTTAB_RESERVED_CONSOLE, this->image().console);

  for (std::uint32_t id = 0; id < this->image().vcpus; ++id) {
    vcpus_.push_back(std::make_unique<Vcpu>(*this, VcpuId{id}, monitor_.timers()));
    vcpus_.back()->is_paused = is_paused_;
    publish_time(*vcpus_.back());
  }
  Vcpu& boot = *vcpus_.front();
  give_context(boot, std::move(context));
  for (const auto& device : devices_) device->attach(*this);
  monitor_.scheduler().bring_up(boot);
}

void Domain::uninstall() {
  if (!is_installed()) return;
  for (const auto& vcpu : vcpus_) stop(*vcpu);
  for (const auto& device : devices_) device->detach();
  mappings().for_each([this](const GrantMappings::Mapping& mapping) { image().space->unmap_foreign(mapping.at.value()); });
  mappings().clear();
  vcpus_.clear();
  parts_.reset();
}

Vcpu* Domain::vcpu(VcpuId id) { return id.value() < vcpus_.size() ? vcpus_[id.value()].get() : nullptr; }

std::uint32_t Domain::vcpus_up() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(vcpus_, [](const auto& vcpu) { return vcpu->is_up; }));
}

void Domain::stop(const Vcpu& vcpu) {
  // What it wants to say is of no interest any more; taken, so that the engine does not go on announcing it.
  if (vcpu.is_initialised() && !vcpu.context->stop()) (void)vcpu.context->take_exit();
}

void Domain::initialise_vcpu(Vcpu& vcpu, const pv_vcpu_guest_context& context) {
  VcpuStart start;
  start.id = vcpu.id.value();
  start.context = context;
  start.hypercall_page = image().boot_vcpu.hypercall_page;
  start.vcpu_info = vcpu_info_address(vcpu.id).value();
  give_context(vcpu, engine_.create_vcpu(*image().space, start));
  vcpu.account();
}

void Domain::give_context(Vcpu& vcpu, std::unique_ptr<VcpuContext> context) {
  vcpu.context = std::move(context);
  vcpu.state = VcpuState::Runnable;
  for (std::uint32_t port = 1; port < EventChannels::kPorts; ++port) {
    if (events().leads_out(Port{port})) vcpu.context->allow_posted(port, true);
  }
}

GuestVirt Domain::vcpu_info_address(VcpuId id) const {
  if (const auto moved = shared_info().moved_to(id)) return *moved;
  const std::uint64_t page = memory().virt_base().value() + (image().shared_info.value() << kPageShift);
  return GuestVirt(page + offsetof(pv_shared_info, vcpu_info) + id.value() * sizeof(pv_vcpu_info));
}

void Domain::move_vcpu_info(Vcpu& vcpu, GuestArea area) {
  if (vcpu.is_initialised()) vcpu.context->set_vcpu_info(area.at().value());
  parts_->shared_info.move_vcpu_info(vcpu.id, std::move(area));
  publish_time(vcpu);
}

void Domain::publish_time(const Vcpu& vcpu) const {
  const TimeScale scale = monitor_.clock().scale();
  shared_info().publish_time(vcpu.id, scale);
  if (vcpu.time_area) SharedInfo::publish_time(*vcpu.time_area, scale);
}

void Domain::publish_run_state(const Vcpu& vcpu) const {
  if (!vcpu.run_state_area) return;
  const GuestArea& area = *vcpu.run_state_area;
  const pv_vcpu_runstate_info info = vcpu.run_state_info();
  area.store(offsetof(pv_vcpu_runstate_info, state), static_cast<std::uint32_t>(info.state));
  area.store(offsetof(pv_vcpu_runstate_info, state_entry_time), info.state_entry_time);
  for (std::size_t state = 0; state < std::size(info.time); ++state) {
    area.store(offsetof(pv_vcpu_runstate_info, time) + state * sizeof info.time[0], info.time[state]);
  }
}

void Domain::unmap_grant(GrantHandle handle) {
  const GrantMappings::Mapping* mapping = mappings().find(handle);
  PV_CHECK(mapping != nullptr);
  image().space->unmap_foreign(mapping->at.value());
  memory().views().set(mapping->at, FrameView::Own);
  mappings().remove(handle);
}

bool Domain::can_replace(GuestFrame frame) {
  const DomainImage& now = image();
  if (frame == now.start_info || frame == now.xenstore || frame == now.console) return false;
  return memory().shows_own(frame) && !memory().is_pinned(frame) && !grants().is_in_use(frame);
}

bool Domain::is_taken_away(GuestFrame frame) const {
  if (!memory().is_ram(frame)) return false;
  const FrameView view = memory().views().of(frame);
  return view == FrameView::Nothing || view == FrameView::SpecialReadOnly || view == FrameView::SpecialWritable;
}

bool Domain::bring_back(GuestFrame frame) {
  if (!is_taken_away(frame)) return true;
  if (!image().space->show_own(frame.value())) return false;
  memory().views().set(frame, FrameView::Own);
  return true;
}

void Domain::pause() {
  is_paused_ = true;
  for (const auto& vcpu : vcpus_) monitor_.scheduler().pause(*vcpu);
}

void Domain::unpause() {
  is_paused_ = false;
  for (const auto& vcpu : vcpus_) monitor_.scheduler().unpause(*vcpu);
}

void Domain::end(DomainEnd end) {
  if (end_) return;
  end_ = std::move(end);
  if (is_installed()) watchdogs().stop();
  for (const auto& vcpu : vcpus_) {
    stop(*vcpu);
    vcpu->singleshot.disarm();
    vcpu->poll_timeout.disarm();
    vcpu->set_period(0);
    monitor_.scheduler().take_off(*vcpu, VcpuState::Down);
  }
}

void Domain::raise_event(Port port, VcpuId vcpu) {
  if (end_) return;
  if (Director* director = monitor_.director(); director != nullptr) director->raised(id_, port, vcpu);
  const SharedInfo::Raised raised = shared_info().raise(port, vcpu);
  if (raised != SharedInfo::Raised::AlreadyPending) wake_for(port, vcpu, raised == SharedInfo::Raised::Upcall);
}

void Domain::unmask_event(Port port, VcpuId vcpu) {
  if (!end_ && shared_info().unmask(port, vcpu)) wake_for(port, vcpu, true);
}

void Domain::clear_event(Port port) { shared_info().clear_pending(port); }

void Domain::port_leads_out(Port port, bool yes) {
  for (const auto& vcpu : vcpus_) {
    if (vcpu->is_initialised()) vcpu->context->allow_posted(port.value(), yes);
  }
}

void Domain::wake_for(Port port, VcpuId vcpu_id, bool upcall) {
  Vcpu* target = vcpu(vcpu_id);
  if (target == nullptr) return;
  switch (target->state) {
    case VcpuState::Blocked:
      // A poll also ends by an event on a port it did not name, if that event asks for an upcall; as on Xen.
      if (upcall || (target->polling && std::ranges::count(target->polled, port) > 0)) target->wake();
      break;
    case VcpuState::Running:
      if (upcall) target->context->kick();
      break;
    default:
      break;  // in a call or waiting for its turn: the way back to the guest looks
  }
}

}  // namespace pvisor
