// SPDX-License-Identifier: MIT
#include "engine/process/address_space.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "engine/process/stub_image.hpp"
#include "engine/process/vcpu_area.hpp"
#include "engine/process/vcpu_context.hpp"
#include "engine/stub_slots.hpp"

namespace pvisor::process {

namespace {

constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
constexpr int kMonitors = PROT_READ | PROT_WRITE;
/// Where a kernel goes that may lie anywhere: high enough that small numbers are no addresses, and always the same, which helps who debugs.
constexpr std::uint64_t kUsualBase = 0x1'0000'0000;

int protection_of(FrameAccess access) { return access == FrameAccess::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE; }

std::uint64_t place(const AddressSpaceSpec& spec) {
  const std::uint64_t base = spec.fixed_base.value_or(kUsualBase);
  const std::uint64_t bytes = (spec.ram_pages + spec.special_pages) * kPage;
  if (base >= kGuestLow && base < kGuestHigh && bytes <= kGuestHigh - base) return base;
  throw HostError(fmt::format("the kernel must lie at {:#x}-{:#x}; the process engine has {:#x}-{:#x}: relink it there, or as static-PIE "
                              "(see pv-guest.ld), so that it can be placed anywhere",
                              base, base + bytes, kGuestLow, kGuestHigh));
}

}  // namespace

ProcessRam::ProcessRam(std::size_t bytes) : file_(::memfd_create("pvisor-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  const auto refuse = [bytes](const char* what) {
    return HostError::from_errno(fmt::format("cannot get {} MiB for a guest ({}): give it less with --memory", bytes >> 20, what), errno);
  };
  if (!file_.is_open()) throw refuse("memfd_create");
  if (::ftruncate(file_.get(), static_cast<off_t>(bytes)) != 0) throw refuse("ftruncate");
  // Whoever gets hold of it: its size stays, so no access of ours can meet its end.
  if (::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) throw refuse("sealing");
  void* at = ::mmap(nullptr, bytes, kMonitors, MAP_SHARED | MAP_NORESERVE, file_.get(), 0);
  if (at == MAP_FAILED) throw refuse("mmap");
  mapping_ = Mapping(at, bytes);
}

bool ProcessRam::map_page(std::uint64_t frame, int file, std::uint64_t offset, int protection) {
  void* at = mapping_.data() + frame * kPage;
  return ::mmap(at, kPage, protection, MAP_SHARED | MAP_FIXED, file, static_cast<off_t>(offset)) == at;
}

bool ProcessRam::map_own(std::uint64_t frame) { return map_page(frame, file_.get(), frame * kPage, kMonitors); }

/// Keeps all vCPUs of a space off the CPU while what they see changes; those that ran go on afterwards, and map the change first.
class ProcessAddressSpace::Standstill {
 public:
  explicit Standstill(const std::vector<ProcessVcpu*>& vcpus) {
    for (ProcessVcpu* vcpu : vcpus) {
      if (vcpu->is_running() && vcpu->stop()) stopped_.push_back(vcpu);
    }
  }
  ~Standstill() {
    for (ProcessVcpu* vcpu : stopped_) vcpu->go_on();
  }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  std::vector<ProcessVcpu*> stopped_;
};

/// One frame of an owner, living in its own memory file while somebody maps it.
struct ProcessAddressSpace::Share {
  Share(std::weak_ptr<ProcessAddressSpace*> owner_space, std::uint64_t owner_frame, std::shared_ptr<PageFile> file)
      : owner(std::move(owner_space)), frame(owner_frame), page(std::move(file)) {}
  ~Share() {
    if (const auto space = owner.lock()) (*space)->take_back(frame, *page);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  std::weak_ptr<ProcessAddressSpace*> owner;
  std::uint64_t frame;
  std::shared_ptr<PageFile> page;
};

ProcessAddressSpace::ProcessAddressSpace(const AddressSpaceSpec& spec)
    : ram_(std::make_shared<ProcessRam>((spec.ram_pages + spec.special_pages) * kPage)),
      virt_base_(place(spec)),
      self_(std::make_shared<ProcessAddressSpace*>(this)) {}

ProcessAddressSpace::~ProcessAddressSpace() { self_.reset(); }

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

std::shared_ptr<ProcessAddressSpace::Share> ProcessAddressSpace::share(std::uint64_t frame) {
  if (auto existing = shares_[frame].lock()) return existing;
  auto page = std::make_shared<PageFile>();
  page->file = UniqueFd(::memfd_create("pvisor-grant", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!page->file.is_open() || ::ftruncate(page->file.get(), kPage) != 0) return nullptr;
  if (::fcntl(page->file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return nullptr;
  const Standstill standstill(vcpus_);
  const std::byte* content = ram_->bytes().data() + frame * kPage;
  if (::pwrite(page->file.get(), content, kPage, 0) != static_cast<ssize_t>(kPage)) return nullptr;
  if (!ram_->map_page(frame, page->file.get(), 0, kMonitors)) return nullptr;
  shown_[frame] = {FrameShown::Kind::Page, kAll, 0, page};
  changed(frame);
  auto shared = std::make_shared<Share>(self_, frame, page);
  shares_[frame] = shared;
  return shared;
}

/// The last mapping of a shared frame has ended: its content moves back.
void ProcessAddressSpace::take_back(std::uint64_t frame, const PageFile& page) {
  const Standstill standstill(vcpus_);
  std::byte content[kPage];
  PV_CHECK(::pread(page.file.get(), content, kPage, 0) == static_cast<ssize_t>(kPage));
  PV_CHECK(::pwrite(ram_->file(), content, kPage, static_cast<off_t>(frame * kPage)) == static_cast<ssize_t>(kPage));
  PV_CHECK(ram_->map_own(frame));
  shown_.erase(frame);
  shares_.erase(frame);
  changed(frame);
}

bool ProcessAddressSpace::map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame, FrameAccess access) {
  auto shared = static_cast<ProcessAddressSpace&>(owner).share(owner_frame);
  if (!shared) return false;
  const Standstill standstill(vcpus_);
  if (!ram_->map_page(frame, shared->page->file.get(), 0, kMonitors)) return false;
  shown_[frame] = {FrameShown::Kind::Page, protection_of(access), 0, shared->page};
  uses_[frame] = std::move(shared);
  changed(frame);
  return true;
}

void ProcessAddressSpace::unmap_foreign(std::uint64_t frame) {
  const auto use = uses_.find(frame);
  PV_CHECK(use != uses_.end());
  {
    const Standstill standstill(vcpus_);
    PV_CHECK(ram_->map_own(frame));
    shown_.erase(frame);
    changed(frame);
  }
  const auto last = std::move(use->second);
  uses_.erase(use);
}

bool ProcessAddressSpace::show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) {
  const Standstill standstill(vcpus_);
  if (!ram_->map_page(frame, ram_->file(), special * kPage, kMonitors)) return false;
  shown_[frame] = {FrameShown::Kind::Special, protection_of(access), special, nullptr};
  changed(frame);
  return true;
}

bool ProcessAddressSpace::show_nothing(std::uint64_t frame) {
  const Standstill standstill(vcpus_);
  shown_[frame] = {FrameShown::Kind::Nothing, 0, 0, nullptr};
  changed(frame);
  return true;
}

bool ProcessAddressSpace::show_own(std::uint64_t frame) {
  const Standstill standstill(vcpus_);
  if (!ram_->map_own(frame)) return false;
  shown_.erase(frame);
  changed(frame);
  return true;
}

bool ProcessAddressSpace::release(std::uint64_t first, std::uint64_t count) {
  const Standstill standstill(vcpus_);
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (::fallocate(ram_->file(), kHole, static_cast<off_t>(first * kPage), static_cast<off_t>(count * kPage)) != 0) return false;
  for (std::uint64_t frame = first; frame < first + count; ++frame) shown_[frame] = {FrameShown::Kind::Nothing, 0, 0, nullptr};
  changed(first, count);
  return true;
}

bool ProcessAddressSpace::populate(std::uint64_t first, std::uint64_t count) {
  const Standstill standstill(vcpus_);
  for (std::uint64_t frame = first; frame < first + count; ++frame) shown_.erase(frame);
  changed(first, count);
  return true;
}

}  // namespace pvisor::process
