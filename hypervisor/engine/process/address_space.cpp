// SPDX-License-Identifier: MIT
#include "engine/process/address_space.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "engine/process/sealed_file.hpp"
#include "engine/process/standstill.hpp"
#include "engine/process/stub_image.hpp"
#include "engine/process/vcpu_area.hpp"
#include "engine/process/vcpu_context.hpp"
#include "engine/stub_slots.hpp"

namespace pvisor::process {

namespace {

constexpr int kMonitors = PROT_READ | PROT_WRITE;
/// Where a kernel goes that may lie anywhere: high enough that small numbers are no addresses, and always the same, which helps who debugs.
constexpr std::uint64_t kUsualBase = 0x1'0000'0000;

std::uint64_t place(const AddressSpaceSpec& spec) {
  const std::uint64_t base = spec.fixed_base.value_or(kUsualBase);
  const std::uint64_t bytes = (spec.ram_pages + spec.special_pages) * kPage;
  if (base >= kGuestLow && base < kGuestHigh && bytes <= kGuestHigh - base) return base;
  throw HostError(fmt::format("the kernel must lie at {:#x}-{:#x}; the process engine has {:#x}-{:#x}: relink it there, or as static-PIE "
                              "(see pv-guest.ld), so that it can be placed anywhere",
                              base, base + bytes, kGuestLow, kGuestHigh));
}

}  // namespace

ProcessRam::ProcessRam(std::size_t bytes) : file_(make_sealed_file("pvisor-ram", bytes)) {
  const auto refuse = [bytes](const char* what) {
    return HostError::from_errno(fmt::format("cannot get {} MiB for a guest ({}): give it less with --memory", bytes >> 20, what), errno);
  };
  if (!file_.is_open()) throw refuse("memory file");
  void* at = ::mmap(nullptr, bytes, kMonitors, MAP_SHARED | MAP_NORESERVE, file_.get(), 0);
  if (at == MAP_FAILED) throw refuse("mmap");
  mapping_ = Mapping(at, bytes);
}

void ProcessRam::expect_writes(std::span<std::byte> part) const {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, Linux 5.14; elsewhere each page comes with its own fault
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) & ~(kPage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(part.data()) + part.size() + kPage - 1) & ~(kPage - 1);
  (void)::madvise(reinterpret_cast<void*>(begin), end - begin, kPopulateWrite);
}

bool ProcessRam::map_page(std::uint64_t frame, int file, std::uint64_t offset, int protection) {
  void* at = mapping_.data() + frame * kPage;
  return ::mmap(at, kPage, protection, MAP_SHARED | MAP_FIXED, file, static_cast<off_t>(offset)) == at;
}

bool ProcessRam::map_own(std::uint64_t frame) { return map_page(frame, file_.get(), frame * kPage, kMonitors); }

bool ProcessRam::prepare_exchange() {
  if (!spare_.bytes().empty()) return true;
  // Shared, because the host would make one mapping of private ones side by side.
  void* at = ::mmap(nullptr, kPage, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return false;
  spare_ = Mapping(at, kPage);
  return true;
}

void ProcessRam::exchange_page(std::uint64_t frame, int file, std::uint64_t offset) {
  if (map_page(frame, file, offset, kMonitors)) return;
  // With one mapping more than the host allows, to which a process can come, Linux does not even exchange one for another.
  spare_ = Mapping();
  PV_CHECK(map_page(frame, file, offset, kMonitors));
  (void)prepare_exchange();
}

ProcessAddressSpace::ProcessAddressSpace(const AddressSpaceSpec& spec)
    : ram_(std::make_shared<ProcessRam>((spec.ram_pages + spec.special_pages) * kPage)),
      virt_base_(place(spec)),
      self_(std::make_shared<ProcessAddressSpace*>(this)) {}

void ProcessAddressSpace::fill_hypercall_page(std::span<std::byte, 4096> page) const {
  fill_stub_slots(page, stub_image().entry, stub_image().entry_whole);
}

void ProcessAddressSpace::add(ProcessVcpu& vcpu) { vcpus_.push_back(&vcpu); }
void ProcessAddressSpace::remove(ProcessVcpu& vcpu) { std::erase(vcpus_, &vcpu); }

const FrameShown* ProcessAddressSpace::shown(std::uint64_t frame) const {
  const auto found = shown_.find(frame);
  return found == shown_.end() ? nullptr : &found->second;
}

void ProcessAddressSpace::changed(std::uint64_t first, std::uint64_t count) {
  for (ProcessVcpu* vcpu : vcpus_) vcpu->must_map(first, count);
}

bool ProcessAddressSpace::show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) {
  const Standstill standstill(*this);
  if (!ram_->map_page(frame, ram_->file(), special * kPage, kMonitors)) return false;
  shown_[frame] = {FrameShown::Kind::Special, protection_of(access), special, nullptr};
  changed(frame);
  return true;
}

bool ProcessAddressSpace::show_nothing(std::uint64_t frame) {
  const Standstill standstill(*this);
  shown_[frame] = {FrameShown::Kind::Nothing, 0, 0, nullptr};
  changed(frame);
  return true;
}

bool ProcessAddressSpace::show_own(std::uint64_t frame) {
  const Standstill standstill(*this);
  if (!ram_->map_own(frame)) return false;
  shown_.erase(frame);
  changed(frame);
  return true;
}

bool ProcessAddressSpace::release(std::uint64_t first, std::uint64_t count) {
  const Standstill standstill(*this);
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (::fallocate(ram_->file(), kHole, static_cast<off_t>(first * kPage), static_cast<off_t>(count * kPage)) != 0) return false;
  for (std::uint64_t frame = first; frame < first + count; ++frame) shown_[frame] = {FrameShown::Kind::Nothing, 0, 0, nullptr};
  changed(first, count);
  return true;
}

bool ProcessAddressSpace::populate(std::uint64_t first, std::uint64_t count) {
  const Standstill standstill(*this);
  for (std::uint64_t frame = first; frame < first + count; ++frame) shown_.erase(frame);
  changed(first, count);
  return true;
}

}  // namespace pvisor::process
