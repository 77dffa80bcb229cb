// SPDX-License-Identifier: MIT
// Frames that two domains share. A process keeps what it has mapped for as long as it likes, so a page that a domain is to see no more
// is one that nobody uses any more.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.hpp"
#include "engine/process/address_space.hpp"
#include "engine/process/sealed_file.hpp"
#include "engine/process/standstill.hpp"

namespace pvisor::process {

namespace {

constexpr int kOwners = PROT_READ | PROT_WRITE | PROT_EXEC;

using Content = std::byte[kPage];

void read_page(int file, std::uint64_t offset, Content& content) {
  PV_CHECK(::pread(file, content, kPage, static_cast<off_t>(offset)) == static_cast<ssize_t>(kPage));
}
bool write_page(int file, std::uint64_t offset, const Content& content) {
  return ::pwrite(file, content, kPage, static_cast<off_t>(offset)) == static_cast<ssize_t>(kPage);
}

/// With memory behind it, so that writing to it does not fail. Null: the host has no room.
std::shared_ptr<PageFile> make_page_file() {
  auto page = std::make_shared<PageFile>();
  page->file = make_sealed_file("pvisor-grant", kPage);
  return page->file.is_open() && write_page(page->file.get(), 0, {}) ? page : nullptr;
}

}  // namespace

/// One frame of an owner, living in its own memory file while somebody maps it.
struct ProcessAddressSpace::Share {
  struct Use {
    ProcessAddressSpace* mapper;
    std::uint64_t frame;
  };

  Share(std::weak_ptr<ProcessAddressSpace*> owner_space, std::uint64_t owner_frame, std::shared_ptr<PageFile> file)
      : owner(std::move(owner_space)), frame(owner_frame), page(std::move(file)) {}
  ~Share() {
    if (const auto space = owner.lock()) (*space)->take_back(frame, *page);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  [[nodiscard]] bool is_used_by(const ProcessAddressSpace& space) const {
    return std::ranges::any_of(uses, [&](const Use& use) { return use.mapper == &space; });
  }
  [[nodiscard]] bool prepare_for(const ProcessAddressSpace& mapper);
  void end(const ProcessAddressSpace& mapper, std::uint64_t frame_there);
  void move_to(const std::shared_ptr<PageFile>& next);

  std::weak_ptr<ProcessAddressSpace*> owner;
  std::uint64_t frame;
  std::shared_ptr<PageFile> page;
  std::vector<Use> uses;
  /// Where the others move when a domain ends its last use, which cannot fail: one less than domains that use it.
  std::vector<std::shared_ptr<PageFile>> spares;
};

bool ProcessAddressSpace::Share::prepare_for(const ProcessAddressSpace& mapper) {
  if (uses.empty() || is_used_by(mapper)) return true;
  auto spare = make_page_file();
  if (!spare) return false;
  spares.push_back(std::move(spare));
  return true;
}

void ProcessAddressSpace::Share::end(const ProcessAddressSpace& mapper, std::uint64_t frame_there) {
  std::erase_if(uses, [&](const Use& use) { return use.mapper == &mapper && use.frame == frame_there; });
  if (uses.empty() || is_used_by(mapper)) return;
  const auto spare = std::move(spares.back());
  spares.pop_back();
  if (!mapper.vcpus_.empty()) move_to(spare);  // else none is left that could have kept it
}

void ProcessAddressSpace::Share::move_to(const std::shared_ptr<PageFile>& next) {
  std::vector<ProcessAddressSpace*> spaces;
  const auto space = owner.lock();
  if (space) spaces.push_back(*space);
  for (const Use& use : uses) spaces.push_back(use.mapper);
  const Standstill standstill(spaces);
  Content content;
  read_page(page->file.get(), 0, content);
  PV_CHECK(write_page(next->file.get(), 0, content));
  page = next;
  if (space) (*space)->show_page(frame, page);
  for (const Use& use : uses) use.mapper->show_page(use.frame, page);
}

ProcessAddressSpace::~ProcessAddressSpace() {
  self_.reset();
  while (!uses_.empty()) {
    const auto use = uses_.extract(uses_.begin());
    use.mapped()->end(*this, use.key());
  }
}

void ProcessAddressSpace::show_page(std::uint64_t frame, const std::shared_ptr<PageFile>& page) {
  ram_->exchange_page(frame, page->file.get(), 0);
  shown_.at(frame).page = page;
  changed(frame);
}

std::shared_ptr<ProcessAddressSpace::Share> ProcessAddressSpace::share(std::uint64_t frame) {
  if (auto existing = shares_[frame].lock()) return existing;
  auto page = make_page_file();
  if (!page || !ram_->prepare_exchange()) return nullptr;
  const Standstill standstill(*this);
  Content content;
  read_page(ram_->file(), frame * kPage, content);
  // To where it was, too: then there is memory behind it when it moves back.
  if (!write_page(page->file.get(), 0, content) || !write_page(ram_->file(), frame * kPage, content)) return nullptr;
  if (!ram_->map_page(frame, page->file.get(), 0, PROT_READ | PROT_WRITE)) return nullptr;
  shown_[frame] = {FrameShown::Kind::Page, kOwners, 0, page};
  changed(frame);
  auto shared = std::make_shared<Share>(self_, frame, page);
  shares_[frame] = shared;
  return shared;
}

/// The last mapping of a shared frame has ended: its content moves back.
void ProcessAddressSpace::take_back(std::uint64_t frame, const PageFile& page) {
  const Standstill standstill(*this);
  Content content;
  read_page(page.file.get(), 0, content);
  PV_CHECK(write_page(ram_->file(), frame * kPage, content));  // there is memory behind it: share() has written there
  ram_->exchange_page(frame, ram_->file(), frame * kPage);
  shown_.erase(frame);
  shares_.erase(frame);
  changed(frame);
}

bool ProcessAddressSpace::map_foreign(std::uint64_t frame, AddressSpace& owner, std::uint64_t owner_frame, FrameAccess access) {
  auto shared = static_cast<ProcessAddressSpace&>(owner).share(owner_frame);
  if (!shared || !ram_->prepare_exchange() || !shared->prepare_for(*this)) return false;
  const Standstill standstill(*this);
  shared->uses.push_back({this, frame});
  if (!ram_->map_page(frame, shared->page->file.get(), 0, PROT_READ | PROT_WRITE)) {
    shared->end(*this, frame);
    return false;
  }
  shown_[frame] = {FrameShown::Kind::Page, protection_of(access), 0, shared->page};
  uses_[frame] = std::move(shared);
  changed(frame);
  return true;
}

void ProcessAddressSpace::unmap_foreign(std::uint64_t frame) {
  auto use = uses_.extract(frame);
  PV_CHECK(!use.empty());
  {
    const Standstill standstill(*this);
    ram_->exchange_page(frame, ram_->file(), frame * kPage);
    shown_.erase(frame);
    changed(frame);
  }
  use.mapped()->end(*this, frame);
}

}  // namespace pvisor::process
