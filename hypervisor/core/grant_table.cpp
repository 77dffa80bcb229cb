// SPDX-License-Identifier: MIT
// Grants in use. What the owner wrote is read together with the flags word in one 8-byte access and taken by one 8-byte
// compare-and-exchange, so that type, domain and frame are those of a single moment; the frame found then is kept here and
// never read again.
#include "core/grant_table.hpp"

#include <array>

#include "base/assert.hpp"
#include "pvabi/grant_table.h"

namespace pvisor {

/// Shared by the table and all its uses, so that a use which outlives the domain still finds its memory and its counts.
struct GrantTableState {
  /// How a reference is used now. Frame and domain mean something only while it is.
  struct Active {
    GuestFrame frame;
    DomainId by;
    std::uint32_t readers = 0;
    std::uint32_t writers = 0;
    [[nodiscard]] bool is_used() const { return readers != 0 || writers != 0; }
  };

  explicit GrantTableState(const GuestMemory& guest_memory) : memory(guest_memory) {}

  GuestMemory memory;             ///< a copy: it shares RAM and pins with the domain's
  std::vector<SharedPage> pages;  ///< the table's frames, in order
  std::vector<GuestFrame> frames;
  // Arrays and not maps: a transfer of 1 MiB takes and gives back 256 grants, and the disk does so for each.
  std::vector<Active> active;       ///< by reference, as many as the table has entries
  std::vector<std::uint32_t> held;  ///< by frame, as far as frames were used: uses over all references
  std::uint32_t uses = 0;
};

namespace {

static_assert(GrantTable::kEntriesPerFrame * sizeof(pv_grant_entry_v1) == kPageSize);

/// How often an entry may change between our load and our exchange before its owner is told to keep it still.
constexpr int kTries = 5;

/// An entry as one number, which is how it is loaded and exchanged.
struct Entry {
  std::uint64_t raw;
  [[nodiscard]] std::uint32_t flags() const { return static_cast<std::uint16_t>(raw); }
  [[nodiscard]] DomainId domain() const { return DomainId{static_cast<std::uint16_t>(raw >> 16)}; }
  [[nodiscard]] GuestFrame frame() const { return GuestFrame{raw >> 32}; }
};
static_assert(offsetof(pv_grant_entry_v1, flags) == 0 && offsetof(pv_grant_entry_v1, domid) == 2 &&
              offsetof(pv_grant_entry_v1, frame) == 4);

const SharedPage& page_of(const GrantTableState& state, GrantRef ref) {
  return state.pages[ref.value() / GrantTable::kEntriesPerFrame];
}

std::size_t offset_of(GrantRef ref) {
  return (ref.value() % GrantTable::kEntriesPerFrame) * sizeof(pv_grant_entry_v1);
}

/// What the entry alone, and the uses there are already, say to one more use.
std::int16_t check(const GrantTableState& state, GrantRef ref, Entry entry, DomainId by, FrameAccess access) {
  if ((entry.flags() & PV_GTF_TYPE_MASK) != PV_GTF_PERMIT_ACCESS) return PV_GNTST_GENERAL_ERROR;
  if (entry.domain() != by) return PV_GNTST_GENERAL_ERROR;
  if (access == FrameAccess::ReadWrite && (entry.flags() & PV_GTF_READONLY)) return PV_GNTST_GENERAL_ERROR;
  if (!state.memory.shows_own(entry.frame())) return PV_GNTST_BAD_PAGE;
  // An owner may not change an entry that is in use; if it did, the frame in use stays what it was and others wait.
  const GrantTableState::Active& active = state.active[ref.value()];
  const bool same = active.frame == entry.frame() && active.by == by;
  return same || !active.is_used() ? PV_GNTST_OKAY : PV_GNTST_GENERAL_ERROR;
}

}  // namespace

GrantUse::GrantUse(std::shared_ptr<GrantTableState> state, GrantRef ref, GuestFrame frame, FrameAccess access)
    : state_(std::move(state)), ref_(ref), frame_(frame), access_(access) {}

GrantUse::GrantUse(GrantUse&& other) noexcept
    : state_(std::move(other.state_)), ref_(other.ref_), frame_(other.frame_), access_(other.access_) {}

GrantUse& GrantUse::operator=(GrantUse&& other) noexcept {
  if (this != &other) {
    release();
    state_ = std::move(other.state_);
    ref_ = other.ref_;
    frame_ = other.frame_;
    access_ = other.access_;
  }
  return *this;
}

GrantUse::~GrantUse() {
  release();
}

void GrantUse::release() {
  if (!state_) return;
  auto& counts = state_->active[ref_.value()];
  std::uint32_t& count = access_ == FrameAccess::ReadWrite ? counts.writers : counts.readers;
  PV_CHECK(count > 0);
  --count;
  // The last one out clears the bits. A locked instruction: the owner may be changing its own bits, and all that was
  // done to the page happens before the owner sees it free.
  std::uint32_t cleared = 0;
  if (counts.writers == 0) cleared |= PV_GTF_WRITING;
  if (!counts.is_used()) cleared |= PV_GTF_READING;
  if (cleared != 0) page_of(*state_, ref_).fetch_and<std::uint16_t>(offset_of(ref_), static_cast<std::uint16_t>(~cleared));

  std::uint32_t& held = state_->held[frame_.value()];
  PV_CHECK(held > 0 && state_->uses > 0);
  --held;
  --state_->uses;
  state_.reset();
}

SharedPage GrantUse::page() const {
  return *state_->memory.share(frame_);  // it was RAM when it was taken, and what is in use stays
}

std::optional<IoSpan> GrantUse::pin(std::uint32_t offset, std::uint32_t length) const {
  return state_->memory.pin(frame_, offset, length);
}

bool GrantUse::copy_in(std::uint32_t offset, std::span<std::byte> out) const {
  return state_->memory.copy_in(frame_, offset, out);
}

bool GrantUse::copy_out(std::uint32_t offset, std::span<const std::byte> in) const {
  return access_ == FrameAccess::ReadWrite && state_->memory.copy_out(frame_, offset, in);
}

GrantTable::GrantTable(DomainId, const GuestMemory& memory, GuestFrame first_frame)
    : state_(std::make_shared<GrantTableState>(memory)) {
  PV_CHECK(memory.exists(GuestFrame{first_frame.value() + kMaxFrames - 1}));
  for (std::uint32_t i = 0; i < kMaxFrames; ++i) state_->frames.emplace_back(first_frame.value() + i);
  PV_CHECK(setup(1) == PV_GNTST_OKAY);
}

GrantTable::~GrantTable() = default;

std::int16_t GrantTable::setup(std::uint32_t frames) {
  if (frames > kMaxFrames) return PV_GNTST_GENERAL_ERROR;
  while (state_->pages.size() < frames) {
    state_->pages.push_back(*state_->memory.share(frame(this->frames())));
    // Its owner could write to the frame before it was part of the table; none of that is a grant.
    state_->pages.back().write(0, std::array<std::byte, kPageSize>{});
  }
  state_->active.resize(state_->pages.size() * kEntriesPerFrame);
  return PV_GNTST_OKAY;
}

std::uint32_t GrantTable::frames() const {
  return static_cast<std::uint32_t>(state_->pages.size());
}

GuestFrame GrantTable::frame(std::uint32_t index) const {
  PV_CHECK(index < kMaxFrames);
  return state_->frames[index];
}

std::optional<GrantUse> GrantTable::use(GrantRef ref, DomainId by, FrameAccess access, std::int16_t& status) {
  if (ref.value() >= frames() * kEntriesPerFrame) {
    status = PV_GNTST_BAD_GNTREF;
    return std::nullopt;
  }
  const SharedPage& page = page_of(*state_, ref);
  const std::uint64_t taken = access == FrameAccess::ReadWrite ? PV_GTF_READING | PV_GTF_WRITING : PV_GTF_READING;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Entry entry{page.load<std::uint64_t>(offset_of(ref))};
    status = check(*state_, ref, entry, by, access);
    if (status != PV_GNTST_OKAY) return std::nullopt;
    // All 8 bytes are compared: if domain or frame changed since the load, the flags are not set either.
    if (!page.compare_exchange<std::uint64_t>(offset_of(ref), entry.raw, entry.raw | taken)) continue;
    auto& active = state_->active[ref.value()];
    active.frame = entry.frame();
    active.by = by;
    ++(access == FrameAccess::ReadWrite ? active.writers : active.readers);
    const std::uint64_t frame = entry.frame().value();
    if (frame >= state_->held.size()) state_->held.resize(frame + 1);
    ++state_->held[frame];
    ++state_->uses;
    return GrantUse(state_, ref, entry.frame(), access);
  }
  status = PV_GNTST_GENERAL_ERROR;
  return std::nullopt;
}

std::uint32_t GrantTable::uses() const {
  return state_->uses;
}

bool GrantTable::is_in_use(GuestFrame frame) const {
  return frame.value() < state_->held.size() && state_->held[frame.value()] != 0;
}

std::optional<GrantHandle> GrantMappings::add(Mapping mapping) {
  if (is_full()) return std::nullopt;
  while (mappings_.count(GrantHandle{next_}) != 0) ++next_;  // bounded: fewer are taken than there are numbers
  const GrantHandle handle{next_++};
  mappings_.emplace(handle, std::move(mapping));
  return handle;
}

const GrantMappings::Mapping* GrantMappings::find(GrantHandle handle) const {
  const auto found = mappings_.find(handle);
  return found == mappings_.end() ? nullptr : &found->second;
}

void GrantMappings::remove(GrantHandle handle) {
  mappings_.erase(handle);
}

}  // namespace pvisor
