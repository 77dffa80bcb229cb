// SPDX-License-Identifier: MIT
#include "engine/fiber/address_space.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "engine/fiber/vcpu_raw.hpp"
#include "engine/stub_slots.hpp"

namespace pvisor::fiber {

namespace {

/// The guest's memory where its kernel was linked to lie, or refusal.
Mapping map_fixed(std::uint64_t base, std::size_t bytes) {
  void* wanted = reinterpret_cast<void*>(base);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void* got = ::mmap(wanted, bytes, kGuestProtection, kFlags, -1, 0);
  if (got == wanted) return {got, bytes};
  if (got != MAP_FAILED) ::munmap(got, bytes);
  throw HostError(fmt::format(
      "the kernel must lie at {:#x}-{:#x}, which the fiber engine cannot give (its guests share the monitor's addresses): "
      "relink it as static-PIE (see pv-guest.ld), so that it can be placed anywhere",
      base, base + bytes));
}

/// At `place` or anywhere, between two pages that fault: a stack that runs over, or an index gone wrong by little, hits nobody
/// else's data.
FiberRam map_guarded(std::size_t bytes, std::optional<std::uint64_t> place) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* wanted = place ? reinterpret_cast<void*>(*place - kPage) : nullptr;
  void* got = ::mmap(wanted, bytes + 2 * kPage, PROT_NONE, kFlags | (place ? MAP_FIXED_NOREPLACE : 0), -1, 0);
  if (place && got != MAP_FAILED && got != wanted) {  // a kernel that does not know the flag
    ::munmap(got, bytes + 2 * kPage);
    got = MAP_FAILED;
    errno = EEXIST;
  }
  if (place && got == MAP_FAILED && errno == EEXIST) {
    throw HostError(fmt::format("deterministic: something lies at {:#x} already, where the guest must be", *place));
  }
  auto* below = static_cast<std::byte*>(got);
  if (got == MAP_FAILED || ::mprotect(below + kPage, bytes, kGuestProtection) != 0) {
    const int error = errno;
    if (got != MAP_FAILED) ::munmap(got, bytes + 2 * kPage);
    throw HostError::from_errno(fmt::format("cannot get {} MiB for a guest: give it less with --memory", bytes >> 20), error);
  }
  return {Mapping(below + kPage, bytes), Mapping(below, kPage), Mapping(below + kPage + bytes, kPage)};
}

/// Special frames are shared memory, so that they can be shown at a second address.
void make_shared(std::byte* at, std::size_t bytes) {
  constexpr int kFlags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (bytes != 0 && ::mmap(at, bytes, kGuestProtection, kFlags, -1, 0) != at) {
    throw HostError::from_errno("cannot get shared memory for a guest's shared_info and grant table", errno);
  }
}

std::shared_ptr<FiberRam> map_memory(const AddressSpaceSpec& spec, std::optional<std::uint64_t> place) {
  const std::size_t bytes = (spec.ram_pages + spec.special_pages) * kPage;
  if (spec.fixed_base) return std::make_shared<FiberRam>(map_fixed(*spec.fixed_base, bytes), Mapping(), Mapping());
  return std::make_shared<FiberRam>(map_guarded(bytes, place));
}

/// Reading a large ramdisk touches much fresh memory, which costs five times as much page by page. A small guest would only
/// hold memory that it does not use. Where the host does not do it, nothing is lost.
void advise_huge_pages(std::span<std::byte> ram) {
  constexpr std::size_t kLargeBytes = std::size_t{128} << 20;
  if (ram.size() >= kLargeBytes) (void)::madvise(ram.data(), ram.size(), MADV_HUGEPAGE);
}

std::shared_ptr<FiberRam> map_guest(const AddressSpaceSpec& spec, std::optional<std::uint64_t> place) {
  auto ram = map_memory(spec, place);
  advise_huge_pages(ram->bytes().first(spec.ram_pages * kPage));
  make_shared(ram->bytes().data() + spec.ram_pages * kPage, spec.special_pages * kPage);
  return ram;
}

}  // namespace

bool put_private(std::byte* at, const std::byte* content) {
  if (::mmap(at, kPage, kGuestProtection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at) return false;
  std::memcpy(at, content, kPage);
  return true;
}

bool FiberRam::prepare_restore() {
  if (!spare_.bytes().empty()) return true;
  // Shared, because the host would make one mapping of private ones side by side.
  void* got = ::mmap(nullptr, kPage, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) return false;
  spare_ = Mapping(got, kPage);
  return true;
}

void FiberRam::restore(std::byte* at, const std::byte* content) {
  if (put_private(at, content)) return;
  // A process can come to one mapping more than the host allows, and then Linux does not even exchange one for another.
  spare_ = Mapping();
  PV_CHECK(put_private(at, content));
  (void)prepare_restore();  // there is room for it: one mapping came, and one had gone
}

/// One frame of an owner, living in its own memory file while somebody else maps it.
struct FiberAddressSpace::SharedFrame {
  SharedFrame(std::shared_ptr<FiberRam> owner_ram, std::byte* owner_page) : ram(std::move(owner_ram)), page(owner_page) {}
  ~SharedFrame() {
    std::byte content[kPage];
    std::memcpy(content, page, kPage);
    ram->restore(page, content);
  }
  SharedFrame(const SharedFrame&) = delete;
  SharedFrame& operator=(const SharedFrame&) = delete;

  std::shared_ptr<FiberRam> ram;
  std::byte* page;
  UniqueFd fd;
};

FiberAddressSpace::FiberAddressSpace(const AddressSpaceSpec& spec, std::optional<std::uint64_t> place)
    : ram_(map_guest(spec, place)) {}

void FiberAddressSpace::fill_hypercall_page(std::span<std::byte, 4096> page) const {
  fill_stub_slots(page, reinterpret_cast<std::uint64_t>(fiber_entry), reinterpret_cast<std::uint64_t>(fiber_entry_whole));
}

std::shared_ptr<FiberAddressSpace::SharedFrame> FiberAddressSpace::share(std::uint64_t frame) {
  if (auto existing = shared_[frame].lock()) return existing;
  if (!ram_->prepare_restore()) return nullptr;
  UniqueFd fd(::memfd_create("pvisor-grant", MFD_CLOEXEC));
  std::byte* page = host(frame);
  if (!fd.is_open() || ::ftruncate(fd.get(), kPage) != 0 || ::pwrite(fd.get(), page, kPage, 0) != static_cast<ssize_t>(kPage)) {
    return nullptr;
  }
  if (::mmap(page, kPage, kGuestProtection, MAP_SHARED | MAP_FIXED, fd.get(), 0) != page) return nullptr;
  auto shared = std::make_shared<SharedFrame>(ram_, page);
  shared->fd = std::move(fd);
  shared_[frame] = shared;
  return shared;
}

bool FiberAddressSpace::map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame, FrameAccess access) {
  auto shared = static_cast<FiberAddressSpace&>(owner).share(owner_frame);
  if (!shared || !ram_->prepare_restore()) return false;
  std::byte* at = host(frame);
  auto covered = std::make_unique<std::byte[]>(kPage);
  std::memcpy(covered.get(), at, kPage);
  const int protection = access == FrameAccess::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  if (::mmap(at, kPage, protection, MAP_SHARED | MAP_FIXED, shared->fd.get(), 0) != at) return false;
  shown_[frame] = {std::move(shared), std::move(covered)};
  return true;
}

void FiberAddressSpace::unmap_foreign(std::uint64_t frame) {
  const auto shown = shown_.find(frame);
  PV_CHECK(shown != shown_.end());
  ram_->restore(host(frame), shown->second.covered.get());
  shown_.erase(shown);
}

}  // namespace pvisor::fiber
